import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import type { EntryBody } from '../../src/model/journal.ts'
import { identityOf } from '../../src/process/procfs.ts'
import { readStop } from '../../src/store/runFolder.ts'
import { PASSED } from '../store/samples.ts'
import { aScene, GREEN, NAME, RUN, STARTED, TORN_DOWN, textOf } from './reaperScene.ts'

const GRACE_MS = 10_000

test('R-JAN-08 a result that is there is left to the follower for its grace, and past it concluded by the reaper, a living wrapper or not, once', async () => {
  const scene = await aScene()
  scene.ended(GREEN)
  scene.reaper.guard(RUN, new Promise(() => undefined))
  for (const nowMs of [0, 1, GRACE_MS - 1]) {
    await scene.reapAt(nowMs)
    expect(await scene.row()).toMatchObject({ state: 'running' })
  }
  await scene.reapAt(GRACE_MS)
  expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED })
  expect(scene.notes).toEqual([
    { run: RUN, how: 'late', by: 'service', from: expect.objectContaining({ pid: 4242 }) },
  ])
  await scene.reapAt(3 * GRACE_MS)
  expect(scene.notes).toHaveLength(1)
  expect(await scene.reports()).toBe(2)
})

test('R-JAN-08 R-QUE-04 the follower and the reaper that conclude one run at one moment tell one end', async () => {
  const scene = await aScene()
  scene.ended(GREEN)
  await scene.reapAt(0)
  scene.now.ms = GRACE_MS
  await Promise.all([scene.follower.pass(), scene.reaper.pass(), scene.follower.pass()])
  await scene.settled()
  expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED })
  expect(await scene.reports()).toBe(2)
  expect(scene.faults).toEqual([])
})

test('R-JAN-08 the grace is not over when the clock is, and begins anew where that is set back', async () => {
  const scene = await aScene()
  scene.ended(GREEN)
  for (const nowMs of [1_000_000, 0, GRACE_MS - 1]) await scene.reapAt(nowMs)
  expect(await scene.row()).toMatchObject({ state: 'running' })
  await scene.reapAt(GRACE_MS)
  expect(await scene.row()).toMatchObject({ state: 'concluded' })
})

test('R-JAN-09 R-RUN-11 of an owner of an earlier boot the locks are taken, and the take-over is told, when the first pass resolves; then its run is torn down and concluded', async () => {
  const scene = await aScene()
  const run = scene.died([STARTED])
  await scene.reaper.pass()
  expect(tryAcquire(scene.state, [NAME]).kind, 'nobody else can have it').toBe('busy')
  expect(readStop(run)).toMatchObject({ reason: 'abandoned', by: 'service' })
  expect(scene.notes).toEqual([
    { run: RUN, how: 'recovered', by: 'service', from: expect.objectContaining({ boot: 'an earlier one' }) },
  ])
  await scene.settled()
  await scene.follower.pass()
  expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: { reason: 'harness_fault' } })
  const held = tryAcquire(scene.state, [NAME])
  expect(held.kind).toBe('held')
  if (held.kind === 'held') letGo(held)
})

test('R-JAN-09 a live owner makes us defer: whoever has the name has the run', async () => {
  const scene = await aScene()
  scene.died([{ ...STARTED, ...identityOf(process.pid) }])
  const held = tryAcquire(scene.state, [NAME])
  onTestFinished(() => (held.kind === 'held' ? letGo(held) : undefined))
  for (let pass = 0; pass < 3; pass += 1) await scene.reapAt(pass * GRACE_MS)
  expect(scene.notes).toEqual([])
  expect(await scene.row()).toMatchObject({ state: 'running', stop: null })
})

test('R-JAN-08 R-RUN-14 of a run whose processes died after their verified teardown only the result is made up for, and nothing torn down again', async () => {
  const scene = await aScene()
  const run = scene.died([STARTED, TORN_DOWN])
  await scene.reapAt(0)
  expect(scene.notes).toMatchObject([{ how: 'concluded', from: { pid: 4242 } }])
  await scene.follower.pass()
  expect(await scene.row()).toMatchObject({ state: 'concluded' })
  expect(readStop(run)).toBeNull()
})

test('R-JAN-08 R-RUN-16 a result that cannot be read keeps nobody: the run ends as its journal says', async () => {
  const scene = await aScene()
  const run = scene.died(GREEN)
  writeFileSync(run.result, 'no JSON')
  await scene.reapAt(0)
  expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED })
  expect(scene.notes).toMatchObject([{ how: 'concluded' }])
})

for (const state of ['starting', 'running'] as const)
  test(`R-JAN-08 R-RUN-16 a run that is ${state} by its record, and whose folder is gone, is given up with its cause`, async () => {
    const scene = await aScene(state)
    rmSync(scene.died([STARTED]).folder, { recursive: true })
    await scene.reapAt(0)
    expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: { reason: 'not_cleaned' } })
    expect(scene.notes).toMatchObject([{ how: 'given_up', from: null }])
  })

