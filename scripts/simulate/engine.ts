import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import { JUST_QUEUED } from '../../src/model/justQueued.ts'
import type { Decided, NewRun, RunRow, Store } from '../../src/model/ports.ts'
import type { NewReport } from '../../src/model/report.ts'
import { concludeRun } from '../../src/queue/changes.ts'
import { createDispatcher } from '../../src/queue/dispatcher.ts'
import type { Machine, QueueWorld, Turn } from '../../src/queue/ports.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { type Arrival, arrivalsOf, holdsOf, type Plan } from './arrivals.ts'
import { Judge, type Violations } from './judge.ts'

const PASSED = { conclusion: 'success', reason: 'passed', title: 'Passed', exitCode: 0 } as const

/** What became of a run. */
export interface Story {
  readonly run: NewRun
  readonly waitedMs: number
  /** How many younger runs started while it could have, too. */
  readonly passed: number
}

export interface Outcome {
  readonly stories: readonly Story[]
  readonly violations: Violations
}

/** What happens at a moment of the simulated time. */
interface Happening {
  readonly atMs: number
  readonly happen: () => Promise<void> | void
}

/**
 * The real dispatcher on a real store, in a time of its own: runs are asked for, hold their names for as long as they last, and end; now and then
 * somebody else has a name. Everything is told to a judge that knows the rules by itself.
 */
