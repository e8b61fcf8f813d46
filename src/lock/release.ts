import { isVerified, type Journal } from '../model/journal.ts'
import type { MarkState } from '../model/mark.ts'
import type { Name } from '../model/names.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { clearMark, isStillAt, peekMark, readMark } from './lockFile.ts'
import type { Held } from './nameLocks.ts'
import { removeOpenRun } from './openRuns.ts'

/**
 * Clears the marks of a run on the names that the caller holds, and ends its entry in `open/` when no name of it is marked any more.
 * Only for a run whose verified teardown is on disk, and only by whoever has the run's lock: else nothing happens.
 * @param names all names of the run
 */
export function clearMarks(paths: StatePaths, run: string, names: readonly Name[], held: Held): void {
  held.names.forEach((name, index) => {
    const fd = held.fds[index] ?? -1
    if (isStillAt(fd, lockPath(paths, name)) && isOf(readMark(fd), run)) clearMark(fd)
  })
  const marked = names.filter((name) => isOf(peekMark(lockPath(paths, name)), run))
  if (marked.length === 0) removeOpenRun(paths, run)
}

/** A torn mark under a run's own lock is that run's. */
function isOf(mark: MarkState, run: string): boolean {
  return mark === 'unreadable' || (mark !== 'clean' && mark.run === run)
}

/** The last thing that a run process does but end. */
export function release(
  paths: StatePaths,
  run: string,
  names: readonly Name[],
  held: Held,
  journal: Journal,
): void {
  if (isVerified(journal)) clearMarks(paths, run, names, held)
}
