import type { CleaningDue } from '../model/cleaning.ts'
import type { EventLog } from '../model/events.ts'
import type { Journal, StopRequest } from '../model/journal.ts'
import type { Mechanism } from '../model/mechanisms.ts'
import type { Name } from '../model/names.ts'
import type { RunRow, Store } from '../model/ports.ts'
import type { Suppressed } from '../model/rateLimits.ts'
import type { NewReport } from '../model/report.ts'
import type { Verdict } from '../model/run.ts'
import type { Wait } from '../model/wait.ts'
import type { Waits } from './waits.ts'

/** A run of ours that was started: its wrapper's end is news. */
export interface Started {
  readonly ended: Promise<void>
}

/** What came of wanting a queued run's names. */
export type Turn =
  /** The names are ours, clean, and given up again by either of the two. */
  | { readonly kind: 'held'; readonly start: () => Promise<Started>; readonly giveBack: () => void }
  | { readonly kind: 'busy'; readonly name: Name; readonly run: string | null }
  | { readonly kind: 'dirty'; readonly run: string; readonly due: CleaningDue; readonly why: string }
  /** Something else is missing for now, such as GitHub's answer. */
  | { readonly kind: 'unready'; readonly why: string }
  /** It can never start. */
  | { readonly kind: 'impossible'; readonly why: string }

/** What a run's folder says. */
export interface FolderLook {
  /** False = nothing of the run has begun. */
  readonly exists: boolean
  /** Empty where it has no line yet, or cannot be read. */
  readonly journal: Journal
  readonly result: Verdict | null
}

export type Recovered =
  /** A live process has the run. */
  | { readonly kind: 'busy' }
  /** Nobody had it; it is torn down and concluded now, or nothing of it had begun. */
  | { readonly kind: 'clean' }
  /** Of a run, this one or another that has a name of its, resources are left. */
  | { readonly kind: 'dirty'; readonly run: string; readonly due: CleaningDue; readonly why: string }

/** The machine that runs go on: locks, folders, processes. */
export interface Machine {
  readonly takeTurn: (row: RunRow) => Promise<Turn>
  /** The run does not want its names any more. */
  readonly leaveTurn: (runId: string) => void
  /** Of a run that is watched the very same object as before where its folder says nothing new. */
  readonly look: (runId: string) => FolderLook
  readonly stop: (runId: string, stop: StopRequest) => void
  readonly recover: (row: RunRow) => Promise<Recovered>
  /** Those of these runs, all under way by their records, that no process has any more; takes no lock. */
  readonly dead: (rows: readonly RunRow[]) => ReadonlySet<string>
  /** Notes in the run's folder that the store knows its end: retention looks at that. Never throws; what cannot be noted now is with a later one. */
  readonly noteReported: (runId: string) => void
  /** Resolves when the processes that conducted the run have ended, or soon: then its locks are seen as they will stand. */
  readonly gone: (journal: Journal) => Promise<void>
  /** Calls back when the run's journal may have grown. */
  readonly watch: (runId: string, changed: () => void) => Disposable
  /** Calls back when a name may have become free. */
  readonly watchNames: (changed: () => void) => Disposable
}

export interface QueueWorld {
  readonly store: Pick<Store, 'version' | 'queueSince' | 'live' | 'change' | 'run' | 'lastCheck'>
  readonly machine: Machine
  /** Runs whose folders do not say that the store knows their end. */
  readonly unreported: () => readonly string[]
  readonly slots: () => number
  /** What the operator has switched off does nothing; asked at each pass. */
  readonly isOff: (mechanism: Mechanism) => boolean
  /** What queued runs wait for. */
  readonly waits: Waits
  /** The check run as it is to be shown; `row` as it is after the change. `wait` = what it waits for, as far as that is known. */
  readonly checkReport: (row: RunRow, journal: Journal, wait: Wait | null) => NewReport
  /** What fails again and again: nothing of it is started for a while. */
  readonly suppressed: () => Promise<readonly Suppressed[]>
  /** Something to send was stored. */
  readonly reportsChanged: () => void
  readonly now: () => number
  readonly log: EventLog
}
