import type { Aim } from '../model/aim.ts'
import type { Ending } from '../model/ending.ts'
import type { Containment, EntryBody, Journal, TeardownReport } from '../model/journal.ts'
import type { Stage } from '../model/recipe.ts'
import type { Outcome, RunRequest } from '../model/run.ts'
import type { Stop } from './stop.ts'

/** How a stage ended, before policy. */
export interface StageEnd {
  readonly outcome: Outcome
  readonly exitCode: number | null
  readonly detail: string
  /** What was ended of it, and what shows that; null = it has ended by itself. */
  readonly ending: Ending | null
  /** What of a stack it was about; none = of no stack. */
  readonly aim?: Aim
}

/** All that conducting a run needs; made by the run process's own entry, and by nobody else. */
export interface RunWorld {
  readonly request: RunRequest
  readonly record: RunRecord
  readonly stop: Stop
  readonly driver: Driver
  /** Puts the commit where the stages work. Throws when the thing asked for is not what is there. */
  readonly prepare: (signal: AbortSignal) => Promise<void>
  /** The first name whose lock is not ours any more (the file or folder was replaced), or null. */
  readonly lostLock: () => string | null
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
}

/** The run's journal; the caller of `append` may act on what it has announced when it returns. */
export interface RunRecord {
  readonly journal: Journal
  /** Throws when the line cannot be written: then its effect must not come. */
  readonly append: (body: EntryBody) => void
  /** For teardown: the effect comes even if its line cannot be written. */
  readonly note: (body: EntryBody) => void
}

/** What deploys: runs stages and takes down what they put up. */
export interface Driver {
  readonly containmentLevel: string
  /** Begins to load what `prepare` needs, while somebody waits for git. */
  readonly load?: () => void
  /**
   * Before the first effect on the run's name: it is free, or what is left there goes now. None = there is nothing to look for.
   * Throws where the run must not begin.
   */
  readonly prepare?: (signal: AbortSignal) => Promise<void>
  /** Makes the stage's containment; recorded before the stage starts. */
  readonly contain: (stage: string) => Containment
  /** Never throws for what the stage does; `signal` ends it. */
  readonly runStage: (stage: Stage, part: Containment, signal: AbortSignal) => Promise<StageEnd>
  /**
   * Idempotent; knows from the journal what may be left of earlier processes. Never sees the run's cancelled signal.
   * @param ownOnly the name's lock is lost, and somebody else may be there: take down only what carries this run's id
   */
  readonly tearDown: (journal: Journal, part: Containment, ownOnly: boolean) => Promise<TeardownReport>
}
