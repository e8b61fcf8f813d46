import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { EMPTY_JOURNAL, type EntryBody } from '../../src/model/journal.ts'
import { createMachine } from '../../src/process/machine.ts'
import { identityOf } from '../../src/process/procfs.ts'
import { createDispatcher } from '../../src/queue/dispatcher.ts'
import type { QueueWorld } from '../../src/queue/ports.ts'
import { startQueue } from '../../src/queue/queue.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { writeResult } from '../../src/store/result.ts'
import {
  createRunFolder,
  type RunPaths,
  readStop,
  runPaths,
  unreportedRuns,
} from '../../src/store/runFolder.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'
import { aRecipe } from '../model/policyWorld.ts'
import { aCheck, aDecision, aDelivery, aRun, PASSED } from '../store/samples.ts'

const RUN = '01m7xj306c77rt39'
const NAME = 'a.test'
const STARTED: EntryBody = {
  event: 'process.started',
  pid: 4242,
  startTime: '77',
  boot: 'an earlier one',
  wrapper: 4240,
}

test('R-RUN-09 R-QUE-04 a run that a restored copy has for queued, and that has ended since, ends as it did', async () => {
  const scene = await aScene()
  scene.ended()
  await scene.start()
  await expect.poll(scene.row).toMatchObject({ state: 'concluded', verdict: PASSED, attempts: 1 })
  expect(scene.faults).toEqual([])
})

test('R-RUN-09 R-QUE-04 the same where nobody has looked before it was to be started', async () => {
  const scene = await aScene()
  scene.ended()
  await createDispatcher(scene.world, () => undefined).pass()
  await expect.poll(scene.row).toMatchObject({ state: 'concluded', verdict: PASSED })
})

test('R-RUN-09 R-RUN-11 one that has died since is torn down, and ends as what it is', async () => {
  const scene = await aScene()
  scene.began([STARTED])
  await scene.start()
  await expect.poll(scene.row, { timeout: 15_000 }).toMatchObject({ state: 'concluded' })
  expect((await scene.row())?.verdict).toMatchObject({ reason: 'harness_fault' })
})

test('R-RUN-09 R-QUE-14 one that lives is followed, and hears of a stop: it does not end as one that never began', async () => {
  const scene = await aScene()
  const run = scene.began([{ ...STARTED, ...identityOf(process.pid) }])
  const held = tryAcquire(scene.state, [NAME])
  onTestFinished(() => (held.kind === 'held' ? letGo(held) : undefined))
  // A run process that is told to stop is sent a signal as well.
  const heard = new Promise((resolve) => process.once('SIGTERM', resolve))
  const stop = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const
  await scene.store.requestStop(RUN, stop)
  await scene.start()
  await heard
  expect(await scene.row()).toMatchObject({ state: 'running', verdict: null })
  expect(readStop(run)).toEqual(stop)
})

test('R-JAN-11 R-RUN-09 the folder of a run that is over, and that a restored copy does not know, is kept for nobody', async () => {
  const scene = await aScene()
  const [over, live] = ['01m7xj306c77rt3a', '01m7xj306c77rt3b'] as const
  scene.ended(over)
  createRunFolder(scene.state, requestFor(live, ['b.test']), join(scene.state.root, 'recipe'))
  await scene.start()
  expect(existsSync(runPaths(scene.state, over).reported)).toBe(true)
  expect(existsSync(runPaths(scene.state, live).reported)).toBe(false)
})

test('R-JAN-11 R-RUN-21 a note that the disk does not take keeps no run from its end, and comes with the next one', async () => {
  const scene = await aScene()
  const other = '01m7xj306c77rt3a'
  scene.ended()
  const { reported } = runPaths(scene.state, RUN)
  mkdirSync(join(reported, 'in the way'), { recursive: true })
  await scene.start()
  expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED })
  expect(scene.faults).toEqual([])
  rmSync(reported, { recursive: true })
  createRunFolder(scene.state, requestFor(other, ['b.test']), join(scene.state.root, 'recipe'))
  scene.world.machine.noteReported(other)
  expect([RUN, other].map((id) => existsSync(runPaths(scene.state, id).reported))).toEqual([true, true])
})

/** The real queue on a record that says `queued`. */
async function aScene() {
  const state = stateFolder()
  const store = await openStore(state.database)
  onTestFinished(() => store.close())
  const run = aRun(RUN, { names: [NAME], domain: NAME, arguments: {} })
  await store.addDelivery(aDelivery('d1'))
  await store.decide(aDecision('d1', { runs: [run], reports: [aCheck(RUN, 0)] }))
  const config = {
    ...loadConfig({ env: { BERTH_STATE_DIR: state.root }, cwd: state.root }),
    baseDomain: 'test',
    runDomains: /^[a-z]+\.test$/,
  }
  const faults: object[] = []
  const world: QueueWorld = {
    store,
    machine: createMachine({
      state,
      inForce: () => ({ config, recipes: [aRecipe('hello')] }),
      cloneToken: async () => null,
    }),
    unreported: () => unreportedRuns(state),
    suppressed: async () => [],
    slots: () => 2,
    isOff: () => false,
    waits: waitsOn({ store, slots: () => 2, others: () => [], now: () => 1 }),
    checkReport: (row, journal, wait) => checkReport(row, journal, { ...NO_EXTRAS, wait }),
    reportsChanged: () => undefined,
    now: () => 1_000,
    log: { info: () => undefined, warn: () => undefined, error: (data) => void faults.push(data) },
  }

  function began(lines: readonly EntryBody[]): RunPaths {
    mkdirSync(join(state.root, 'recipe'))
    const mark = { run: RUN, locks: [NAME], since: 1 }
    const paths = createRunFolder(state, requestFor(RUN, [NAME]), join(state.root, 'recipe'))
    addOpenRun(state, mark)
    writeFileSync(lockPath(state, NAME), `${JSON.stringify(mark)}\n`)
    const entries = lines.map((body) => `${JSON.stringify({ at: 1, mono: 1, ...body })}\n`)
    writeFileSync(paths.journal, entries.join(''))
    return paths
  }

  return {
    state,
    store,
    world,
    faults,
    row: () => store.run(RUN),
    began,
    /** Clean, as a run that has gone its whole way leaves it. */
    ended(id = RUN): void {
      mkdirSync(join(state.root, 'recipe'))
      const request = requestFor(id, [NAME])
      const paths = createRunFolder(state, request, join(state.root, 'recipe'))
      writeResult(paths, request, { ...EMPTY_JOURNAL, verdict: PASSED })
    },
    async start(): Promise<void> {
      const queue = await startQueue(world, () => undefined)
      onTestFinished(() => queue[Symbol.asyncDispose]())
    },
  }
}
