import type { LockStand } from '../model/proofLines.ts'

/** What neither the row nor the journal knows. */
export interface CheckExtras {
  /** While queued: the run's place, from 1. */
  readonly position: number | null
  /** While queued: who has what it waits for, for people. */
  readonly holder: string | null
  /** While queued: about how long it will wait, in milliseconds. */
  readonly estimateMs: number | null
  /** When this is rendered, for times that still run; wall clock, milliseconds. */
  readonly nowMs: number | null
  /** When it is over: how its locks stand, as the kernel said when this was rendered; null = not looked at. */
  readonly locks: LockStand | null
  /** The end of the run's log, masked. */
  readonly logTail: string
  /** The run's page; http or https. */
  readonly detailsUrl: string | null
}

export const NO_EXTRAS: CheckExtras = {
  position: null,
  holder: null,
  estimateMs: null,
  nowMs: null,
  locks: null,
  logTail: '',
  detailsUrl: null,
}
