import { rmSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { HarnessError } from '../../src/errors.ts'
import { type Held, letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { hasWaiters } from '../../src/lock/tickets.ts'
import type { Mechanism } from '../../src/model/mechanisms.ts'
import type { NewRun, RunRow, Store } from '../../src/model/ports.ts'
import type { Suppressed } from '../../src/model/rateLimits.ts'
import { createMachine } from '../../src/process/machine.ts'
import { createDispatcher } from '../../src/queue/dispatcher.ts'
import type { Turn } from '../../src/queue/ports.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { stateFolder } from '../lock/world.ts'
import { aRecipe } from '../model/policyWorld.ts'
import { aCheck, aDecision, aDelivery, aRun, SHA } from '../store/samples.ts'

const NAMES = ['a.test', 'r:gpu']
/** A machine that is busy with other things takes its time. */
const SOON = { timeout: 5_000 }
const STOP = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const

test('R-QUE-05 R-LCK-13 a pass over a queue that has not changed reads none of it, and still asks for each name at its head', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  await scene.queue('r1', ['a.test'])
  for (let index = 2; index <= 40; index += 1) await scene.queue(`r${index}`, NAMES)
  await scene.pass()
  await scene.pass()
  const before = scene.reads()
  for (let index = 0; index < 10; index += 1) await scene.pass()
  expect(scene.reads() - before).toBe(0)
  expect(scene.turns.at(-1)).toBe('r1 busy')
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1), 'nothing was written, and no event came').toBe('r1 held')
})

test('R-QUE-14 what another process writes is carried out by the next pass', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  for (const id of ['r1', 'r2', 'r3']) await scene.queue(id, ['a.test'])
  for (let index = 0; index < 3; index += 1) await scene.pass()
  const other = await scene.open()
  await other.requestStop('r1', STOP)
  await scene.pass()
  expect(await scene.row('r1')).toMatchObject({ state: 'concluded', verdict: { reason: 'cancelled' } })
  expect(scene.turns.at(-1)).toBe('r2 busy')
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1), 'the one that has ended waits there no more').toBe('r2 held')
})

test('R-QUE-05 R-LCK-13 who is not the first any more stands in the way of nobody who waits for the same name', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  await scene.queue('r1', ['a.test'])
  await scene.pass()
  await scene.queue('r2', ['a.test'], { priority: 5 })
  await scene.pass()
  expect(scene.turns).toEqual(['r1 busy', 'r2 busy'])
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1)).toBe('r2 held')
})

test('R-QUE-05 who is just being tried counts as under way: two free slots are offered to two repositories', async () => {
  const scene = await aScene()
  await scene.queue('r1', ['a.test'])
  await scene.queue('r2', ['b.test'])
  await scene.queue('r3', ['c.test'], { repositoryId: '43' })
  await scene.pass()
  expect(scene.turns).toEqual(['r1 held', 'r3 held', 'r2 held'])
})

test('R-QUE-05 R-QUE-15 an attempt that takes long keeps no slot from the next one; it gives its names back when it finds none in the end', async () => {
  const all = await aScene()
  all.scene.slots = 1
  all.scene.starts = true
  all.spoilStarts()
  const [held, starting] = [all.park('r1 held'), all.park('r2 starts')]
  await all.queue('r1', ['a.test'])
  await all.queue('r2', ['b.test'])
  await all.dispatch()
  await held.reached
  await expect.poll(all.parked, SOON).toContain('r2 starts')
  held.go()
  await expect.poll(async () => (await all.row('r1'))?.waitsFor, SOON).toBe('a free slot (1 at a time)')
  letGo(all.hold(['a.test']))
  starting.go()
  await expect.poll(async () => (await all.row('r2'))?.state, SOON).toBe('concluded')
})

test('R-QUE-02 a run whose start fails ends at once, with its cause, and its names are free', async () => {
  const all = await aScene()
  all.scene.starts = true
  all.spoilStarts()
  await all.queue('r1', ['a.test'])
  await all.dispatch()
  await expect.poll(async () => (await all.row('r1'))?.state, SOON).toBe('concluded')
  expect((await all.row('r1'))?.verdict).toMatchObject({
    reason: 'not_started',
    title: expect.stringMatching(/^harness: .*ENOTDIR/),
  })
  letGo(all.hold(['a.test']))
})

test('R-QUE-04 R-QUE-14 a run that is asked to stop while it is being tried is not started: it gives its names back, and ends', async () => {
  const all = await aScene()
  all.scene.starts = true
  const held = all.park('r1 held')
  await all.queue('r1', ['a.test'])
  await all.dispatch()
  await held.reached
  await all.store.requestStop('r1', STOP)
  held.go()
  await all.settled()
  expect(await all.row('r1')).toMatchObject({ state: 'queued', attempts: 0 })
  letGo(all.hold(['a.test']))
  await all.pass()
  expect(await all.row('r1')).toMatchObject({ state: 'concluded', verdict: { reason: 'cancelled' } })
})

