import type { RunRow } from './ports.ts'

type Times = Pick<RunRow, 'id' | 'enqueuedAtMs' | 'startedAtMs' | 'concludedAtMs'>

/**
 * When the names of a run that has left the queue had been given up by the runs that had them while it stood there; wall clock, milliseconds.
 * Null = no run of the records had any of them: whoever has a name without a record (`berth run`, a hold) is not seen.
 * @param others runs that wanted one of its names
 */
export function lockFreeAtMs(run: Times, others: readonly Times[]): number | null {
  const leftAtMs = run.startedAtMs ?? run.concludedAtMs ?? Number.POSITIVE_INFINITY
  const before = others.filter(
    ({ id, startedAtMs }) => id !== run.id && startedAtMs !== null && startedAtMs <= leftAtMs,
  )
  // A lock is free before the records say that its run is over.
  const freeAtMs = before.map(({ concludedAtMs }) => Math.min(concludedAtMs ?? leftAtMs, leftAtMs))
  const inTheWay = freeAtMs.filter((atMs) => atMs > run.enqueuedAtMs)
  return inTheWay.length === 0 ? null : Math.max(...inTheWay)
}
