import type { EngineLook, Leftover } from '../model/leftovers.ts'
import type { Name } from '../model/names.ts'
import type { Finding } from './finding.ts'

/** What a sweep knows of the engine and can do there; made from locks and the engine's own word. */
export interface EngineWorld {
  /**
   * What is there of this harness's; null = no engine is used here.
   * @throws EngineError when one that is used does not answer
   */
  readonly look: () => Promise<EngineLook | null>
  readonly mayTouch: (domain: Name) => boolean
  /** In words, the process that conducts the run, whichever state folder it has: the one here may have been replaced under it. Null = there is none. */
  readonly conductorOf: (run: string) => string | null
  /** Takes the lock, without a wait. @throws HarnessError LOCK_FILE */
  readonly lock: (domain: Name) => LockedName
  /** What `lock` would say now, as far as a look without a lock can tell. */
  readonly peek: (domain: Name) => Exclude<LockedName, { kind: 'held' }> | { readonly kind: 'free' }
  /** All of them in one sweep, in a bounded time; the caller has their locks. Never throws for what the engine says or does not say. */
  readonly takeDown: (leftovers: readonly Leftover[]) => Promise<ReadonlyMap<Name, TakenDown>>
  /** Removes what runs have pulled and is too much. @throws EngineError */
  readonly pruneImages: (dryRun: boolean) => Promise<readonly Finding[]>
}

export type LockedName =
  | { readonly kind: 'held'; readonly letGo: () => void }
  /** `by`: the run in its mark. */
  | { readonly kind: 'busy'; readonly by: string | null }
  /** A run that can be recovered from its folder was not cleaned. */
  | { readonly kind: 'dirty'; readonly run: string }

export interface TakenDown {
  /** How many objects there were. */
  readonly removed: number
  /** Named, with the engine's reason; none = the engine has shown that nothing is there. */
  readonly left: readonly string[]
}
