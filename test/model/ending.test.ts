import { expect, test } from 'vitest'
import { type Ending, endingWords, isProved } from '../../src/model/ending.ts'

const CGROUP = { kind: 'cgroup', count: 1 } as const
const SWEEP = { kind: 'sweep', count: 1 } as const
const NOTHING: Ending = { asked: 0, killed: 0, graceMs: 10_000, tookMs: 3, proofs: [SWEEP], left: [] }

test.each<[Partial<Ending>, string]>([
  [{}, 'no process was left to end: no process with its mark in repeated looks at /proc'],
  [{ proofs: [CGROUP] }, 'no process was left to end: cgroup empty and removed'],
  [
    { asked: 1, proofs: [CGROUP], tookMs: 210 },
    '1 process was asked to end (TERM), none had to be killed; all gone after 210ms: cgroup empty and removed',
  ],
  [
    { asked: 7, killed: 2, tookMs: 10_120, proofs: [{ ...CGROUP, count: 3 }, SWEEP] },
    '7 processes were asked to end (TERM), 2 were still there after the grace of 10s and got KILL; all gone after 10.1s: 3 cgroups empty and removed, no process with its mark in repeated looks at /proc',
  ],
  [
    { asked: 1, killed: 1, graceMs: 500, tookMs: 999 },
    '1 process was asked to end (TERM), 1 was still there after the grace of 500ms and got KILL; all gone after 999ms: no process with its mark in repeated looks at /proc',
  ],
  [
    { killed: 3, tookMs: 20 },
    '3 processes were killed at once (KILL); all gone after 20ms: no process with its mark in repeated looks at /proc',
  ],
])('R-RUN-07 what was ended, and what shows it: %j', (change, words) => {
  const ending = { ...NOTHING, ...change }
  expect(endingWords(ending)).toBe(words)
  expect(isProved(ending)).toBe(true)
})

test.each<[Partial<Ending>, string]>([
  [{ proofs: [] }, 'no process was left to end; nothing shows that all are gone'],
  [
    { asked: 2, killed: 1, tookMs: 20_300, proofs: [], left: ['process 12 (found by its mark)'] },
    '2 processes were asked to end (TERM), 1 was still there after the grace of 10s and got KILL; not all gone after 20.3s: 1 left',
  ],
  [
    { asked: 2, tookMs: 20_300, left: ['a', 'b'] },
    '2 processes were asked to end (TERM), none had to be killed; not all gone after 20.3s: 2 left',
  ],
])('R-RUN-07 what is not shown is not claimed: %j', (change, words) => {
  const ending = { ...NOTHING, ...change }
  expect(endingWords(ending)).toBe(words)
  expect(isProved(ending)).toBe(false)
})
