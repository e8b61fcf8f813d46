import { rmSync } from 'node:fs'
import { HarnessError, messageOf } from '../errors.ts'
import { isLimited } from '../model/limits.ts'
import type { Mark } from '../model/mark.ts'
import type { RunRequest } from '../model/run.ts'
import { concludedUnstarted } from '../model/verdict.ts'
import { type Launched, launchWrapper, type WarmWrapper } from '../process/launch.ts'
import { settleInLeaf } from '../process/leaf.ts'
import { readSecrets } from '../secrets/operatorFolder.ts'
import { writeUnstarted } from '../store/result.ts'
import { createRunFolder, hasRunFolder, type RunPaths, runPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { writeMark } from './lockFile.ts'
import { type Held, letGo } from './nameLocks.ts'
import { addOpenRun } from './openRuns.ts'
import { clearMarks } from './release.ts'

export interface Start {
  readonly state: StatePaths
  readonly request: RunRequest
  readonly recipeFolder: string
  readonly held: Held
  readonly cloneToken: string | null
  /** Its processes, if they were started ahead with the descriptors of `held`. */
  readonly warm: WarmWrapper | null
}

export interface StartedRun {
  readonly run: RunPaths
  readonly wrapper: Launched
}

/**
 * Starts a run whose names are held and clean: folder, entry in `open/`, marks, wrapper, in this order and each on disk before the next, so
 * that a crash between any two leaves either nothing or a dirty name that names a run which can be torn down. The locks are the
 * run's when this returns, and nobody's when it throws.
 * @throws HarnessError NOT_STARTED; the run is then concluded and its names are clean, unless it had a folder before: that one stays as it is
 */
export async function startRun(start: Start): Promise<StartedRun> {
  const { state, request, held } = start
  const hasBegun = hasRunFolder(runPaths(state, request.run))
  try {
    const run = prepare(start)
    if (isLimited(request.limits)) settleInLeaf()
    return { run, wrapper: await launch(start, run) }
  } catch (error) {
    try {
      if (!hasBegun) undo(start, messageOf(error))
    } finally {
      // They share the locks: whatever has failed before, these are given up by their end only.
      await start.warm?.end()
    }
    throw new HarnessError('NOT_STARTED', `Run ${request.run} could not be started`, { cause: error })
  } finally {
    letGo(held)
  }
}

/** Processes that were started ahead may be dead by now: then others take their place. */
async function launch({ state, request, held, cloneToken, warm }: Start, run: RunPaths): Promise<Launched> {
  if (warm?.go(cloneToken) === true) return warm
  const { names, fds } = held
  return launchWrapper({ state, run, names, fds, cloneToken, foreground: request.foreground })
}

function prepare({ state, request, recipeFolder, held }: Start): RunPaths {
  const run = createRunFolder(state, request, recipeFolder)
  const { faults } = readSecrets(request.recipe, request.secrets)
  if (faults.length > 0) throw new HarnessError('SECRETS', faults.join('; '))
  const mark: Mark = { run: request.run, locks: request.names, since: Date.now() }
  addOpenRun(state, mark)
  for (const fd of held.fds) writeMark(fd, mark)
  return run
}

/**
 * Nothing has begun, and the locks are held still: the marks may go at once. A folder that cannot say how it ended goes, too, and after
 * them: a mark whose run has no folder is a person's to clear.
 */
function undo({ state, request, held }: Start, why: string): void {
  const run = runPaths(state, request.run)
  const isTold = tellUnstarted(run, why)
  clearMarks(state, request.run, request.names, held)
  if (!isTold) rmSync(run.folder, { recursive: true, force: true })
}

function tellUnstarted(run: RunPaths, why: string): boolean {
  try {
    writeUnstarted(run, concludedUnstarted('not_started', `harness: not started: ${why}`))
    return true
  } catch {
    return false
  }
}
