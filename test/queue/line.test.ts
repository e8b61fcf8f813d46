import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inClaimOrder, PASSED_AT_MOST_MS } from '../../src/model/claimOrder.ts'
import type { QueuedRun } from '../../src/model/queued.ts'
import type { Suppressed } from '../../src/model/rateLimits.ts'
import { Line, type Standing } from '../../src/queue/line.ts'

const STOP = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const

function aQueued(id: string, fields: Partial<QueuedRun> = {}): QueuedRun {
  const place = { priority: 0, enqueuedAtMs: Number(id), names: ['a.test'] }
  const what = { repositoryId: '42', pr: 12, recipe: 'hello', sha: 'c0ffee' }
  return { id, ...place, ...what, stop: null, waitsFor: null, ...fields }
}

function aLoop(recipe: string, untilMs = 9): Suppressed {
  const what = { repositoryId: '42', repository: 'acme/site', pr: 12, recipe, sha: 'c0ffee' }
  return { ...what, times: 3, lastAtMs: 1, title: 'boom', untilMs }
}

/** The same told from the whole queue at once. */
function standingsOf(queue: readonly QueuedRun[], loops: readonly Suppressed[]): Record<string, Standing> {
  const last = new Map<string, string>()
  const standings: Record<string, Standing> = {}
  const inOrder = [...queue].sort(
    (a, b) => b.priority - a.priority || a.enqueuedAtMs - b.enqueuedAtMs || (a.id < b.id ? -1 : 1),
  )
  for (const run of inOrder) {
    const loop = loops.find(({ recipe }) => recipe === run.recipe)
    const name = run.names.find((one) => last.has(one))
    if (run.stop !== null) standings[run.id] = { kind: 'stopped', stop: run.stop }
    else if (loop !== undefined) standings[run.id] = { kind: 'suppressed', loop }
    else {
      standings[run.id] =
        name === undefined ? { kind: 'head' } : { kind: 'behind', ahead: last.get(name) ?? '', name }
      for (const one of run.names) last.set(one, run.id)
    }
  }
  return standings
}

const runs = fc.record({
  id: fc.integer({ min: 1, max: 12 }).map(String),
  priority: fc.constantFrom(0, 0, 5),
  enqueuedAtMs: fc.integer({ min: 0, max: 3 }),
  names: fc.subarray(['a.test', 'b.test', 'r:gpu'], { minLength: 1 }),
  recipe: fc.constantFrom('hello', 'red'),
  stop: fc.constantFrom(null, null, null, STOP),
})

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ queued: fc.array(runs, { maxLength: 4 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        left: fc.array(
          runs.map(({ id }) => id),
          { maxLength: 3 },
        ),
      }),
    },
    { weight: 1, arbitrary: fc.record({ suppressed: fc.subarray(['hello', 'red']) }) },
  ),
  { maxLength: 30 },
)

describe('who stands where', () => {
  test('R-QUE-05 whatever comes and goes, in whatever order, it is as if the whole queue was read anew, and whose standing has changed is touched', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const line = new Line()
        const queue = new Map<string, QueuedRun>()
        let loops: readonly Suppressed[] = []
        let before: Record<string, Standing> = {}
        for (const step of all) {
          if ('suppressed' in step) {
            loops = step.suppressed.map((recipe) => aLoop(recipe))
            line.suppress(loops)
          } else {
            const queued = ('queued' in step ? step.queued : [])
              .filter(({ id }, index, list) => list.findIndex((one) => one.id === id) === index)
              // What a run is does not change while it waits.
              .map((run) => aQueued(run.id, { ...run, ...kept(queue.get(run.id)) }))
            const left = 'left' in step ? step.left : []
            for (const id of left) queue.delete(id)
            for (const run of queued) queue.set(run.id, run)
            line.apply({ queued, left })
          }
          const now = standingsOf([...queue.values()], loops)
          expect(Object.fromEntries([...queue.keys()].map((id) => [id, line.standingOf(id)]))).toEqual(now)
          const heads = Object.keys(now).filter((id) => now[id]?.kind === 'head')
          expect(new Set(line.heads().map(({ run }) => run.id))).toEqual(new Set(heads))
          const touched = new Set(line.takeTouched())
          const changed = Object.keys(now).filter(
            (id) => JSON.stringify(now[id]) !== JSON.stringify(before[id]),
          )
          expect(changed.filter((id) => !touched.has(id))).toEqual([])
          before = now
        }
      }),
      { numRuns: 400 },
    )
  })

  test('one that comes or goes touches its neighbours, and not those behind them', () => {
    const line = new Line()
    line.apply({ queued: Array.from({ length: 1000 }, (_, index) => aQueued(String(index + 1))), left: [] })
    expect(line.takeTouched()).toHaveLength(1000)
    line.apply({ queued: [], left: ['500'] })
    expect(line.takeTouched()).toEqual(['501'])
    line.apply({ queued: [aQueued('1500')], left: ['1'] })
    expect(line.takeTouched().toSorted()).toEqual(['1500', '2'])
  })

  test('R-QUE-05 a run that priorities have passed for an hour is passed by nobody more', () => {
    const line = new Line()
    line.apply({ queued: [aQueued('1', { enqueuedAtMs: 1_000 })], left: [] })
    for (let minute = 0; minute < 70; minute += 1) {
      const nowMs = minute * 60_000
      line.apply({ queued: [aQueued(String(minute + 2), { priority: 5, enqueuedAtMs: nowMs })], left: [] })
      line.promote(nowMs)
      const isOverdue = nowMs >= 1_000 + PASSED_AT_MOST_MS
      expect(line.standingOf('1')?.kind, `after ${minute} minutes`).toBe(isOverdue ? 'head' : 'behind')
      line.apply({ queued: [], left: [String(minute + 2)] })
      expect(line.standingOf('1')?.kind).toBe('head')
    }
  })

  test('R-QUE-05 a run that was queued while the clock ran ahead stands before those who come when that is set back', () => {
    const line = new Line()
    const aheadMs = 400 * PASSED_AT_MOST_MS
    line.promote(aheadMs)
    line.apply({ queued: [aQueued('1', { enqueuedAtMs: aheadMs })], left: [] })
    line.promote(aheadMs)
    for (let minute = 0; minute < 3; minute += 1) {
      const nowMs = minute * 60_000
      line.apply({ queued: [aQueued(String(minute + 2), { priority: 5, enqueuedAtMs: nowMs })], left: [] })
      line.promote(nowMs)
      expect(line.standingOf('1')?.kind, `after ${minute} minutes`).toBe('head')
    }
    expect(
      inClaimOrder([aQueued('2'), aQueued('1', { enqueuedAtMs: aheadMs })], 0).map(({ id }) => id),
    ).toEqual(['1', '2'])
  })
})

function kept(run: QueuedRun | undefined) {
  if (run === undefined) return {}
  const { priority, enqueuedAtMs, names, recipe } = run
  return { priority, enqueuedAtMs, names, recipe }
}
