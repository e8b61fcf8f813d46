import type { Proof } from '../model/ending.ts'

/** What killing all that is in a containment came to. */
export interface Killed {
  /** Those that were seen when KILL was sent. */
  readonly killed: ReadonlySet<number>
  /** The kernel has shown that nothing is in it. */
  readonly isShown: boolean
  readonly proofs: readonly Proof[]
}

/** It was given up before the kernel said so. */
export const UNSHOWN = { isShown: false, proofs: [] } as const
