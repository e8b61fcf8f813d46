import { DatabaseSync } from 'node:sqlite'
import type { RunRow } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { figure, type Part, ratios } from './figures.ts'
import { holdRuns } from './heldRuns.ts'
import { memoryOf, sharesOf } from './processes.ts'
import { enqueue } from './queued.ts'
import { serveIn } from './service.ts'
import type { Measuring } from './wait.ts'
import { makeWorld, type World } from './world.ts'

const LIVE = 1_000
/** Of a start that finds much, so often. */
const MOST_ROUNDS = 7

/** From the start of the service until it says that it is ready, with nothing in its state folder and with years of work and a thousand live runs. */
export async function measureStarts(
  folder: string,
  rounds: number,
  long: number,
  measuring: Measuring,
): Promise<Part> {
  await using stack = new AsyncDisposableStack()
  const [empty, full] = [stack.use(makeWorld(folder)), stack.use(makeWorld(folder))]
  measuring.say(`start: ${long} concluded runs are written`)
  using _ = holdRuns(full, await fill(full, long))
  const [few, many, megabytes]: [number[], number[], number[]] = [[], [], []]
  for (let round = 0; round <= Math.min(rounds, MOST_ROUNDS); round += 1) {
    measuring.signal.throwIfAborted()
    measuring.say(`start ${round}/${Math.min(rounds, MOST_ROUNDS)}`)
    const [bare, found] = [await startIn(empty), await startIn(full)]
    // The first one may compile.
    if (round === 0) continue
    few.push(bare.readyMs)
    many.push(found.readyMs)
    megabytes.push(found.residentMb)
  }
  await using service = await serveIn(full)
  const shares = await sharesOf(service.pid, measuring.signal)
  return partOf({ few, many, megabytes, shares }, long)
}

async function startIn(world: World) {
  await using service = await serveIn(world)
  return { readyMs: service.readyMs, residentMb: memoryOf(service.pid).residentKb / 1024 }
}

/** Concluded long ago, told to GitHub, their folders pruned; resolves to those that are under way by the records. */
async function fill({ state }: World, long: number): Promise<readonly RunRow[]> {
  await using undo = new AsyncDisposableStack()
  const store = await openStore(state.database)
  undo.defer(() => store.close())
  await enqueue(store, long + LIVE)
  using connection = new DatabaseSync(state.database, { timeout: 5_000 })
  connection.exec(`
    UPDATE reports SET state = 'sent', ended_at = 1;
    UPDATE runs SET state = 'running', stage = 'only', started_at = 1, attempts = 1 WHERE enqueued_at >= ${long};
    UPDATE runs SET state = 'concluded', started_at = 1, concluded_at = enqueued_at, attempts = 1,
      verdict = '{"conclusion":"success","reason":"passed","title":"Passed","exitCode":0}' WHERE enqueued_at < ${long}`)
  return store.live()
}

interface Starts {
  readonly few: readonly number[]
  readonly many: readonly number[]
  readonly megabytes: readonly number[]
  readonly shares: readonly number[]
}

function partOf({ few, many, megabytes, shares }: Starts, long: number): Part {
  return {
    name: 'start',
    title: `10. The start of the service, with ${long} concluded and ${LIVE} live runs`,
    conditions:
      'From spawn to `service.ready`, rounds alternate. The concluded runs are records alone; the live ones are held by the benchmark, each with folder, marks and journal.',
    groups: [
      {
        title: 'until it is ready',
        figures: [
          figure('over the start with nothing there', '×', ratios(many, few)),
          figure('with nothing there', 'ms', few),
          figure('with all of them', 'ms', many),
        ],
      },
      {
        title: 'with all of them',
        figures: [
          figure('resident memory when it is ready', 'MB', megabytes),
          figure('processor, of one core', '%', shares),
        ],
      },
    ],
  }
}
