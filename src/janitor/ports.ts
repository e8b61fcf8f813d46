import type { Name } from '../model/names.ts'
import type { Finding } from './finding.ts'
import type { EngineWorld } from './leftoversPorts.ts'
import type { RetentionWorld } from './retentionPorts.ts'

/** What a sweep knows and can do; made by world.ts from locks and folders alone, without database, service or memory. */
export interface JanitorWorld {
  /** Names that may have to be cleaned, each with the run that left it: from marks, open runs, and run folders without a verified end. */
  readonly dirtyNames: () => readonly DirtyName[]
  /** Gives runs that nothing points at any more their place among the open ones back; comes before the first cleaning. */
  readonly adoptForgotten: () => void
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
  /** Removes secrets of runs that are over, or gone. */
  readonly sweepSecrets: (dryRun: boolean) => readonly Finding[]
  /** Ends run processes that are past their run's ceiling, begun or not; the wrapper's restart then tears down. `left` = that cannot be told. */
  readonly enforceCeilings: (
    dryRun: boolean,
  ) => readonly { readonly run: string; readonly why: string; readonly left: boolean }[]
  /** Locks that somebody has had for longer than is due. Takes no lock, and none away. */
  readonly suspectedLeaks: (names: readonly Name[]) => readonly Leak[]
  /** Lets processes of ours that have such a lock, and that somebody has stopped, go on. Their pids. */
  readonly letGoOn: (leak: Leak, dryRun: boolean) => readonly number[]
  readonly engine: EngineWorld
  readonly retention: RetentionWorld
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

/** A lock that is held for longer than its run may take, or a person said. */
export interface Leak {
  readonly name: Name
  /** The run in the lock's mark; null = there is none. */
  readonly run: string | null
  /** Wall clock, milliseconds: it has been held since then at the latest. */
  readonly sinceMs: number
  /** By so much it is over its limit. */
  readonly overMs: number
  /** What the limit is. */
  readonly why: string
  readonly holders: readonly { readonly pid: number; readonly command: string }[]
}
