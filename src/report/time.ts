import { LONGEST_MS } from '../model/duration.ts'

/** The clocks that the outbox lives by. Times are wall clock, milliseconds. */
export interface Time {
  now(): number
  /** Goes on evenly, whatever is done to the clock; milliseconds from any moment of this process. */
  upMs(): number
  /** Resolves at that time, or when the signal is aborted, whichever is first; never rejects. */
  sleepUntil(atMs: number, signal: AbortSignal): Promise<void>
}

export const SYSTEM_TIME: Time = { now: Date.now, upMs: () => performance.now(), sleepUntil }

function sleepUntil(atMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) return Promise.resolve()
  const timer = setTimeout(end, Math.min(Math.max(atMs - Date.now(), 0), LONGEST_MS))
  signal.addEventListener('abort', end, { once: true })
  return promise

  function end(): void {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    resolve()
  }
}
