import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { EMPTY_JOURNAL, type Entry, type EntryBody, withEntry } from '../../src/model/journal.ts'
import type { TakeOver } from '../../src/model/takeOver.ts'
import { tellingTo } from '../../src/model/transitions.ts'
import { createMachine } from '../../src/process/machine.ts'
import { identityOf } from '../../src/process/procfs.ts'
import { createFollower } from '../../src/queue/follower.ts'
import type { Machine, QueueWorld } from '../../src/queue/ports.ts'
import { createReaper } from '../../src/queue/reaper.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { writeResult } from '../../src/store/result.ts'
import { createRunFolder, type RunPaths, readStop } from '../../src/store/runFolder.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'
import { aCheck, aDecision, aDelivery, aRun, PASSED } from '../store/samples.ts'

const RUN = '01m7xj306c77rt39'
const NAME = 'a.test'
const GRACE_MS = 10_000
/** A process of a boot before this one. */
const STARTED: EntryBody = {
  event: 'process.started',
  pid: 4242,
  startTime: '77',
  boot: 'an earlier one',
  wrapper: 4240,
}
const TORN_DOWN: EntryBody = {
  event: 'teardown.ended',
  report: { verified: true, ended: 0, ending: null, tookMs: 1, left: [] },
}
const CONCLUDED: EntryBody = { event: 'concluded', verdict: PASSED }
const GREEN = [STARTED, TORN_DOWN, CONCLUDED] as const

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

/** The real reaper, follower, records, locks, folders and wrappers; the clock is the test's. */
async function aScene(as: 'starting' | 'running' = 'running') {
  const state = stateFolder()
  const store = await openStore(state.database)
  onTestFinished(() => store.close())
  await store.addDelivery(aDelivery('d1'))
  await store.decide(
    aDecision('d1', { runs: [aRun(RUN, { names: [NAME], domain: NAME })], reports: [aCheck(RUN, 0)] }),
  )
  await store.change(RUN, 'queued', { state: 'starting', startedAtMs: 1 }, [])
  if (as === 'running') await store.change(RUN, 'starting', { state: 'running' }, [])
  const [now, broken, faults, notes] = [{ ms: 0 }, { stop: false }, [] as object[], [] as TakeOver[]]
  const config = loadConfig({ env: { BERTH_STATE_DIR: state.root }, cwd: state.root })
  const machine = createMachine({
    state,
    inForce: () => ({ config, recipes: [] }),
    cloneToken: async () => null,
    note: (takeOver) => void notes.push(takeOver),
  })
  const underWay: Promise<unknown>[] = []
  const stopping: Machine = {
    ...machine,
    stop(id, stop) {
      if (broken.stop) throw new Error('ENOSPC: no space left on device')
      machine.stop(id, stop)
    },
    recover(row) {
      const recovered = machine.recover(row)
      underWay.push(recovered)
      return recovered
    },
  }
  const fault = (data: object) => void faults.push(data)
  const world: QueueWorld = {
    store,
    machine: stopping,
    unreported: () => [],
    suppressed: async () => [],
    slots: () => 2,
    isOff: () => false,
    waits: waitsOn({ store, slots: () => 2, others: () => [], now: () => now.ms }),
    checkReport: (row, journal, wait) => checkReport(row, journal, { ...NO_EXTRAS, wait }),
    reportsChanged: () => undefined,
    now: () => now.ms,
    log: { info: () => undefined, warn: () => undefined, error: fault },
  }
  const telling = tellingTo(world.log)
  const reaper = createReaper(
    world,
    telling,
    () => undefined,
    (takeOver) => void notes.push(takeOver),
  )
  const follower = createFollower(world, telling, () => undefined)
  onTestFinished(() => follower.close())

  /** What a pass has begun: the last of it comes in the turns after the recoveries. */
  async function settled(): Promise<void> {
    await Promise.all(underWay)
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }

  function folder(lines: readonly EntryBody[]): RunPaths {
    const recipe = join(state.root, 'recipe')
    mkdirSync(recipe, { recursive: true })
    const run = createRunFolder(state, requestFor(RUN, [NAME]), recipe)
    writeFileSync(run.journal, textOf(lines))
    return run
  }

  const marked = (run: string) =>
    writeFileSync(lockPath(state, NAME), `${JSON.stringify({ run, locks: [NAME], since: 1 })}\n`)

  return {
    state,
    store,
    reaper,
    follower,
    notes,
    faults,
    now,
    broken,
    settled,
    row: () => store.run(RUN),
    title: async () => JSON.parse((await store.lastCheck(RUN))?.body ?? '{}').output?.title,
    reports: async () => (await store.run(RUN))?.reports,
    /** Its processes have gone their whole way. */
    ended(lines: readonly EntryBody[]): void {
      writeResult(folder(lines), requestFor(RUN, [NAME]), entriesOf(lines).reduce(withEntry, EMPTY_JOURNAL))
    },
    /** They have left it so, marked and open. */
    died(lines: readonly EntryBody[]): RunPaths {
      const run = folder(lines)
      addOpenRun(state, { run: RUN, locks: [NAME], since: 1 })
      marked(RUN)
      return run
    },
    marked,
    async reapAt(nowMs: number): Promise<void> {
      now.ms = nowMs
      await reaper.pass()
      await settled()
    },
  }
}

function entriesOf(lines: readonly EntryBody[]): readonly Entry[] {
  return lines.map((body) => Object.assign({ at: 1, mono: 1 }, body))
}

function textOf(lines: readonly EntryBody[]): string {
  return entriesOf(lines)
    .map((entry) => `${JSON.stringify(entry)}\n`)
    .join('')
}
