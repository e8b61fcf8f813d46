import { rmSync, writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { HarnessError } from '../../src/errors.ts'
import { type Held, tryAcquire } from '../../src/lock/nameLocks.ts'
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
import { aCheck, aDecision, aDelivery, aRun } from '../store/samples.ts'

export interface Scene {
  loops: readonly Suppressed[]
  nowMs: number
  slots: number
  off: readonly Mechanism[]
  /** Whether a run that has its names goes on to its start, or gives them back. */
  starts: boolean
  /** The records take no change. */
  isBroken: boolean
  /** The run whose record cannot be read just now. */
  failsToRead: string | null
  /** For the clone, as GitHub gives it. */
  token: Promise<null>
}

/** The real dispatcher, store and locks; a run that has its names gives them back instead of starting, or may fail to start. */
export async function aScene() {
  const state = stateFolder()
  const open = async () => {
    const store = await openStore(state.database)
    onTestFinished(() => store.close())
    return store
  }
  const store = await open()
  let reads = 0
  const ways = { starts: false, isBroken: false, failsToRead: null, token: Promise.resolve(null) }
  const scene: Scene = { loops: [], nowMs: 1, slots: 2, off: [], ...ways }
  const watched: Store = {
    ...store,
    queueSince(since) {
      reads += 1
      return store.queueSince(since)
    },
    async run(id) {
      if (id === scene.failsToRead) throw new Error('disk I/O error')
      return store.run(id)
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

function machineOn(state: ReturnType<typeof stateFolder>, scene: Pick<Scene, 'starts' | 'token'>) {
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
    cloneToken: () => scene.token,
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
