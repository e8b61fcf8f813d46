import type { Finding } from './finding.ts'

/** What retention knows and can do; made from folders and /proc alone. */
export interface RetentionWorld {
  readonly policy: { readonly days: number; readonly sizeBytes: number }
  readonly nowMs: () => number
  /** Is there time left in this sweep. */
  readonly mayGoOn: () => boolean
  /** Ids of the runs that have a folder, in the order in which they were asked for. */
  readonly runs: () => readonly string[]
  readonly askedAtMs: (id: string) => number
  readonly endedAtMs: (id: string) => number
  /** What the folder of a run that is over takes of the disk; 0 for one that is not, or where the sweep's time is over. */
  readonly bytesOf: (id: string, dryRun: boolean) => number
  /** The pid of a process that stands in the run's folder, or has a file of it open. */
  readonly readerOf: (id: string) => number | null
  /** Why the folder must stay, as far as a look without a lock can tell. */
  readonly whyKept: (id: string) => string | null
  /** Takes the folder out of sight under the run's lock; or why it must stay. */
  readonly setAside: (id: string) => string | null
  /** Runs whose folders were set aside, and stand there still. */
  readonly aside: () => readonly string[]
  /** Removes such a folder; false = it was not allowed to go on to the end. */
  readonly removeAside: (id: string) => boolean
  /** Removes mirrors that were not used for so long, and what killed clones have left. */
  readonly pruneMirrors: (unusedMs: number, dryRun: boolean) => Promise<readonly Finding[]>
}
