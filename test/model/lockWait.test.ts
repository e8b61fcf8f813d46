import { expect, test } from 'vitest'
import { lockFreeAtMs } from '../../src/model/lockWait.ts'

type Times = Parameters<typeof lockFreeAtMs>[0]

/** Asked for at 100, left the queue at 500. */
const RUN: Times = { id: 'run', enqueuedAtMs: 100, startedAtMs: 500, concludedAtMs: 900 }

function other(startedAtMs: number | null, concludedAtMs: number | null): Times {
  return { id: 'other', enqueuedAtMs: 0, startedAtMs, concludedAtMs }
}

test.each<readonly [string, readonly Times[], number | null]>([
  ['nobody', [], null],
  ['only itself', [RUN], null],
  ['one that was over before it was asked for', [other(10, 90)], null],
  ['one that never started', [other(null, 400)], null],
  ['one that came after it', [other(501, 700)], null],
  ['one that was over while it stood there', [other(10, 300)], 300],
  ['several of them', [other(10, 300), other(300, 450), other(20, 80)], 450],
  ['one whose end the records knew later than the kernel', [other(10, 520)], 500],
  ['one that the records have as live', [other(10, null)], 500],
])('R-OBS-02 who had a name of a run while it was queued: %s', (_, others, expected) => {
  expect(lockFreeAtMs(RUN, others)).toBe(expected)
})

test('R-OBS-02 one that was cancelled while others had its names has waited for them to its end', () => {
  expect(lockFreeAtMs({ ...RUN, startedAtMs: null }, [other(10, 950)])).toBe(900)
})
