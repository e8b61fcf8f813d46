import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { writeMark } from '../../src/lock/lockFile.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { tryFlock } from '../../src/lock/syscalls.ts'
import type { RunRow } from '../../src/model/ports.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { makeRequest } from '../../src/model/request.ts'
import { identityOf } from '../../src/process/procfs.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { openJournal } from '../../src/store/journalFile.ts'
import { createRunFolder } from '../../src/store/runFolder.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { figure, type Part, ratios } from './figures.ts'
import { memoryOf, sharesOf } from './processes.ts'
import { enqueue } from './queued.ts'
import { serveIn } from './service.ts'
import type { Measuring } from './wait.ts'
import { makeWorld, NOOP, type World } from './world.ts'

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
  using _ = liveRuns(full, await fill(full, long))
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

/** By the kernel's word this process has them: it holds their locks, and stands in their journals as who conducts them. */
function liveRuns(world: World, runs: readonly RunRow[]): Disposable {
  const recipe = loadRecipe(join(world.root, 'recipes', NOOP), world.config.budgets)
  using undo = new DisposableStack()
  for (const row of runs) undo.use(liveRun(world, recipe, row))
  return undo.move()
}

function liveRun({ state, config }: World, recipe: Recipe, row: RunRow): Disposable {
  using undo = new DisposableStack()
  const held = tryAcquire(state, row.names)
  if (held.kind === 'busy') throw new Error(`${held.name} of the benchmark is held by somebody else`)
  undo.defer(() => letGo(held))
  const wish = { ...row, run: row.id, foreground: false, requestedAtMs: row.enqueuedAtMs }
  const request = makeRequest(wish, recipe, config, null)
  const run = createRunFolder(state, request, recipe.folder)
  const mark = { run: row.id, locks: request.names, since: 1 }
  addOpenRun(state, mark)
  for (const fd of held.fds) writeMark(fd, mark)
  const journal = openJournal(run.journal, tryFlock)
  const conductor = identityOf(process.pid)
  if (journal === null || conductor === null)
    throw new Error(`run ${row.id} of the benchmark cannot be conducted`)
  undo.defer(() => journal.close())
  journal.append({ event: 'process.started', ...conductor, wrapper: process.pid })
  journal.append({ event: 'prepared', stages: ['only'], keepMs: 0, containment: 'sweep', fault: null })
  journal.append({
    event: 'stage.started',
    name: 'only',
    containment: { kind: 'sweep', run: row.id, stage: 'only' },
  })
  return undo.move()
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
