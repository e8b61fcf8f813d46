import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DirtyName } from '../janitor/ports.ts'
import { isVerified } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import { readResult } from '../store/result.ts'
import { type RunPaths, readJournal, readRequest, runPaths } from '../store/runFolder.ts'
import { isRunId } from '../store/runId.ts'
import { entriesOf, lockPath, namesWithLockFile, type StatePaths } from '../store/stateFolder.ts'
import { peekMark } from './lockFile.ts'
import { addOpenRun, openRuns } from './openRuns.ts'

/**
 * Names that may have to be cleaned: from marks, from open runs, and from run folders without a verified end (all that is left after a
 * lost or emptied lock folder). Takes no lock; live runs are among them.
 */
export function dirtyNames(paths: StatePaths): readonly DirtyName[] {
  const found = [...markedNames(paths), ...openNames(paths), ...forgottenNames(paths)]
  return [...new Map(found.map((dirty) => [`${dirty.name} ${dirty.run}`, dirty])).values()]
}

/** Gives run folders that nothing points at their entry in `open/` back, so that whoever takes their names recovers them. */
export function adoptForgotten(paths: StatePaths, only: string | null = null): void {
  const ids = only === null ? entriesOf(paths.runs) : [only]
  const isOpen = only === null ? openIn(paths) : (id: string) => existsSync(join(paths.open, id))
  for (const { run, names } of forgottenRuns(paths, ids, isOpen))
    addOpenRun(paths, { run, locks: names, since: Date.now() })
}

function markedNames(paths: StatePaths): readonly DirtyName[] {
  return namesWithLockFile(paths).flatMap((name) => {
    const mark = peekMark(lockPath(paths, name))
    if (mark === 'clean') return []
    return [{ name, run: mark === 'unreadable' ? 'unknown' : mark.run, why: 'its mark is in the lock file' }]
  })
}

function openNames(paths: StatePaths): readonly DirtyName[] {
  return openRuns(paths).flatMap(({ run, locks }) =>
    locks.map((name) => ({ name, run, why: 'its teardown is not verified' })),
  )
}

function forgottenNames(paths: StatePaths): readonly DirtyName[] {
  return forgottenRuns(paths, entriesOf(paths.runs), openIn(paths)).flatMap(({ run, names }) =>
    names.map((name) => ({ name, run, why: 'its folder has no verified end' })),
  )
}

function openIn(paths: StatePaths): (id: string) => boolean {
  const open = new Set(entriesOf(paths.open))
  return (id) => open.has(id)
}

function forgottenRuns(
  paths: StatePaths,
  ids: readonly string[],
  isOpen: (id: string) => boolean,
): readonly { readonly run: string; readonly names: readonly Name[] }[] {
  return ids
    .filter((id) => isRunId(id) && !isOpen(id))
    .map((id) => runPaths(paths, id))
    .flatMap((run) => (hasVerifiedEnd(run) ? [] : namesOfRun(run)))
}

/** By its result or its journal; false where neither can be read. */
export function hasVerifiedEnd(run: RunPaths): boolean {
  try {
    return readResult(run)?.verified === true || isVerified(readJournal(run))
  } catch {
    return false
  }
}

/** A folder without a readable request was never marked: nothing of its run has begun. */
function namesOfRun(run: RunPaths): readonly { readonly run: string; readonly names: readonly Name[] }[] {
  try {
    return [{ run: run.id, names: readRequest(run).names }]
  } catch {
    return []
  }
}
