import type { Annotations } from '../model/annotations.ts'
import type { LockStand } from '../model/proofLines.ts'
import type { Wait } from '../model/wait.ts'

/** What neither the row nor the journal knows. */
export interface CheckExtras {
  /** While queued: its place, who has what it waits for, and when it is expected to start; null = not known. */
  readonly wait: Wait | null
  /** When this is rendered, for times that still run; wall clock, milliseconds. */
  readonly nowMs: number | null
  /** When it is over: how its locks stand, as the kernel said when this was rendered; null = not looked at. */
  readonly locks: LockStand | null
  /** When it is over: what its stages said of files; null = there is no such record. */
  readonly annotations: Annotations | null
  /** The end of the run's log, masked. */
  readonly logTail: string
  /** The run's page; http or https. */
  readonly detailsUrl: string | null
}

export const NO_EXTRAS: CheckExtras = {
  wait: null,
  nowMs: null,
  locks: null,
  annotations: null,
  logTail: '',
  detailsUrl: null,
}
