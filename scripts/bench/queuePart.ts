import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import type { RunRow, Store } from '../../src/model/ports.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { createMachine } from '../../src/process/machine.ts'
import { concludeRun } from '../../src/queue/changes.ts'
import { createDispatcher } from '../../src/queue/dispatcher.ts'
import type { QueueWorld } from '../../src/queue/ports.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { figure, type Part, ratios } from './figures.ts'
import { aRun, DOMAINS, decide, deliver, enqueue, runsFrom } from './queued.ts'
import { type Measuring, nowMs } from './wait.ts'
import { makeWorld, NOOP, type World } from './world.ts'

const FEW = 100
/** Enqueued one by one in a round. */
const ENQUEUED = 100
const PASSED = { conclusion: 'success', reason: 'passed', title: 'Passed', exitCode: 0 } as const

interface Times {
  readonly few: number[]
  readonly many: number[]
  readonly enqueued: number[]
  readonly together: number[]
  readonly inserted: number[]
}

/** How long the dispatcher takes from a free slot to a claimed run, with a short queue and with a long one; and a run into the queue. */
export async function measureQueue(
  folder: string,
  rounds: number,
  long: number,
  { signal, say }: Measuring,
): Promise<Part> {
  await using stack = new AsyncDisposableStack()
  const [few, many] = [stack.use(await openQueue(folder, FEW)), stack.use(await openQueue(folder, long))]
  const times: Times = { few: [], many: [], enqueued: [], together: [], inserted: [] }
  for (let round = 0; round <= rounds; round += 1) {
    signal.throwIfAborted()
    say(`queue ${round}/${rounds}`)
    const took = {
      few: await few.claim(),
      many: await many.claim(),
      inserted: many.insert(),
      enqueued: await many.enqueue('one by one'),
      together: await many.enqueue('together'),
    }
    // A queue that grows tells and reads what is new: it is not what is compared.
    await many.claim()
    await few.claim()
    // The first round reads the queue, and fills caches.
    if (round === 0) continue
    times.few.push(took.few)
    times.many.push(took.many)
    times.inserted.push(took.inserted)
    times.enqueued.push(took.enqueued)
    times.together.push(took.together)
  }
  return partOf(times, long, many.firstLookMs)
}

interface Queue extends AsyncDisposable {
  /** The first pass, which reads all of it; milliseconds. */
  readonly firstLookMs: number
  /** Milliseconds from a free slot to a run that is claimed, and its names held. Afterwards the slot is free again. */
  readonly claim: () => Promise<number>
  /** Milliseconds for each run that is put into the queue, durably; together = as the comments of one moment are. */
  readonly enqueue: (how: 'one by one' | 'together') => Promise<number>
  /** The same for bare inserts of as many bytes into the same file. */
  readonly insert: () => number
}

