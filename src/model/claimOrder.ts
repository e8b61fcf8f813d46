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
 * Who gets the next slot, of those whose names may be free: whose repository has the fewest runs under way; of one repository, whose pull request has;
 * then in claim order. A repository with nothing under way is passed by no second run of another one, however many that one has.
 * @param live runs under way, those that are about to start among them
 */
export function inFairOrder<T extends Ranked>(
  heads: readonly T[],
  live: readonly Pick<QueuedRun, 'repositoryId' | 'pr'>[],
): readonly T[] {
  const inRepositories = counted(live, repositoryOf)
  const inPullRequests = counted(live, pullRequestOf)
  const fairInside = levelled([...heads].sort(byClaim), inPullRequests, pullRequestOf)
  return levelled(fairInside, inRepositories, repositoryOf)
}

/** Whose group has less comes first; each one that is chosen counts for the next of its group. Stable: else as they stood. */
function levelled<T extends Ranked>(
  heads: readonly T[],
  under: ReadonlyMap<string, number>,
  groupOf: (run: Ranked['run']) => string,
): readonly T[] {
  const next = new Map(under)
  const placed = heads.map((head) => {
    const group = groupOf(head.run)
    const level = next.get(group) ?? 0
    next.set(group, level + 1)
    return { head, level }
  })
  return placed.sort((a, b) => a.level - b.level || byClaim(a.head, b.head)).map(({ head }) => head)
}

function counted<T>(all: readonly T[], groupOf: (one: T) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const one of all) counts.set(groupOf(one), (counts.get(groupOf(one)) ?? 0) + 1)
  return counts
}

function repositoryOf({ repositoryId }: Pick<QueuedRun, 'repositoryId'>): string {
  return repositoryId
}

function pullRequestOf({ repositoryId, pr }: Pick<QueuedRun, 'repositoryId' | 'pr'>): string {
  return `${repositoryId} ${pr}`
}
