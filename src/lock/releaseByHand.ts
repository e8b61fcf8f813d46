import type { Name } from '../model/names.ts'
import { concludedUnstarted } from '../model/verdict.ts'
import { openJournal } from '../store/journalFile.ts'
import { writeUnstarted } from '../store/result.ts'
import { hasRunFolder, type RunPaths, readRequest, runPaths } from '../store/runFolder.ts'
import { runRecord } from '../store/runRecord.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { clearMark, readMark } from './lockFile.ts'
import { type Held, letGo, tryAcquire } from './nameLocks.ts'
import { openRun, openRuns, removeOpenRun } from './openRuns.ts'
import { clearMarks } from './release.ts'
import { tryFlock } from './syscalls.ts'

export type Released =
  | { readonly kind: 'released'; readonly runs: readonly string[] }
  | { readonly kind: 'clean' }
  | { readonly kind: 'busy' }

/**
 * Clears what a dead run left marked at a name, on the word of a person who has dealt with it. A live run is never touched: its name is
 * busy. The word is journalled, so that the run's other names are cleared by whoever takes them.
 */
export function releaseByHand(paths: StatePaths, name: Name, reason: string): Released {
  const held = tryAcquire(paths, [name])
  if (held.kind === 'busy') return { kind: 'busy' }
  try {
    const marked = held.fds.map(readMark).flatMap((mark) => (typeof mark === 'string' ? [] : [mark.run]))
    const open = openRuns(paths).filter(({ locks }) => locks.includes(name))
    const runs = [...new Set([...marked, ...open.map(({ run }) => run)])]
    if (!runs.every((run) => declareClean(paths, run, reason, held))) return { kind: 'busy' }
    const stray = held.fds.filter((fd) => readMark(fd) !== 'clean')
    for (const fd of stray) clearMark(fd)
    return runs.length === 0 && stray.length === 0 ? { kind: 'clean' } : { kind: 'released', runs }
  } finally {
    letGo(held)
  }
}

/** False = somebody is recovering this run now. */
function declareClean(paths: StatePaths, id: string, reason: string, held: Held): boolean {
  const run = runPaths(paths, id)
  if (!hasRunFolder(run)) {
    removeOpenRun(paths, id)
    return true
  }
  const file = openJournal(run.journal, tryFlock)
  if (file === null) return false
  // The service lives on after this: the run's lock must not stay with it, or its other names would be nobody's to clean.
  try {
    const left = [`declared clean by hand: ${reason}`]
    const report = { verified: true, ended: 0, ending: null, tookMs: 0, left }
    runRecord(file, run).append({ event: 'cleaned', report })
    writeUnstarted(
      run,
      concludedUnstarted('not_cleaned', `harness: ended by hand before it was concluded: ${reason}`),
    )
    clearMarks(paths, id, namesOf(paths, run, held), held)
    return true
  } finally {
    file.close()
  }
}

/** A request that cannot be read is one reason why a person is asked to deal with the run. */
function namesOf(paths: StatePaths, run: RunPaths, held: Held): readonly Name[] {
  try {
    return readRequest(run).names
  } catch {
    return [...held.names, ...(openRun(paths, run.id)?.locks ?? [])]
  }
}
