import type { Report } from '../model/report.ts'

/**
 * A run changes its state several times within moments (claimed, checked out, first stage; torn down, concluded), and writes are what GitHub
 * is short of: a state that something may follow at once waits so long for it. People do not see the difference.
 */
const REST_MS = 300

/** Which lanes have something to say that may soon be out of date. */
export interface Rests {
  /** When the report may go. At once: a run's first state, which somebody waits to see; its end, which nothing follows; what is no state. */
  until(lane: string, report: Report, nowMs: number): number
  /** Something of this lane goes now. */
  over(lane: string): void
}

/** A rest begins with the first state that is kept back, and none that replaces that one makes it longer. */
export function restingLanes(): Rests {
  const since = new Map<string, number>()
  return {
    until(lane, { kind, terminal, told, createdAtMs }, nowMs) {
      if (kind !== 'check' || terminal || !told) return nowMs
      const beganMs = Math.min(since.get(lane) ?? createdAtMs, nowMs)
      since.set(lane, beganMs)
      return beganMs + REST_MS
    },
    over: (lane) => void since.delete(lane),
  }
}
