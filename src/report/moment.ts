const MINUTE_MS = 60_000

/**
 * A time for people, such as `2026-01-02 03:05 UTC`: to the whole minute, so that a text with an expected time stays as it is while
 * nothing but the clock moves.
 */
export function moment(ms: number): string {
  return `${iso(ms).slice(0, 10)} ${timeOfDay(ms)}`
}

/** The same without its day. */
export function timeOfDay(ms: number): string {
  return `${iso(ms).slice(11, 16)} UTC`
}

function iso(ms: number): string {
  return new Date(Math.floor(ms / MINUTE_MS) * MINUTE_MS).toISOString()
}
