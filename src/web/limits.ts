import type { Config } from '../model/config.ts'
import type { Store } from '../model/ports.ts'
import { HOUR_MS, holdingAt, type RateLimits, type Uses, usesUntil } from '../model/rateLimits.ts'

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
  const nowMs = now()
  const usedUp = []
  for (const { kind, prefix, limit } of HOURLY) {
    const most = limits[limit]
    for (const { key, uses: all } of await store.usedUp(prefix, most, nowMs - HOUR_MS)) {
      const uses = usesUntil(all, nowMs)
      const who = key.slice(prefix.length)
      if (uses.length >= most)
        usedUp.push({ kind, who, limit, used: uses.length, most, freeAtMs: freeAt(uses, most) })
    }
  }
  const { crashesInARow, crashPauseMs } = limits
  const loops = await store.crashLoops(crashesInARow, nowMs - crashPauseMs)
  const crashLoops = holdingAt(loops, crashPauseMs, nowMs).map(({ repositoryId: _id, ...loop }) => loop)
  return { limits, usedUp, crashLoops }
}

function freeAt(uses: Uses, most: number): number {
  return (uses[most - 1] ?? 0) + HOUR_MS
}
