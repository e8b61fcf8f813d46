import { expect, test } from 'vitest'
import { decideDelivery } from '../../src/intake/decide.ts'
import { readEvent } from '../../src/intake/event.ts'
import { outcomeOfNothing } from '../../src/intake/nothing.ts'
import type { IntakeWorld } from '../../src/intake/ports.ts'
import type { Fields } from '../../src/model/read.ts'
import { SYSTEM_TIME } from '../../src/report/time.ts'
import { allExamples, buttonOf, commentOf, pushOf } from './examples.ts'

function delivery(event: string, payload: Fields) {
  return { event, payload: JSON.stringify(payload) }
}

/** Knows no record, and nobody to ask. */
const NOBODY = {
  time: SYSTEM_TIME,
  store: unasked(),
  github: unasked(),
} as Partial<IntakeWorld> as IntakeWorld

function unasked<T extends object>(): T {
  return new Proxy({} as T, {
    get(_, key) {
      throw new Error(`${String(key)} was asked`)
    },
  })
}

const BODIES = [
  'Nice work.',
  '> !testme',
  'Say `!testme` to test it',
  'Ask with\n\n    !testme',
  '<!--\n!testme\n-->',
  '',
]

test('R-CMD-05 what is told to be nothing at the door is what the decision comes to, without a look at anything', async () => {
  const all = [
    ...allExamples(),
    ...BODIES.map((body) => ({ event: 'issue_comment', payload: commentOf(body) })),
    { event: 'issue_comment', payload: commentOf('!testme', { comment: { user: { type: 'Bot' } } }) },
  ].map(({ event, payload }) => delivery(event, payload))
  const nothing = all.filter((one) => outcomeOfNothing(one) !== null)
  expect(nothing.length).toBeGreaterThan(100)
  for (const one of nothing) {
    const head = { id: 'd1', receivedAtMs: 1, digest: '' }
    const { outcome, ...decided } = await decideDelivery(head, readEvent(one), NOBODY)
    expect(outcome).toBe(outcomeOfNothing(one))
    expect(Object.values(decided).filter(Array.isArray).flat()).toEqual([])
  }
})

test.each([
  ['a command', delivery('issue_comment', commentOf('!testme'))],
  ['a command further down', delivery('issue_comment', commentOf('Hello\r\n\r\n!testme cancel'))],
  ['a command behind a byte order mark', delivery('issue_comment', commentOf('\ufeff!testme'))],
  ['a slip of one', delivery('issue_comment', commentOf('!TestMe: hello'))],
  ['one with a character that nobody sees', delivery('issue_comment', commentOf('!test\u200bme'))],
  ['a push', delivery('pull_request', pushOf())],
  ['a button', delivery('check_run', buttonOf('r1', 'native'))],
  ['what cannot be read', { event: 'issue_comment', payload: '{' }],
  ['a payload without its fields', delivery('issue_comment', { action: 'created', installation: { id: 7 } })],
])('%s is to be decided', (_, one) => {
  expect(outcomeOfNothing(one)).toBeNull()
})
