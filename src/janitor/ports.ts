import type { Name } from '../model/names.ts'

/** What a sweep knows and can do; made by world.ts from locks and folders alone, without database, service or memory. */
export interface JanitorWorld {
  /** Names that may have to be cleaned, each with the run that left it: from marks, open runs, and run folders without a verified end. */
  readonly dirtyNames: () => readonly DirtyName[]
  /** Names with a lock file. */
  readonly lockedNames: () => readonly Name[]
  readonly mayTouch: (name: Name) => boolean
  /** Takes the name, recovers what was left there, and gives the name up again. */
  readonly clean: (name: Name) => Promise<Cleaned>
  /** Removes the lock file if it is idle: under its lock, clean, with no live ticket. */
  readonly removeIdle: (name: Name) => boolean
  /** What `removeIdle` would do now, as far as a look without a lock can tell. */
  readonly looksIdle: (name: Name) => boolean
  /** Is the name locked now, as far as a look without a lock can tell. */
  readonly looksHeld: (name: Name) => boolean
  /** Removes the tickets of dead waiters, and folders that hold none any more. */
  readonly sweepTickets: () => void
  /** Ends run processes that are past their run's ceiling; the wrapper's restart then tears down. `left` = that cannot be told. */
  readonly enforceCeilings: (
    dryRun: boolean,
  ) => readonly { readonly run: string; readonly why: string; readonly left: boolean }[]
}

export interface DirtyName {
  readonly name: Name
  readonly run: string
  readonly why: string
}

export type Cleaned =
  | { readonly kind: 'cleaned'; readonly runs: readonly string[] }
  | { readonly kind: 'busy'; readonly by: string | null }
  | { readonly kind: 'dirty'; readonly run: string; readonly why: string }
