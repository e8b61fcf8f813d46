import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { HarnessError } from '../errors.ts'
import { type Journal, type StopRequest } from '../model/journal.ts'
import { parseJournal, readStopRequest } from '../model/readJournal.ts'
import { type RunRequest, readRunRequest } from '../model/run.ts'
import { createOnce, makeFolder, readIfThere, syncFolder, writeSynced } from './durable.ts'
import { copyRecipe } from './recipeCopy.ts'
import { RESERVE_BYTES, writeFromReserve } from './reserve.ts'
import { isRunId } from './runId.ts'
import { entriesOf, type StatePaths } from './stateFolder.ts'

/** The parts of a run's folder (design section 3). */
export interface RunPaths {
  readonly id: string
  readonly folder: string
  readonly request: string
  readonly recipe: string
  readonly journal: string
  readonly stop: string
  readonly signals: string
  readonly stages: string
  readonly artifacts: string
  readonly annotations: string
  readonly work: string
  /** Checkout of the last release before the commit; only of runs that deploy it. */
  readonly released: string
  /** Which release that is, or null: there is none yet. */
  readonly release: string
  readonly home: string
  readonly result: string
  readonly reserve: string
  readonly wrapperLog: string
  readonly reported: string
  readonly size: string
}

export function runPaths(paths: Pick<StatePaths, 'runs'>, id: string): RunPaths {
  return runPathsOf(join(paths.runs, id))
}

export function runPathsOf(folder: string): RunPaths {
  const id = basename(folder)
  return {
    id,
    folder,
    request: join(folder, 'request.json'),
    recipe: join(folder, 'recipe'),
    journal: join(folder, 'journal.ndjson'),
    stop: join(folder, 'stop.json'),
    signals: join(folder, 'signals'),
    stages: join(folder, 'stages'),
    artifacts: join(folder, 'artifacts'),
    annotations: join(folder, 'annotations.json'),
    work: join(folder, 'work'),
    released: join(folder, 'released'),
    release: join(folder, 'release.json'),
    home: join(folder, 'home'),
    result: join(folder, 'result.json'),
    reserve: join(folder, 'reserve'),
    wrapperLog: join(folder, 'wrapper.log'),
    reported: join(folder, 'reported'),
    size: join(folder, 'size'),
  }
}

/** Made under the run's locks: the request and the recipe as it was, flushed, so that any later process can tear down. */
export function createRunFolder(paths: StatePaths, request: RunRequest, recipeFolder: string): RunPaths {
  const run = runPaths(paths, request.run)
  mkdirSync(run.folder, { mode: 0o700 })
  chmodSync(run.folder, 0o711)
  for (const folder of [run.stages, run.artifacts, run.work, run.home]) makeFolder(folder)
  copyRecipe(recipeFolder, run.recipe, request.runAs)
  writeFileSync(run.reserve, Buffer.alloc(RESERVE_BYTES), { mode: 0o600 })
  writeSynced(run.request, `${JSON.stringify(request, null, 2)}\n`)
  syncFolder(run.folder)
  syncFolder(paths.runs)
  return run
}

/** @throws HarnessError RUN_FOLDER naming the file that cannot be read */
export function readRequest(run: RunPaths): RunRequest {
  return reading(run.request, () => {
    const text = readIfThere(run.request)
    if (text === null) throw new TypeError('it is missing')
    return readRunRequest(JSON.parse(text))
  })
}

/** The journal as one record; empty where no process has written yet. @throws HarnessError RUN_FOLDER */
export function readJournal(run: RunPaths): Journal {
  return reading(run.journal, () => parseJournal(readIfThere(run.journal) ?? ''))
}

export function readStop(run: RunPaths): StopRequest | null {
  return reading(run.stop, () => {
    const text = readIfThere(run.stop)
    return text === null ? null : readStopRequest(JSON.parse(text))
  })
}

/**
 * Signals that the run's wrappers have heard, such as `TERM`, each once, in order: a process that was just being started has missed them. Words
 * that cannot be read are a signal all the same.
 */
export function readSignals(run: RunPaths): readonly string[] {
  try {
    const signals = (readIfThere(run.signals) ?? '').split('\n')
    return [...new Set(signals)].filter((signal) => /^[A-Z]+$/.test(signal))
  } catch {
    return ['TERM']
  }
}

/** Makes a request to stop durable, on a full disk too: what fills it may be the run. False = an earlier one stands. Signals only wake. */
export function noteStop(run: RunPaths, stop: StopRequest): boolean {
  return writeFromReserve(run.reserve, () => createOnce(run.stop, `${JSON.stringify(stop)}\n`))
}

export function hasRunFolder(run: RunPaths): boolean {
  return existsSync(run.folder)
}

/** Ids of the runs whose folders do not say that the store knows their end. */
export function unreportedRuns(paths: Pick<StatePaths, 'runs'>): readonly string[] {
  return entriesOf(paths.runs).filter((id) => isRunId(id) && !existsSync(runPaths(paths, id).reported))
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new HarnessError('RUN_FOLDER', `${path} cannot be read`, { cause: error })
  }
}
