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

/** Who has waited so long is passed by no priority any more. */
export function rankOf({ priority, enqueuedAtMs }: QueuedRun, nowMs: number): number {
  return nowMs - enqueuedAtMs >= PASSED_AT_MOST_MS ? OVERDUE : priority
}

/** The queue as it stands at that moment. */
export function inClaimOrder(queued: readonly QueuedRun[], nowMs: number): readonly QueuedRun[] {
  return queued
    .map((run) => ({ run, rank: rankOf(run, nowMs) }))
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
  /** By repository, then by pull request, in claim order; the last one is the next. */
  readonly #lanes: ReadonlyMap<string, ReadonlyMap<number, T[]>>

  constructor(heads: readonly T[]) {
    const inOrder = [...heads].sort((a, b) => byClaim(b, a))
    const lanes = [...Map.groupBy(inOrder, ({ run }) => run.repositoryId)].map(
      ([repository, all]) => [repository, Map.groupBy(all, ({ run }) => run.pr)] as const,
    )
    this.#lanes = new Map(lanes)
  }

  /** The next one, who is offered no more; null = there is none. @param under runs under way, those about to start among them */
  next(under: readonly Under[]): T | null {
    const inRepository = Map.groupBy(under, ({ repositoryId }) => repositoryId)
    const firsts = [...this.#lanes].flatMap(([repository, lanes]) => {
      const own = inRepository.get(repository) ?? []
      const first = firstOf(
        [...lanes].flatMap(([pr, lane]) => entryOf(lane, own.filter((one) => one.pr === pr).length)),
      )
      return first === null ? [] : [{ ...first, level: own.length }]
    })
    return firstOf(firsts)?.lane.pop() ?? null
  }
}

/** The first of several lanes, with what its repository or its pull request has under way. */
interface Entry<T> {
  readonly lane: T[]
  readonly first: T
  readonly level: number
}

function entryOf<T>(lane: T[], level: number): readonly Entry<T>[] {
  const first = lane.at(-1)
  return first === undefined ? [] : [{ lane, first, level }]
}

function firstOf<T extends Ranked>(entries: readonly Entry<T>[]): Entry<T> | null {
  let best: Entry<T> | null = null
  for (const entry of entries) {
    if (
      best === null ||
      entry.level < best.level ||
      (entry.level === best.level && byClaim(entry.first, best.first) < 0)
    )
      best = entry
  }
  return best
}
