import type { OutboxStore } from './ports.ts'

/** How fast one installation writes: `burst` at once, and no more than `perHour` in the long run. */
export interface Pace {
  readonly burst: number
  readonly perHour: number
}

/**
 * Below GitHub's limits for requests that create content: 80 a minute and 500 an hour, per installation
 * (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api, "secondary rate limits"). 40 + 450 in the first hour.
 */
export const GITHUB_PACE: Pace = { burst: 40, perHour: 450 }

const HOUR_MS = 3_600_000

/** Asks for one write of an installation now; false = it has to wait, and the store keeps all its reports back until then. */
export type Pacer = (installationId: number, nowMs: number) => Promise<boolean>

export function pacerOf(pace: Pace, store: Pick<OutboxStore, 'pauseReports'>): Pacer {
  const buckets = new Map<number, Bucket>()
  const paused = new Map<number, number>()

  return async (installationId, nowMs) => {
    const leftMs = (paused.get(installationId) ?? 0) - nowMs
    if (leftMs > 0 && leftMs <= waitForOne(pace)) return false
    const bucket = refilled(buckets.get(installationId) ?? { tokens: pace.burst, atMs: nowMs }, pace, nowMs)
    const isFree = bucket.tokens >= 1
    buckets.set(installationId, isFree ? { ...bucket, tokens: bucket.tokens - 1 } : bucket)
    if (isFree) return true
    const untilMs = nowMs + Math.ceil((1 - bucket.tokens) * waitForOne(pace))
    paused.set(installationId, untilMs)
    await store.pauseReports(installationId, untilMs)
    return false
  }
}

/** Writes that are free at a time; times are wall clock, milliseconds. */
interface Bucket {
  readonly tokens: number
  readonly atMs: number
}

/** A clock that was set back gives nothing, and takes nothing away: it counts from there. */
function refilled({ tokens, atMs }: Bucket, pace: Pace, nowMs: number): Bucket {
  const more = Math.max(0, nowMs - atMs) / waitForOne(pace)
  return { tokens: Math.min(pace.burst, tokens + more), atMs: nowMs }
}

/** Nothing waits longer for its write: a pause beyond that is from before the clock was set back. */
function waitForOne({ perHour }: Pace): number {
  return HOUR_MS / perHour
}