test('R-JAN-08 R-RUN-09 a run that was to be started, and of which there is neither folder nor mark, is started anew', async () => {
  const scene = await aScene('starting')
  await scene.reapAt(0)
  expect(await scene.row()).toMatchObject({ state: 'queued' })
})

test('R-JAN-08 R-QUE-04 nor does the mark of another run keep it from that: it waits for that one as everybody does', async () => {
  const scene = await aScene('starting')
  scene.marked('01m7xj306c77rt38')
  await scene.reapAt(0)
  expect(await scene.row()).toMatchObject({ state: 'queued' })
})

test('R-QUE-02 R-QUE-15 a run whose every start has ended the service is given up after the third, with its cause', async () => {
  const scene = await aScene('starting')
  for (const start of [1, 2]) {
    await scene.reapAt(start)
    expect(await scene.row(), `after start ${start}`).toMatchObject({ state: 'queued', attempts: start })
    await scene.store.change(RUN, 'queued', { state: 'starting', startedAtMs: start }, [])
  }
  await scene.reapAt(3)
  expect(await scene.row()).toMatchObject({
    state: 'concluded',
    verdict: {
      reason: 'not_started',
      title: 'harness: not started: the service ended 3 times while it was starting this run',
    },
  })
})

test('R-JAN-08 R-RUN-16 a run that was under way, and of which nothing is left, is given up and never begun again', async () => {
  const scene = await aScene()
  await scene.reapAt(0)
  expect(await scene.row()).toMatchObject({
    state: 'concluded',
    verdict: { reason: 'not_cleaned', title: 'harness: not_cleaned: its folder is gone' },
  })
  expect(scene.faults).toEqual([])
})

test('R-JAN-08 R-LCK-11 a run whose cleaning has failed and is to be repeated is not given up meanwhile', async () => {
  const scene = await aScene()
  const report = { verified: false, ended: 0, ending: null, tookMs: 1, left: ['a process'] }
  const run = scene.died([])
  const failed = [{ event: 'teardown.ended', report }, STARTED, { event: 'cleaned', report }] as const
  writeFileSync(run.journal, textOf([STARTED, ...failed], Date.now()))
  await scene.reapAt(0)
  expect(await scene.row()).toMatchObject({ state: 'running' })
  expect(scene.notes).toEqual([])
})

test('R-JAN-08 a run that this service started is left to its wrapper as long as that lives, and recovered from then on', async () => {
  const scene = await aScene()
  scene.died([STARTED])
  const wrapper = Promise.withResolvers<void>()
  scene.reaper.guard(RUN, wrapper.promise)
  await scene.reapAt(0)
  expect(scene.notes).toEqual([])
  wrapper.resolve()
  await scene.settled()
  await scene.reapAt(1)
  expect(scene.notes).toMatchObject([{ how: 'recovered', by: 'service' }])
})

test('R-Q-05 R-REP-01 while recovering is switched off a dead run is left as it is, and its check says so, once; then it is recovered', async () => {
  const scene = await aScene()
  const run = scene.died([STARTED])
  scene.off.add('reap')
  for (let pass = 0; pass < 3; pass += 1) await scene.reapAt(pass)
  expect(await scene.title()).toMatch(/^Waits for somebody to recover it: its processes are gone/)
  expect(await scene.reports()).toBe(2)
  expect([scene.notes, readStop(run)]).toEqual([[], null])
  scene.off.delete('reap')
  await scene.reapAt(3)
  expect(scene.notes).toMatchObject([{ how: 'recovered' }])
})

test('R-JAN-08 R-RUN-22 a stop that cannot be passed on any more keeps no run from its end', async () => {
  const scene = await aScene()
  scene.ended(GREEN)
  await scene.store.requestStop(RUN, { reason: 'cancelled', by: 'octocat', atMs: 1 })
  scene.broken.stop = true
  await scene.follower.pass()
  expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED })
})

test('R-RUN-13 R-REP-01 a deadline that has to wait for a stage that may not be interrupted is told on the check, once, although nothing else has changed', async () => {
  const scene = await aScene()
  const containment = { kind: 'sweep', run: RUN, stage: 'migrate' } as const
  const stop = { reason: 'deadline', by: 'the run budget', atMs: 1 } as const
  const lines: readonly EntryBody[] = [
    STARTED,
    { event: 'prepared', stages: ['migrate'], keepMs: 0, containment: 'sweep', fault: null },
    { event: 'stage.started', name: 'migrate', containment, uninterruptible: true },
  ]
  const run = scene.died(lines)
  await scene.follower.pass()
  expect(await scene.title()).toBe('Stage migrate (1 of 1)')
  appendFileSync(run.journal, textOf([{ event: 'stop.requested', stop }]))
  const before = await scene.reports()
  for (let pass = 0; pass < 3; pass += 1) await scene.follower.pass()
  expect(await scene.title()).toBe(
    'Stopping after stage migrate, which may not be interrupted: deadline, asked by the run budget',
  )
  expect(await scene.reports()).toBe((before ?? 0) + 1)
})
