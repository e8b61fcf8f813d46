import type { Config } from '../model/config.ts'
import type { Store } from '../model/ports.ts'
import { HOUR_MS, type RateLimits, type Uses } from '../model/rateLimits.ts'

export interface LimitReads {
  readonly store: Pick<Store, 'usedUp' | 'crashLoops'>
  readonly config: () => Pick<Config, 'limits'>
  /** Wall clock, milliseconds. */
  readonly now: () => number
}

/** The limits that count by the hour: how the store's keys begin, and how the configuration calls them. */
export const HOURLY = [
  { kind: 'actor', prefix: 'actor:', limit: 'perActorPerHour' },
  { kind: 'pull_request', prefix: 'pr:', limit: 'perPullRequestPerHour' },
  { kind: 'repository', prefix: 'repository:', limit: 'perRepositoryPerHour' },
] as const satisfies readonly { readonly limit: keyof RateLimits; readonly [key: string]: string }[]

export type LimitsLook = Awaited<ReturnType<typeof limitsLook>>

/** Who may not go on just now, and from when on again. Times are wall clock, milliseconds. */
export async function limitsLook({ store, config, now }: LimitReads) {
  const { limits } = config()
  const sinceMs = now() - HOUR_MS
  const usedUp = []
  for (const { kind, prefix, limit } of HOURLY) {
    const most = limits[limit]
    for (const { key, uses } of await store.usedUp(prefix, most, sinceMs))
      usedUp.push({
        kind,
        who: key.slice(prefix.length),
        limit,
        used: uses.length,
        most,
        freeAtMs: freeAt(uses, most),
      })
  }
  const loops = await store.crashLoops(limits.crashesInARow, now() - limits.crashPauseMs)
  const crashLoops = loops.map(({ repository, pr, recipe, sha, times, lastAtMs, title }) => {
    return { repository, pr, recipe, sha, times, title, lastAtMs, untilMs: lastAtMs + limits.crashPauseMs }
  })
  return { limits, usedUp, crashLoops }
}

function freeAt(uses: Uses, most: number): number {
  return (uses[most - 1] ?? 0) + HOUR_MS
}
