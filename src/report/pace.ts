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
    if ((paused.get(installationId) ?? 0) > nowMs) return false
    const spent = spend(buckets.get(installationId) ?? { tokens: pace.burst, atMs: nowMs }, pace, nowMs)
    if ('bucket' in spent) {
      buckets.set(installationId, spent.bucket)
      return true
    }
    paused.set(installationId, spent.atMs)
    await store.pauseReports(installationId, spent.atMs)
    return false
  }
}

/** Writes that are free at a time; times are wall clock, milliseconds. */
interface Bucket {
  readonly tokens: number
  readonly atMs: number
}

function spend(
  bucket: Bucket,
  pace: Pace,
  nowMs: number,
): { readonly bucket: Bucket } | { readonly atMs: number } {
  const passedMs = Math.max(0, nowMs - bucket.atMs)
  const tokens = Math.min(pace.burst, bucket.tokens + (passedMs * pace.perHour) / HOUR_MS)
  if (tokens >= 1) return { bucket: { tokens: tokens - 1, atMs: nowMs } }
  return { atMs: nowMs + Math.ceil(((1 - tokens) * HOUR_MS) / pace.perHour) }
}
