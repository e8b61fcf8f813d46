import type { Ending } from '../../src/model/ending.ts'

/** What ending a tree that is slow to obey came to. */
export const ENDING: Ending = {
  asked: 7,
  killed: 2,
  graceMs: 10_000,
  tookMs: 10_120,
  proofs: [{ kind: 'cgroup', count: 1 }],
  left: [],
}
