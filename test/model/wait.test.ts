import { describe, expect, test } from 'vitest'
import type { RunRow } from '../../src/model/ports.ts'
import { mayHaveOthers, type OtherHolder, type QueueLook, waitsOf } from '../../src/model/wait.ts'
import { aRow } from '../store/samples.ts'

const NOW = 10_000
const STOP = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const

describe('what queued runs wait for', () => {
  test('R-REP-01 place, holder and start of each, by the order of the queue and what such runs took before', () => {
    const live = [
      aRow('r0', { names: ['a.test'], state: 'running', startedAtMs: 9_000, pr: 7, actor: 'hubot' }),
    ]
    const queued = [queuedRun('r1', ['a.test']), queuedRun('r2', ['a.test']), queuedRun('r3', ['b.test'])]
    const holder = { name: 'a.test', run: 'r0', pr: 7, by: 'hubot', sinceMs: 9_000 }
    expect(Object.fromEntries(waitsOf(aLook({ live, queued })))).toEqual({
      r1: { place: 1, holder, startsAtMs: 13_000 },
      r2: { place: 2, holder, startsAtMs: 17_000 },
      r3: { place: 1, holder: null, startsAtMs: null },
    })
  })

  test('R-REP-01 behind a red run that is kept for inspection no start is foreseen: nobody knows how long it is looked at', () => {
    const live = [
      aRow('r0', {
        names: ['a.test'],
        state: 'running',
        startedAtMs: 9_000,
        stage: 'kept',
        keepMs: 7_200_000,
      }),
    ]
    const queued = [queuedRun('r1', ['a.test'])]
    expect(waitsOf(aLook({ live, queued })).get('r1')).toMatchObject({
      holder: { run: 'r0' },
      startsAtMs: null,
    })
  })

  test('R-REP-01 of several names the last place counts, and the holder of the first that somebody has', () => {
    const live = [aRow('r0', { names: ['z.test'], state: 'starting', startedAtMs: 9_000 })]
    const queued = [
      queuedRun('r1', ['r:gpu']),
      queuedRun('r2', ['r:gpu']),
      queuedRun('r3', ['r:gpu', 'z.test']),
    ]
    expect(waitsOf(aLook({ live, queued })).get('r3')).toMatchObject({
      place: 3,
      holder: { run: 'r0', name: 'z.test' },
    })
  })

  test('R-REP-01 a run that is asked to stop has no place, and takes none', () => {
    const waits = waitsOf(
      aLook({ queued: [queuedRun('r1', ['a.test'], { stop: STOP }), queuedRun('r2', ['a.test'])] }),
    )
    expect([...waits.keys()]).toEqual(['r2'])
    expect(waits.get('r2')?.place).toBe(1)
  })

  test.each<[string, Partial<OtherHolder>, number | null]>([
    ['that somebody keeps until a time', { by: 'root', untilMs: 50_000 }, 50_000],
    ['that a run by hand has', { run: 'r9' }, null],
  ])('R-REP-01 a name %s is said to be theirs', (_, change, startsAtMs) => {
    const other = { name: 'a.test', run: null, pr: null, by: null, sinceMs: 1, untilMs: null, ...change }
    const { untilMs: _until, ...holder } = other
    const queued = [queuedRun('r1', ['a.test'], { waitsFor: 'a.test, which somebody else has' })]
    expect(waitsOf(aLook({ queued, others: [other] })).get('r1')).toEqual({ place: 1, holder, startsAtMs })
  })

  test('the records know their own runs better than the kernel', () => {
    const live = [aRow('r0', { names: ['a.test'], state: 'running', startedAtMs: 9_000, actor: 'hubot' })]
    const other = { name: 'a.test', run: 'r0', pr: null, by: null, sinceMs: 1, untilMs: null }
    const wait = waitsOf(aLook({ live, queued: [queuedRun('r1', ['a.test'])], others: [other] })).get('r1')
    expect(wait).toMatchObject({ holder: { by: 'hubot' }, startsAtMs: 13_000 })
  })

  test('R-REP-01 without any such run before, nothing is promised', () => {
    const look = aLook({
      queued: [queuedRun('r1', ['a.test']), queuedRun('r2', ['a.test'])],
      lasted: () => [],
    })
    expect(waitsOf(look).get('r2')).toEqual({ place: 2, holder: null, startsAtMs: null })
  })
})

test.each<[string, readonly RunRow[], readonly RunRow[], boolean]>([
  ['nothing is queued', [], [], false],
  [
    'a run has the name',
    [queuedRun('r1', ['a.test'])],
    [aRow('r0', { names: ['a.test'], state: 'running' })],
    false,
  ],
  ['no run has the name', [queuedRun('r1', ['a.test'])], [], true],
  [
    'one of two is at no run',
    [queuedRun('r1', ['a.test']), queuedRun('r2', ['b.test'])],
    [aRow('r0', { names: ['a.test'] })],
    true,
  ],
  ['only a run that is asked to stop is', [queuedRun('r1', ['a.test'], { stop: STOP })], [], false],
])('the kernel is asked only where it may know more: %s', (_, queued, live, asked) => {
  expect(mayHaveOthers({ queued, live })).toBe(asked)
})

function queuedRun(id: string, names: readonly string[], change: Partial<RunRow> = {}): RunRow {
  return aRow(id, { names, ...change })
}

function aLook(change: Partial<QueueLook>): QueueLook {
  return {
    queued: [],
    live: [],
    others: [],
    lasted: () => [4_000, 1, 4_000],
    slots: 4,
    nowMs: NOW,
    ...change,
  }
}
