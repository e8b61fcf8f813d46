import { describe, expect, test } from 'vitest'
import { type Conductor, conductorWords } from '../../src/model/conductor.ts'
import { deferringStage, EMPTY_JOURNAL, type EntryBody, withEntry } from '../../src/model/journal.ts'
import { parseJournal } from '../../src/model/readJournal.ts'

const FIRST: Conductor = { pid: 12, wrapper: 11, sinceMs: 1, nth: 1, recoveredBy: null, stands: 'live' }
const TAKEN = 'the service, the next holder of a name of it, or the janitor takes it over'

describe('who conducts a run', () => {
  test.each([
    [FIRST, false, 'process 12 of wrapper 11'],
    [{ ...FIRST, nth: 2 }, false, 'process 12 of wrapper 11, the 2. of the run: it tears down and concludes'],
    [
      { ...FIRST, nth: 3, recoveredBy: 'janitor\u001b[1m' },
      false,
      'process 12 of wrapper 11, the 3. of the run: it tears down and concludes for janitor',
    ],
    [
      { ...FIRST, stands: 'gone' },
      false,
      'whoever has its names: process 12 is gone, and the next one is on its way',
    ],
    [{ ...FIRST, stands: 'gone' }, true, `nobody: process 12 is gone; ${TAKEN}`],
    [
      { ...FIRST, stands: 'earlier_boot' },
      true,
      `nobody: process 12 ended with an earlier boot of the machine; ${TAKEN}`,
    ],
    [null, false, 'its wrapper, whose first process has not begun yet'],
    [null, true, `nobody: no process of it has begun; ${TAKEN}`],
  ] as const)('R-JAN-09 is said of %j, dead: %s', (conductor, dead, words) => {
    expect(conductorWords(conductor, dead)).toBe(words)
  })
})

const CONTAINMENT = { kind: 'sweep', run: 'r', stage: 'up' } as const
const STARTED = { event: 'process.started', pid: 1, startTime: '1', boot: 'b', wrapper: 2 } as const
const BEGUN = { event: 'stage.started', name: 'up', containment: CONTAINMENT, uninterruptible: true } as const
const ENDED = {
  event: 'stage.ended',
  name: 'up',
  outcome: 'success',
  exitCode: 0,
  detail: '',
  ending: null,
} as const

describe('the stage that a stop waits for', () => {
  test.each<readonly [string, readonly EntryBody[], string | null]>([
    ['one that may not be interrupted', [STARTED, BEGUN], 'up'],
    ['no other', [STARTED, { ...BEGUN, uninterruptible: false }], null],
    ['none that has ended', [STARTED, BEGUN, ENDED], null],
    ['none whose process has died', [STARTED, BEGUN, STARTED], null],
    ['none in teardown', [STARTED, BEGUN, { event: 'teardown.started', containment: CONTAINMENT }], null],
    ['none before the first', [STARTED], null],
  ])('R-RUN-13 is %s', (_, lines, stage) => {
    const journal = lines.reduce((all, body) => withEntry(all, { at: 1, mono: 1, ...body }), EMPTY_JOURNAL)
    expect(deferringStage(journal)).toBe(stage)
    const text = lines.map((body) => `${JSON.stringify({ at: 1, mono: 1, ...body })}\n`).join('')
    expect(deferringStage(parseJournal(text)), 'as it is read').toBe(stage)
  })

  test('R-RUN-13 is in no journal of an older berth', () => {
    const { uninterruptible: _, ...older } = BEGUN
    const lines = [STARTED, older].map((body) => `${JSON.stringify({ at: 1, mono: 1, ...body })}\n`)
    expect(deferringStage(parseJournal(lines.join('')))).toBeNull()
  })
})
