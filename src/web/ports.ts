import type { Suspect } from '../lock/deadRuns.ts'
import type { NameLook } from '../lock/look.ts'
import type { Action, NewAction } from '../model/action.ts'
import type { Annotations } from '../model/annotations.ts'
import type { Conductor } from '../model/conductor.ts'
import type { Config } from '../model/config.ts'
import type { EventLog } from '../model/events.ts'
import type { RefusedReload } from '../model/inForce.ts'
import type { Entry, Journal } from '../model/journal.ts'
import type { Store } from '../model/ports.ts'
import type { Recipe } from '../model/recipe.ts'
import type { Waits } from '../queue/waits.ts'
import type { RunLook } from '../store/runLook.ts'
import type { Metrics } from './metrics.ts'

/** A piece of a log file. Positions are bytes of the file. */
export interface LogPart {
  /** Not yet made harmless. */
  readonly text: string
  /** Where the text begins, and where the next piece does; equal = there is nothing more for now. */
  readonly from: number
  readonly next: number
  readonly size: number
  /** Tells one file from another that has its name later. */
  readonly file: string
}

/** How much of a log one piece has at most: so many bytes from the place that was asked for, of those so many lines. */
export interface LogMost {
  readonly bytes?: number
  readonly lines?: number
}

/** Files that a run's stages have left: by name, a few; and what of them could not be looked at. */
export interface Artefacts {
  readonly files: readonly string[]
  readonly faults: readonly string[]
}

/** What the state folder says. Looking takes no lock; every id must be a run's id by its shape. */
export interface StateReads {
  readonly names: () => readonly NameLook[]
  /** Those of these runs, all under way by their records, that no process has any more. */
  readonly dead: (runs: readonly Suspect[]) => ReadonlySet<string>
  /** Null = the run has no folder: it is queued, was never started, or does not exist. */
  readonly runLook: (id: string) => RunLook | null
  /** Who has a run, or had it last; null = no process has written that it has it. */
  readonly conductor: (journal: Journal) => Conductor | null
  /** The journal line by line; empty where it cannot be read, which `runLook` names. */
  readonly journalEntries: (id: string) => readonly Entry[]
  /** What its stages said of files; null = there is no record of it. */
  readonly annotations: (id: string) => Annotations | null
  readonly artefacts: (id: string) => Artefacts
  /** Names of the run's logs, such as `01-check` and `teardown`, sorted. */
  readonly logNames: (id: string) => readonly string[]
  /**
   * One piece of a log, from a byte on; a negative one counts from the end and goes to the next beginning of a line.
   * @returns null = there is no such log
   */
  readonly readLog: (id: string, log: string, fromByte: number, most?: LogMost) => LogPart | null
  /** The PNG that a stage has had taken; null = there is none. */
  readonly screenshot: (id: string, stage: string) => Buffer | null
  /** The janitor's last sweeps, oldest first, as they were noted. */
  readonly lastSweeps: () => readonly unknown[]
}

/** The App's web flow (docs.github.com, generating a user access token for a GitHub App). */
export interface GitHubSignIn {
  /** Where a browser is sent. `challenge` = PKCE's, S256 (RFC 7636). */
  readonly addressOf: (ask: {
    readonly state: string
    readonly challenge: string
    readonly back: string
  }) => string
  /** Who has come back with this code. Their token is asked for this one answer, and not kept. @throws where GitHub does not say */
  readonly personOf: (came: {
    readonly code: string
    readonly verifier: string
    readonly back: string
  }) => Promise<{ readonly id: number; readonly login: string }>
  /** Could they run something in one of the repositories. */
  readonly isMember: (person: { readonly id: number; readonly login: string }) => Promise<boolean>
}

/** All that the pages, the API and the health checks are made of. */
export interface WebWorld extends StateReads {
  readonly store: Pick<
    Store,
    | 'run'
    | 'runs'
    | 'runPage'
    | 'pastStages'
    | 'queued'
    | 'useToken'
    | 'session'
    | 'addSession'
    | 'endSession'
    | 'action'
    | 'actions'
    | 'live'
    | 'broken'
    | 'failedReports'
    | 'usedUp'
    | 'crashLoops'
  >
  /** What is in force now. */
  readonly config: () => Pick<Config, 'slots' | 'limits' | 'switchedOff' | 'repositories' | 'web'>
  readonly recipes: () => readonly Recipe[]
  readonly waits: Pick<Waits, 'of' | 'all'>
  /** Has an action decided, and waits for that for a while. @throws whatever the records throw: then it is not stored */
  readonly act: (action: NewAction) => Promise<Action>
  /** Null = what is in force is what was read last. */
  readonly refused: () => RefusedReload | null
  /** Why the service cannot do its work now; none = it can. */
  readonly ready: () => Promise<readonly string[]>
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>
  /** Sign-in with GitHub; null = the App has no client secret here. */
  readonly gitHubSignIn: GitHubSignIn | null
  /** Where people reach the pages, without a slash at its end. */
  readonly publicUrl: string
  /** Wall clock, milliseconds. */
  readonly now: () => number
  readonly log: Pick<EventLog, 'error'>
}
