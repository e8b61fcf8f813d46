/** Times of the uses within a limit's window, newest first; milliseconds. */
export type Uses = readonly number[]

/** What keeps people, and programs that people let loose, from using up what everybody needs; `docs/limits.md` has them all. */
export interface RateLimits {
  /** Commands of one person, in all repositories. */
  readonly perActorPerHour: number
  /** Runs of one pull request. */
  readonly perPullRequestPerHour: number
  /** Runs of one repository. */
  readonly perRepositoryPerHour: number
  /** How often one person may ask for the same at the same commit. */
  readonly repeatsPerTenMinutes: number
  /** So many faults of the harness one after the other suppress a recipe at a commit. */
  readonly crashesInARow: number
  /** For how long, counted from the last one. */
  readonly crashPauseMs: number
}

export const HOUR_MS = 60 * 60_000
/** Of `repeatsPerTenMinutes`. */
export const REPEAT_MS = 10 * 60_000

/** A recipe that has ended in faults of the harness, at one commit of one pull request, as often in a row as suppresses it. */
export interface CrashLoop {
  readonly repositoryId: string
  readonly repository: string
  readonly pr: number
  readonly recipe: string
  readonly sha: string
  readonly times: number
  /** When the last of them was concluded. */
  readonly lastAtMs: number
  /** Of the last of them; untrusted text. */
  readonly title: string
}

/** A crash loop for as long as nothing of it is started. */
export interface Suppressed extends CrashLoop {
  readonly untilMs: number
}

type OfLoop = Pick<CrashLoop, 'repositoryId' | 'pr' | 'recipe' | 'sha'>

export function isOfLoop(loop: CrashLoop, run: OfLoop): boolean {
  return loopKey(loop) === loopKey(run)
}

/**
 * Crash loops that hold now. One of a time that is still to come was written before the clock was set back: it would hold until that time
 * is there once more.
 */
export function holdingAt(
  loops: readonly CrashLoop[],
  pauseMs: number,
  nowMs: number,
): readonly Suppressed[] {
  return loops
    .filter(({ lastAtMs }) => lastAtMs <= nowMs)
    .map((loop) => Object.assign({ untilMs: loop.lastAtMs + pauseMs }, loop))
}

/** Uses up to now, by the same law. */
export function usesUntil(uses: Uses, nowMs: number): Uses {
  return uses.filter((atMs) => atMs <= nowMs)
}

/** The same for all runs that suffer from one crash loop, and for that. */
export function loopKey({ repositoryId, pr, recipe, sha }: OfLoop): string {
  return `${repositoryId} ${pr} ${recipe} ${sha}`
}

/** A limit and what is used of it. */
export interface LimitStand {
  readonly uses: Uses
  readonly most: number
  readonly windowMs: number
}

/** When `wanted` more fit in; 0 = now, null = never, since it is more than the limit. */
export function freeAgainAt({ uses, most, windowMs }: LimitStand, wanted: number): number | null {
  if (wanted > most) return null
  const lastInTheWay = uses[most - wanted]
  return lastInTheWay === undefined ? 0 : lastInTheWay + windowMs
}

/** For people and programs: whole seconds, rounded up, so that what is promised is so. */
export function timeText(ms: number): string {
  return new Date(Math.ceil(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}