export async function simulate(plan: Plan): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-simulate-'))
  const store = await openStore(join(folder, 'berth.db'))
  try {
    return await new Simulation(plan, counted(store)).run()
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

class Simulation {
  readonly #store: Counted
  readonly #world: QueueWorld
  readonly #judge: Judge
  readonly #arrivals: readonly Arrival[]
  readonly #lasts: ReadonlyMap<string, number>
  readonly #taken = new Map<string, string>()
  readonly #coming: Happening[] = []
  readonly #stories: Story[] = []
  #nowMs = 0

  constructor(plan: Plan, store: Counted) {
    this.#store = store
    this.#judge = new Judge(plan.slots)
    this.#arrivals = arrivalsOf(plan)
    this.#lasts = new Map(this.#arrivals.map(({ run, lastsMs }) => [run.id, lastsMs]))
    this.#world = this.#worldOf(plan.slots)
    for (const arrival of this.#arrivals) this.#plan(arrival.atMs, () => this.#arrive(arrival.run))
    for (const [index, hold] of holdsOf(plan, this.#arrivals).entries()) {
      this.#plan(hold.atMs, () => this.#hold(`hold-${index}`, hold.name, hold.lastsMs))
    }
  }

  async run(): Promise<Outcome> {
    const dispatcher = createDispatcher(this.#world, () => undefined)
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#nowMs = next.atMs
      await next.happen()
      await dispatcher.pass()
      await this.#store.rest()
      // What came of the first pass is looked at by the next one, as the loop would.
      await dispatcher.pass()
      await this.#store.rest()
      this.#judge.rested(this.#nowMs)
    }
    await dispatcher.close()
    return { stories: this.#stories, violations: this.#judge.violations }
  }

  #next(): Happening | undefined {
    return this.#coming.shift()
  }

  #plan(atMs: number, happen: Happening['happen']): void {
    const at = this.#coming.findLastIndex((one) => one.atMs <= atMs)
    this.#coming.splice(at + 1, 0, { atMs, happen })
  }

  async #arrive(run: NewRun): Promise<void> {
    const { port } = this.#store
    const check = checkReport({ ...run, ...JUST_QUEUED }, EMPTY_JOURNAL, { ...NO_EXTRAS, wait: null })
    await port.addDelivery({ id: run.id, event: 'issue_comment', payload: '{}', receivedAtMs: this.#nowMs })
    await port.decide(decisionOf(run, check, this.#nowMs))
    this.#judge.queued(run)
  }

  #hold(hold: string, name: string, lastsMs: number): void {
    if (this.#taken.has(name)) return
    this.#taken.set(name, hold)
    this.#judge.held(hold, name)
    this.#plan(this.#nowMs + lastsMs, () => {
      this.#taken.delete(name)
      this.#judge.released(hold)
    })
  }

  #takeTurn(row: RunRow): Turn {
    const busy = row.names.find((name) => this.#taken.has(name))
    if (busy !== undefined) return { kind: 'busy', name: busy, run: null }
    for (const name of row.names) this.#taken.set(name, row.id)
    return {
      kind: 'held',
      giveBack: () => this.#giveBack(row),
      start: async () => {
        const { passed } = this.#judge.started(row.id, this.#nowMs)
        this.#stories.push({ run: row, waitedMs: this.#nowMs - row.enqueuedAtMs, passed })
        this.#plan(this.#nowMs + (this.#lasts.get(row.id) ?? 0), () => this.#end(row))
        return { ended: Promise.resolve() }
      },
    }
  }

  #giveBack({ id, names }: RunRow): void {
    for (const name of names) if (this.#taken.get(name) === id) this.#taken.delete(name)
  }

  async #end(row: RunRow): Promise<void> {
    const now = await this.#store.port.run(row.id)
    if (now !== null) await concludeRun(this.#world, now, PASSED, EMPTY_JOURNAL)
    this.#giveBack(row)
    this.#judge.ended(row.id)
  }

  #worldOf(slots: number): QueueWorld {
    const { port: store } = this.#store
    const now = () => this.#nowMs
    return {
      store,
      machine: machineOf((row) => this.#takeTurn(row)),
      unreported: () => [],
      suppressed: async () => [],
      slots: () => slots,
      isOff: () => false,
      waits: waitsOn({ store, slots: () => slots, others: () => [], now }),
      checkReport: (row, journal, wait) => checkReport(row, journal, { ...NO_EXTRAS, wait }),
      reportsChanged: () => undefined,
      now,
      log: { info: () => undefined, warn: told, error: told },
    }
  }
}

function told(data: object, event: string): void {
  throw new Error(`${event}: ${JSON.stringify(data)}`)
}

/** Names are free or not; nothing is ever dirty here. */
function machineOf(takeTurn: (row: RunRow) => Turn): Machine {
  const nothing: Disposable = { [Symbol.dispose]: () => undefined }
  return {
    takeTurn: async (row) => takeTurn(row),
    leaveTurn: () => undefined,
    look: () => ({ exists: false, journal: EMPTY_JOURNAL, result: null }),
    stop: () => undefined,
    recover: async () => ({ kind: 'busy' }),
    dead: () => new Set(),
    noteReported: () => undefined,
    gone: async () => undefined,
    watch: () => nothing,
    watchNames: () => nothing,
  }
}

function decisionOf(run: NewRun, check: NewReport, atMs: number): Decided {
  const nothing = { stops: [], uses: [], heads: [], approvals: [], replies: [], orders: [], moves: [] }
  const ends = { outcome: 'run_queued', subjects: [], atMs, deliveryId: run.id }
  return { ...nothing, ...ends, runs: [run], reports: [check] }
}

/** A store that knows how many of its calls are under way. */
interface Counted {
  readonly port: Store
  /** Until nobody has asked it for anything for some turns of the event loop. */
  readonly rest: () => Promise<void>
}

const QUIET_TURNS = 3

function counted(store: Store): Counted {
  let [underWay, calls] = [0, 0]
  const port = new Proxy(store, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver)
      if (typeof member !== 'function') return member
      return async (...parameters: readonly unknown[]) => {
        underWay += 1
        calls += 1
        try {
          return await Reflect.apply(member, target, parameters)
        } finally {
          underWay -= 1
        }
      }
    },
  })
  return {
    port,
    async rest() {
      let [quiet, seen] = [0, calls]
      while (quiet < QUIET_TURNS) {
        await turn()
        quiet = underWay === 0 && seen === calls ? quiet + 1 : 0
        seen = calls
      }
    },
  }
}
