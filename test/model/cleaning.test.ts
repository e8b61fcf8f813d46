import { expect, test } from 'vitest'
import { cleaningDue } from '../../src/model/cleaning.ts'
import { EMPTY_JOURNAL, type Journal } from '../../src/model/journal.ts'

const MINUTE_MS = 60_000
const FAILED = { verified: false, ended: 0, ending: null, tookMs: 1, left: ['a process'], at: 0, mono: 0 }

function failedOnce(lastAtMs: number): Journal {
  return { ...EMPTY_JOURNAL, processes: 2, cleanings: [FAILED], lastAtMs }
}

test('R-JAN-08 a cleaning that failed is repeated a minute later', () => {
  expect(cleaningDue(failedOnce(1000), 1000 + MINUTE_MS - 1)).toEqual({
    kind: 'later',
    atMs: 1000 + MINUTE_MS,
  })
  expect(cleaningDue(failedOnce(1000), 1000 + MINUTE_MS)).toEqual({ kind: 'now' })
})

test('R-JAN-08 a clock that was set back does not put the next cleaning off', () => {
  expect(cleaningDue(failedOnce(1000 * MINUTE_MS), MINUTE_MS)).toEqual({ kind: 'now' })
})