async function openQueue(folder: string, length: number): Promise<Queue> {
  await using undo = new AsyncDisposableStack()
  const world = undo.use(makeWorld(folder))
  const store = await openStore(world.state.database)
  undo.defer(() => store.close())
  await enqueue(store, length)
  tellAll(world)
  const claims = claimsOn(world, store)
  undo.defer(claims.close)
  const beganMs = nowMs()
  await claims.once()
  const firstLookMs = nowMs() - beganMs
  let next = length
  const yardstick = yardstickOn(world)
  undo.defer(yardstick.close)
  const ending = undo.move()
  return {
    firstLookMs,
    claim: claims.once,
    async enqueue(how) {
      const runs = runsFrom(next, ENQUEUED)
      next += ENQUEUED
      for (const run of runs) await deliver(store, run.id)
      const began = nowMs()
      if (how === 'together') await Promise.all(runs.map((run) => decide(store, [run])))
      else for (const run of runs) await decide(store, [run])
      return (nowMs() - began) / ENQUEUED
    },
    insert: yardstick.insert,
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

/** As they come, runs are told what they wait for: a queue that stands has told it to all. */
function tellAll(world: World): void {
  using connection = new DatabaseSync(world.state.database, { timeout: 5_000 })
  connection.exec(`
    UPDATE runs SET waits_for = CASE WHEN enqueued_at < ${DOMAINS} THEN 'a free slot (1 at a time)'
      ELSE 'run ' || printf('%016d', enqueued_at - ${DOMAINS}) || ', which is ahead of it for ' || domain END`)
}

/** The real dispatcher, store and locks; a run that is claimed ends at once instead of being launched. */
function claimsOn(world: World, store: Store) {
  const recipe = loadRecipe(join(world.root, 'recipes', NOOP), world.config.budgets)
  let claimed = Promise.withResolvers<RunRow>()
  const queue = queueWorld(world, store, recipe, (row) => claimed.resolve(row))
  const dispatcher = createDispatcher(queue, () => undefined)
  return {
    async once(): Promise<number> {
      claimed = Promise.withResolvers()
      const began = nowMs()
      const passed = dispatcher.pass()
      const { id } = await claimed.promise
      const tookMs = nowMs() - began
      await passed
      const row = await store.run(id)
      if (row !== null) await concludeRun(queue, row, PASSED, EMPTY_JOURNAL)
      return tookMs
    },
    close: dispatcher.close,
  }
}

function queueWorld(world: World, store: Store, recipe: Recipe, claimed: (row: RunRow) => void): QueueWorld {
  const { state, config } = world
  const machine = createMachine({
    state,
    inForce: () => ({ config, recipes: [recipe] }),
    cloneToken: async () => null,
  })
  const nothing = () => undefined
  return {
    store,
    machine: {
      ...machine,
      async takeTurn(row) {
        const turn = await machine.takeTurn(row)
        if (turn.kind !== 'held') return turn
        const start = async () => {
          turn.giveBack()
          claimed(row)
          return { ended: Promise.resolve() }
        }
        return { ...turn, start }
      },
    },
    unreported: () => [],
    suppressed: async () => [],
    slots: () => 1,
    isOff: () => false,
    waits: waitsOn({ store, slots: () => 1, others: () => [], now: Date.now }),
    checkReport: (row, journal, wait) => checkReport(row, journal, { ...NO_EXTRAS, wait }),
    reportsChanged: nothing,
    now: Date.now,
    log: { info: nothing, warn: told, error: told },
  }
}

function told(data: object, event: string): void {
  throw new Error(`${event}: ${JSON.stringify(data)}`)
}

/** What a row of the queue takes at least: one insert, flushed. */
function yardstickOn(world: World) {
  const connection = new DatabaseSync(world.state.database, { timeout: 5_000 })
  connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  connection.exec('CREATE TABLE IF NOT EXISTS yardstick (id INTEGER PRIMARY KEY, run TEXT NOT NULL)')
  const insert = connection.prepare('INSERT INTO yardstick (run) VALUES (?)')
  const text = JSON.stringify(aRun(0))
  return {
    insert(): number {
      const began = nowMs()
      for (let index = 0; index < ENQUEUED; index += 1) insert.run(text)
      return (nowMs() - began) / ENQUEUED
    },
    close: () => connection.close(),
  }
}

function partOf({ few, many, enqueued, together, inserted }: Times, long: number, firstLookMs: number): Part {
  return {
    name: 'queue',
    title: '8. The queue: from a free slot to a claimed run, and a run into the queue',
    conditions: `Real dispatcher, store and locks; a claimed run ends instead of being launched. ${FEW} and ${long} queued runs over ${DOMAINS} domains, one slot. Rounds alternate.`,
    groups: [
      {
        title: 'decision and claim',
        figures: [
          figure(`${long} queued, over ${FEW}`, '×', ratios(many, few), 3),
          figure(`with ${FEW} queued`, 'ms', few),
          figure(`with ${long} queued`, 'ms', many),
          figure(`the first look at ${long}`, 'ms', [firstLookMs]),
        ],
      },
      {
        title: 'decisions with a run each, into the queue, on disk',
        figures: [
          figure('one by one, over bare inserts', '×', ratios(enqueued, inserted), 2),
          figure(`${ENQUEUED} in one moment, over bare inserts`, '×', ratios(together, inserted), 2),
          figure('one by one', 'ms', enqueued),
          figure(`${ENQUEUED} in one moment`, 'ms', together),
          figure('a bare insert', 'ms', inserted),
        ],
      },
    ],
  }
}
