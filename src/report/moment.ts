const MINUTE_MS = 60_000

/** A time for people, to the minute: `2026-01-02 03:05 UTC`. */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 10)} ${timeOfDay(ms)}`
}

/** The same without its day, for where there is no room for it. */
export function timeOfDay(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 16)} UTC`
}

/**
 * What is expected is said to the next whole minute: such a text stays as it is while nothing but the clock moves, and says no time that is
 * over before it can be.
 */
export function nextMinute(ms: number): number {
  return Math.ceil(ms / MINUTE_MS) * MINUTE_MS
}
