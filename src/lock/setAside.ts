import { closeSync, constants, existsSync, lstatSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'
import type { RunRequest } from '../model/run.ts'
import { openFile, syncFolder } from '../store/durable.ts'
import { type RunPaths, readRequest, runPaths } from '../store/runFolder.ts'
import { isRunId } from '../store/runId.ts'
import { entriesOf, lockPath, namesWithLockFile, type StatePaths } from '../store/stateFolder.ts'
import { hasVerifiedEnd } from './dirtyNames.ts'
import { peekMark } from './lockFile.ts'
import { openRun } from './openRuns.ts'
import { tryFlock } from './syscalls.ts'

/** A run's folder that is on its way out has this before its id: no reader takes it for a run. */
const ASIDE = '.gone-'

/**
 * Takes a run's folder out of everybody's sight, at once and for good, under the run's lock: nobody conducts it, or will. What is in it can
 * then be removed piece by piece, by whoever comes.
 * @returns null, or why it is kept
 */
export function setAside(paths: StatePaths, id: string): string | null {
  const run = runPaths(paths, id)
  const fd = openIfFile(run.journal)
  try {
    if (fd !== null && !tryFlock(fd)) return 'somebody has its journal'
    const why = whyKept(paths, run)
    if (why !== null) return why
    renameSync(run.folder, asidePath(paths, id))
    // After a power cut a folder in its old place must still be whole.
    syncFolder(paths.runs)
    return null
  } finally {
    if (fd !== null) closeSync(fd)
  }
}

/** Ids of the runs whose folders are set aside, and not removed yet. */
export function runsAside(paths: StatePaths): readonly string[] {
  return entriesOf(paths.runs)
    .filter((entry) => entry.startsWith(ASIDE))
    .map((entry) => entry.slice(ASIDE.length))
    .filter(isRunId)
}

export function asidePath(paths: StatePaths, id: string): string {
  return join(paths.runs, `${ASIDE}${id}`)
}

/** Why the run's folder must stay, whatever its age and size; null = nobody needs it. Takes no lock. */
export function whyKept(paths: StatePaths, run: RunPaths): string | null {
  if (openRun(paths, run.id) !== null) return 'the run is not cleaned yet'
  if (isUnbegun(run)) return null
  if (!hasVerifiedEnd(run)) return 'it has no verified end'
  const request = requestOf(run)
  const marked = (request?.names ?? namesWithLockFile(paths)).find((name) => isMarkedBy(paths, name, run.id))
  if (marked !== undefined) return `${marked} is marked with it`
  // A run of `berth run` tells nobody but its caller, who waits for it.
  if (request?.foreground === true || existsSync(run.reported)) return null
  return 'the service has not taken note of its end'
}

/** Made by somebody who died over it: what is asked for comes first, marks and processes later. */
function isUnbegun(run: RunPaths): boolean {
  const { request, journal, result } = run
  return [request, journal, result].every((path) => lstatSync(path, { throwIfNoEntry: false }) === undefined)
}

function requestOf(run: RunPaths): RunRequest | null {
  try {
    return readRequest(run)
  } catch {
    return null
  }
}

/** The next holder of that name would look for the run's folder. */
function isMarkedBy(paths: StatePaths, name: string, run: string): boolean {
  const mark = peekMark(lockPath(paths, name))
  return typeof mark !== 'string' && mark.run === run
}

/** Whoever conducts a run has such a journal locked. */
function openIfFile(path: string): number | null {
  try {
    return openFile(path, constants.O_RDONLY)
  } catch (error) {
    if (codeOf(error) === 'NOT_A_FILE' || codeOf(error) === 'ENOENT') return null
    throw error
  }
}
