import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { type Held, letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { peekTickets } from '../../src/lock/tickets.ts'
import type { RunRow, Store } from '../../src/model/ports.ts'
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
  scene.hold(['a.test'])
  for (const id of ['r1', 'r2', 'r3']) await scene.queue(id, ['a.test'])
  for (let index = 0; index < 3; index += 1) await scene.pass()
  const other = await scene.open()
  await other.requestStop('r1', { reason: 'cancelled', by: 'octocat', atMs: 1 })
  await scene.pass()
  expect(await scene.row('r1')).toMatchObject({ state: 'concluded', verdict: { reason: 'cancelled' } })
  expect(scene.turns.at(-1)).toBe('r2 busy')
})

test('R-QUE-05 each run waits for the nearest one ahead, so that an end changes what one run says, and not what all say', async () => {
  const scene = await aScene()
  scene.hold(['a.test'])
  for (const id of ['r1', 'r2', 'r3', 'r4']) await scene.queue(id, ['a.test'])
  for (let index = 0; index < 3; index += 1) await scene.pass()
  expect((await scene.row('r4'))?.waitsFor).toBe('run r3, which is ahead of it for a.test')
  const before = (await scene.row('r4'))?.reports
  await scene.store.requestStop('r1', { reason: 'cancelled', by: 'octocat', atMs: 1 })
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

test('R-QUE-14 R-LCK-13 a run that is stopped while it is tried keeps no place, whatever fails when that is over', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  const token = Promise.withResolvers<null>()
  scene.scene.token = token.promise
  await scene.queue('r1', ['a.test'])
  await scene.dispatcher.pass()
  await scene.store.requestStop('r1', { reason: 'cancelled', by: 'octocat', atMs: 1 })
  await scene.dispatcher.pass()
  expect(await scene.row('r1')).toMatchObject({ state: 'concluded' })
  scene.scene.failsToRead = 'r1'
  token.resolve(null)
  await expect.poll(() => scene.turns).toEqual(['r1 busy', expect.stringContaining('disk I/O error')])
  await scene.pass()
  expect(peekTickets(scene.state, 'a.test')).toEqual([])
  letGo(held)
})

test('R-QUE-14 R-LCK-13 nor does one whose record cannot be read any more: others start', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  await scene.queue('r1', ['a.test'])
  await scene.queue('r2', ['a.test'])
  await scene.pass()
  expect(scene.turns.at(-1)).toBe('r1 busy')
  using meddler = new DatabaseSync(scene.state.database)
  meddler.exec(`UPDATE runs SET names = '"none"' WHERE id = 'r1'`)
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1)).toBe('r2 held')
})

test('R-QUE-01 R-QUE-05 while many are told what they wait for others are served: a pass does not keep the event loop to itself', async () => {
  const scene = await aScene()
  scene.hold(['a.test'])
  for (let index = 1; index <= 90; index += 1) await scene.queue(`r${index}`, ['a.test'])
  let turns = 0
  const counting = setInterval(() => (turns += 1), 0)
  onTestFinished(() => clearInterval(counting))
  await scene.dispatcher.pass()
  expect(turns).toBeGreaterThan(1)
  expect((await scene.row('r90'))?.waitsFor).toBe('run r89, which is ahead of it for a.test')
})

/** The real dispatcher, store and locks; a run that has its names gives them back instead of starting. */
async function aScene() {
  const state = stateFolder()
  const open = async () => {
    const store = await openStore(state.database)
    onTestFinished(() => store.close())
    return store
  }
  const store = await open()
  let reads = 0
  const counting: Store = {
    ...store,
    queueSince(since) {
      reads += 1
      return store.queueSince(since)
    },
    async run(id) {
      if (id === scene.failsToRead) throw new Error('disk I/O error')
      return store.run(id)
    },
  }
  const scene: Told = { loops: [], nowMs: 1, token: Promise.resolve(null), failsToRead: null }
  const { machine, turns, settled } = machineOn(state, () => scene.token)
  const dispatcher = createDispatcher(
    {
      store: counting,
      machine,
      unreported: () => [],
      suppressed: async () => scene.loops,
      slots: () => 2,
      isOff: () => false,
      waits: waitsOn({ store, slots: () => 2, others: () => [], now: () => 1 }),
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
    dispatcher,
    scene,
    open,
    turns,
    reads: () => reads,
    row: (id: string) => store.run(id),
    hold: (names: readonly string[]) => holding(state, names),
    async queue(id: string, names: readonly string[]) {
      const recipe = names.includes('r:gpu') ? 'gpu' : 'hello'
      const asked = { names, recipe, arguments: {}, domain: names[0] ?? '' }
      const run = aRun(id, { ...asked, enqueuedAtMs: Number(id.slice(1)) })
      await store.addDelivery(aDelivery(`d${id}`))
      await store.decide(aDecision(`d${id}`, { runs: [run], reports: [aCheck(id, 0)] }))
    },
    /** Also what the pass has begun. */
    async pass() {
      await dispatcher.pass()
      await settled()
    },
  }
}

interface Told {
  loops: readonly Suppressed[]
  nowMs: number
  /** For the clone, as GitHub gives it. */
  token: Promise<null>
  failsToRead: string | null
}

function machineOn(state: ReturnType<typeof stateFolder>, cloneToken: () => Promise<null>) {
  const turns: string[] = []
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
    cloneToken,
  })
  async function takeTurn(row: RunRow): Promise<Turn> {
    const turn = await machine.takeTurn(row)
    turns.push(`${row.id} ${turn.kind}`)
    if (turn.kind !== 'held') return turn
    turn.giveBack()
    return { kind: 'unready', why: 'its test' }
  }
  return {
    turns,
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
