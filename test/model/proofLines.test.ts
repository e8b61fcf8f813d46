import { expect, test } from 'vitest'
import type { Ending } from '../../src/model/ending.ts'
import { EMPTY_JOURNAL, type Journal, type TeardownReport } from '../../src/model/journal.ts'
import { lockLine, proofLines, textOfLine } from '../../src/model/proofLines.ts'
import { ENDING } from './endings.ts'

const QUIET: Ending = { ...ENDING, asked: 0, killed: 0, tookMs: 4 }
const STUCK: Ending = { ...ENDING, proofs: [], left: ['process 12 (/x)'] }
const REPORT: TeardownReport = { verified: true, ended: 0, ending: QUIET, tookMs: 14, left: [] }
const STAGE = { startedAtMs: 1, endedAtMs: 2, outcome: 'cancelled', exitCode: null, detail: '' } as const

test.each<[string, Partial<Journal>, readonly string[]]>([
  ['a run that has ended nothing', {}, []],
  [
    'a cancel',
    {
      stages: [
        { ...STAGE, name: 'up', ending: null },
        { ...STAGE, name: 'deploy', ending: ENDING },
      ],
      teardown: REPORT,
    },
    [
      'Stage deploy: 7 processes were asked to end (TERM), 2 were still there after the grace of 10s and got KILL; all gone after 10.1s: cgroup empty and removed',
      'Teardown (14ms): no process was left to end: cgroup empty and removed; verified, nothing is left',
    ],
  ],
  [
    'a cancel that could not be verified, and what came of it later',
    {
      stages: [{ ...STAGE, name: 'deploy', ending: STUCK }],
      teardown: { ...REPORT, verified: false, ended: 7, ending: STUCK, left: ['a command', ...STUCK.left] },
      cleanings: [{ ...REPORT, at: 1, mono: 1 }],
    },
    [
      'Stage deploy: 7 processes were asked to end (TERM), 2 were still there after the grace of 10s and got KILL; not all gone after 10.1s: 1 left: process 12 (/x)',
      'Teardown (14ms): 7 processes were asked to end (TERM), 2 were still there after the grace of 10s and got KILL; not all gone after 10.1s: 1 left; not verified, 2 left: a command; process 12 (/x)',
      'Cleaned once more (14ms): no process was left to end: cgroup empty and removed; verified, nothing is left',
    ],
  ],
  [
    'the report of an older berth',
    { teardown: { ...REPORT, ended: 3, ending: null } },
    ['Teardown (14ms): 3 processes ended; verified, nothing is left'],
  ],
  [
    'a person’s word, which proves nothing',
    {
      cleanings: [
        { ...REPORT, ending: null, tookMs: 0, left: ['declared clean by hand: x'], at: 1, mono: 1 },
      ],
    },
    ['Cleaned once more (0s): not looked at: declared clean by hand: x'],
  ],
])('R-RUN-07 R-RUN-04 the proof of %s', (_, change, lines) => {
  expect(proofLines({ ...EMPTY_JOURNAL, ...change }).map(textOfLine)).toEqual(lines)
})

test.each([
  ['held', 'Locks: given up when the last process of the run ends: a.example; r:gpu'],
  ['marked', 'Locks: free, and marked as not cleaned: a.example; r:gpu'],
  ['released', 'Locks: released, no process of the run has them and no mark is left: a.example; r:gpu'],
] as const)('R-RUN-07 the locks of a run that is over: %s', (stand, text) => {
  expect(textOfLine(lockLine(['a.example', 'r:gpu'], stand))).toBe(text)
})
