import { setTimeout as pause } from 'node:timers/promises'

const MOST_MS = 120_000
const BETWEEN_MS = 20

/** What measures is asked to stop by this signal: every wait and every round looks at it. */
export interface Measuring {
  readonly signal: AbortSignal
  /** For the person at the screen. */
  readonly say: (line: string) => void
}

/**
 * Looks until the look gives something.
 * @throws Error naming what did not come, or the signal's reason
 */
export async function until<T>(
  what: string,
  look: () => T | null | false | Promise<T | null | false>,
  signal: AbortSignal,
  mostMs = MOST_MS,
): Promise<T> {
  const end = nowMs() + mostMs
  for (;;) {
    signal.throwIfAborted()
    const seen = await look()
    if (seen !== null && seen !== false) return seen
    if (nowMs() > end) throw new Error(`waited ${mostMs / 1000} s for ${what}`)
    await pause(BETWEEN_MS)
  }
}

/** CLOCK_MONOTONIC in milliseconds, the clock that journals are written by, with all its digits. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
