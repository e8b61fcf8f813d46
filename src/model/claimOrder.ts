import type { QueuedRun } from './queued.ts'

/** A run that has waited so long is passed by no priority any more; milliseconds. */
export const PASSED_AT_MOST_MS = 60 * 60_000

/** Above every priority that can be configured. */
export const OVERDUE = Number.POSITIVE_INFINITY

/** A queued run with the priority that counts now: its own, or `OVERDUE`. */
export interface Ranked {
  readonly run: Pick<QueuedRun, 'id' | 'enqueuedAtMs' | 'repositoryId' | 'pr'>
  readonly rank: number
}

/** The order in which runs claim their names: total, so that two who sort agree. */
export function byClaim(a: Ranked, b: Ranked): number {
  // Infinity less itself is no number.
  if (a.rank !== b.rank) return a.rank > b.rank ? -1 : 1
  return a.run.enqueuedAtMs - b.run.enqueuedAtMs || compare(a.run.id, b.run.id)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/**
 * Who has waited so long is passed by no priority any more. Nor is one that was queued so much later than now: the clock was set back since, and whoever
 * comes would be older than it until that time is there once more.
 */
export function isOverdue({ enqueuedAtMs }: Pick<QueuedRun, 'enqueuedAtMs'>, nowMs: number): boolean {
  return Math.abs(nowMs - enqueuedAtMs) >= PASSED_AT_MOST_MS
}

/** The queue as it stands at that moment. */
export function inClaimOrder(queued: readonly QueuedRun[], nowMs: number): readonly QueuedRun[] {
  return queued
    .map((run) => ({ run, rank: isOverdue(run, nowMs) ? OVERDUE : run.priority }))
    .sort(byClaim)
    .map(({ run }) => run)
}

/** Whose runs are under way, for who is to come next. */
export type Under = Pick<QueuedRun, 'repositoryId' | 'pr'>

/**
 * Who gets the next slot, of those whose names may be free: whose repository has the fewest runs under way; of one repository, whose pull request has;
 * then in claim order. A repository with nothing under way is passed by no second run of another one, however many that one has.
 */
export class FairTurns<T extends Ranked> {
  readonly #heads: T[]

  constructor(heads: readonly T[]) {
    this.#heads = [...heads]
  }

  /** The next one, who is offered no more; null = there is none. @param under runs under way, those about to start among them */
  next(under: readonly Under[]): T | null {
    const levels = new Levels(under)
    const first = firstOf([...firstOfEach(this.#heads, levels).values()], (run) => levels.ofRepository(run))
    if (first === null) return null
    const at = this.#heads.indexOf(first)
    const last = this.#heads.pop()
    if (last !== undefined && last !== first) this.#heads[at] = last
    return first
  }
}

/** How many runs are under way. */
class Levels {
  readonly #repositories = new Map<string, Map<number, number>>()

  constructor(under: readonly Under[]) {
    for (const { repositoryId, pr } of under) {
      const pullRequests = this.#repositories.get(repositoryId) ?? new Map<number, number>()
      this.#repositories.set(repositoryId, pullRequests.set(pr, (pullRequests.get(pr) ?? 0) + 1))
    }
  }

  ofRepository({ repositoryId }: Under): number {
    const pullRequests = this.#repositories.get(repositoryId)?.values() ?? []
    return [...pullRequests].reduce((sum, count) => sum + count, 0)
  }

  ofPullRequest({ repositoryId, pr }: Under): number {
    return this.#repositories.get(repositoryId)?.get(pr) ?? 0
  }
}

/** The one that each repository sends: nothing is sorted, since one or a few of many are wanted. */
function firstOfEach<T extends Ranked>(heads: readonly T[], levels: Levels): ReadonlyMap<string, T> {
  const firsts = new Map<string, T>()
  for (const head of heads) {
    const other = firsts.get(head.run.repositoryId)
    if (other === undefined || isFirst(head, other, (run) => levels.ofPullRequest(run)))
      firsts.set(head.run.repositoryId, head)
  }
  return firsts
}

function firstOf<T extends Ranked>(all: readonly T[], levelOf: (run: Under) => number): T | null {
  let first: T | null = null
  for (const one of all) if (first === null || isFirst(one, first, levelOf)) first = one
  return first
}

function isFirst(a: Ranked, b: Ranked, levelOf: (run: Under) => number): boolean {
  const level = levelOf(a.run) - levelOf(b.run)
  return level < 0 || (level === 0 && byClaim(a, b) < 0)
}