test('R-QUE-11 what a pass that failed had still to do is done by the next one', async () => {
  const all = await aScene()
  all.hold(['a.test'])
  await all.queue('r1', ['a.test'])
  await all.pass()
  await all.store.requestStop('r1', STOP)
  all.scene.isBroken = true
  await expect(all.pass()).rejects.toThrow('the database is locked')
  all.scene.isBroken = false
  await all.pass()
  expect(await all.row('r1')).toMatchObject({ state: 'concluded', verdict: { reason: 'cancelled' } })
})

test('R-Q-05 R-LCK-13 who gets its names when dispatching has been switched off gives them back, and waits for none of them until it is on again', async () => {
  const all = await aScene()
  all.scene.starts = true
  const held = all.park('r1 held')
  await all.queue('r1', ['a.test'])
  await all.dispatch()
  await held.reached
  all.scene.off = ['dispatch']
  held.go()
  await all.settled()
  expect(await all.row('r1')).toMatchObject({ state: 'queued', attempts: 0 })
  all.scene.off = []
  const other = all.hold(['a.test'])
  await all.pass()
  expect([all.turns.at(-1), hasWaiters(all.state, 'a.test')]).toEqual(['r1 busy', true])
  all.scene.off = ['dispatch']
  await all.pass()
  expect(hasWaiters(all.state, 'a.test'), 'whoever else wants it stands behind nobody').toBe(false)
  letGo(other)
  await all.pass()
  expect(all.turns.at(-1)).toBe('r1 busy')
  all.scene.off = []
  all.scene.starts = false
  await all.pass()
  expect(all.turns.at(-1)).toBe('r1 held')
})

test('R-QUE-05 each run waits for the nearest one ahead, so that an end changes what one run says, and not what all say', async () => {
  const scene = await aScene()
  scene.hold(['a.test'])
  for (const id of ['r1', 'r2', 'r3', 'r4']) await scene.queue(id, ['a.test'])
  for (let index = 0; index < 3; index += 1) await scene.pass()
  expect((await scene.row('r4'))?.waitsFor).toBe('run r3, which is ahead of it for a.test')
  const before = (await scene.row('r4'))?.reports
  await scene.store.requestStop('r1', STOP)
  for (let index = 0; index < 3; index += 1) await scene.pass()
  expect((await scene.row('r2'))?.waitsFor).toBe('a.test, which somebody else has')
  expect((await scene.row('r4'))?.reports).toBe(before)
})

test('R-QUE-15 a run whose recipe keeps crashing at its commit says so, rests, and holds up nobody; when its time is over it is first again', async () => {
  const all = await aScene()
  const loop = { repositoryId: '42', repository: 'acme/site', pr: 12, recipe: 'hello', sha: SHA, times: 3 }
  all.scene.loops = [{ ...loop, lastAtMs: 1, title: 'harness: boom', untilMs: 5_000 }]
  await all.queue('r1', ['a.test'])
  await all.queue('r2', ['a.test', 'r:gpu'])
  await all.pass()
  expect((await all.row('r1'))?.waitsFor).toBe(
    'crash_loop: hello has ended in a fault of the harness 3 times in a row at this commit, and rests until 1970-01-01T00:00:05Z',
  )
  expect(all.turns, 'another recipe, behind it on the same domain').toEqual(['r2 held'])
  const [reads, reports] = [all.reads(), (await all.row('r1'))?.reports]
  for (let index = 0; index < 3; index += 1) await all.pass()
  expect((await all.row('r1'))?.reports).toBe(reports)
  expect(all.reads() - reads, 'nothing was written').toBeLessThanOrEqual(1)
  all.scene.nowMs = 5_000
  all.scene.loops = []
  await all.pass()
  expect(all.turns.at(-1)).toBe('r1 held')
  expect((await all.row('r2'))?.waitsFor).toContain('run r1')
})

interface Scene {
  loops: readonly Suppressed[]
  nowMs: number
  slots: number
  off: readonly Mechanism[]
  /** Whether a run that has its names goes on to its start, or gives them back. */
  starts: boolean
  /** The records take no change. */
  isBroken: boolean
}

