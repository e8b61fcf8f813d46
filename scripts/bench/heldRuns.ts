import { join } from 'node:path'
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
import { NOOP, type World } from './world.ts'

/** Has these runs be under way in a stage by the kernel's word: this process holds their locks, and stands in their journals as who conducts them. */
export function holdRuns(world: World, runs: readonly RunRow[]): Disposable {
  const recipe = loadRecipe(join(world.root, 'recipes', NOOP), world.config.budgets)
  using undo = new DisposableStack()
  for (const row of runs) undo.use(heldRun(world, recipe, row))
  return undo.move()
}

function heldRun({ state, config }: World, recipe: Recipe, row: RunRow): Disposable {
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