/** The real dispatcher, store and locks; a run that has its names gives them back instead of starting, or may fail to start. */
async function aScene() {
  const state = stateFolder()
  const open = async () => {
    const store = await openStore(state.database)
    onTestFinished(() => store.close())
    return store
  }
  const store = await open()
  let reads = 0
  const scene: Scene = { loops: [], nowMs: 1, slots: 2, off: [], starts: false, isBroken: false }
  const watched: Store = {
    ...store,
    queueSince(since) {
      reads += 1
      return store.queueSince(since)
    },
    async change(...change) {
      if (scene.isBroken) throw new HarnessError('STORE_BUSY', 'the database is locked')
      return store.change(...change)
    },
  }
  const slots = () => scene.slots
  const { machine, turns, settled, ...parking } = machineOn(state, scene)
  const dispatcher = createDispatcher(
    {
      store: watched,
      machine,
      unreported: () => [],
      suppressed: async () => scene.loops,
      slots,
      isOff: (mechanism) => scene.off.includes(mechanism),
      waits: waitsOn({ store, slots, others: () => [], now: () => 1 }),
      checkReport: (row, journal, wait) => checkReport(row, journal, { ...NO_EXTRAS, wait }),
      reportsChanged: () => undefined,
      now: () => scene.nowMs,
      log: {
        info: () => undefined,
        warn: () => undefined,
        error: (data) => turns.push(JSON.stringify(data)),
      },
    },
    () => undefined,
  )
  return {
    state,
    store,
    scene,
    open,
    turns,
    settled,
    ...parking,
    reads: () => reads,
    row: (id: string) => store.run(id),
    hold: (names: readonly string[]) => holding(state, names),
    async queue(id: string, names: readonly string[], more: Partial<NewRun> = {}) {
      const recipe = names.includes('r:gpu') ? 'gpu' : 'hello'
      const asked = { names, recipe, arguments: {}, domain: names[0] ?? '' }
      const run = aRun(id, { ...asked, enqueuedAtMs: Number(id.slice(1)), ...more })
      await store.addDelivery(aDelivery(`d${id}`))
      await store.decide(aDecision(`d${id}`, { runs: [run], reports: [aCheck(id, 0)] }))
    },
    /** No run can have a folder. */
    spoilStarts() {
      rmSync(state.runs, { recursive: true })
      writeFileSync(state.runs, '')
    },
    dispatch: () => dispatcher.pass(),
    /** Also what the pass has begun. */
    async pass() {
      await dispatcher.pass()
      await settled()
    },
  }
}

interface Park {
  readonly reached: Promise<void>
  readonly go: () => void
}

/** Moments at which a run stands until the test lets it go on: `r1 held`, `r1 starts`. */
function parkingLot() {
  const parks = new Map<string, { readonly reach: () => void; readonly gone: Promise<void> }>()
  const parked: string[] = []
  return {
    parked: () => parked,
    park(moment: string): Park {
      const [reached, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      parks.set(moment, { reach: reached.resolve, gone: gone.promise })
      return { reached: reached.promise, go: gone.resolve }
    },
    async pass(moment: string): Promise<void> {
      const park = parks.get(moment)
      if (park === undefined) return
      parked.push(moment)
      park.reach()
      await park.gone
    },
  }
}

function machineOn(state: ReturnType<typeof stateFolder>, scene: Pick<Scene, 'starts'>) {
  const turns: string[] = []
  const lot = parkingLot()
  let underWay: Promise<unknown> = Promise.resolve()
  const machine = createMachine({
    state,
    inForce: () => ({
      config: {
        ...loadConfig({ env: { BERTH_STATE_DIR: state.root }, cwd: state.root }),
        baseDomain: 'test',
        runDomains: /^[a-z]+\.test$/,
      },
      recipes: [aRecipe('hello'), aRecipe('gpu', { resources: ['gpu'] })],
    }),
    cloneToken: async () => null,
  })
  async function takeTurn(row: RunRow): Promise<Turn> {
    const turn = await machine.takeTurn(row)
    turns.push(`${row.id} ${turn.kind}`)
    await lot.pass(`${row.id} ${turn.kind}`)
    if (turn.kind !== 'held') return turn
    if (scene.starts) return { ...turn, start: () => lot.pass(`${row.id} starts`).then(turn.start) }
    turn.giveBack()
    return { kind: 'unready', why: 'its test' }
  }
  return {
    turns,
    park: lot.park,
    parked: lot.parked,
    machine: {
      ...machine,
      takeTurn(row: RunRow) {
        const turn = takeTurn(row)
        underWay = turn
        return turn
      },
    },
    /** All is synchronous but in name once the turn is known: the answers come in the microtasks before the next immediate. */
    async settled() {
      await underWay
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

function holding(state: ReturnType<typeof stateFolder>, names: readonly string[]): Held {
  const held = tryAcquire(state, names)
  if (held.kind !== 'held') throw new Error(`${held.name} is busy`)
  return held
}
