import type { Name } from '../model/names.ts'
import { readResult } from '../store/result.ts'
import { runPaths } from '../store/runFolder.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { holdersOf, type LockedFiles, lockedFiles } from './holders.ts'
import { peekMark } from './lockFile.ts'

/** A run that is under way by its records. */
export interface Suspect {
  readonly id: string
  readonly names: readonly Name[]
}

/** A look is not one moment: descriptors that are just being handed from one process to another can be missed by one, and not by the next. */
const LOOKS = 2

/**
 * Those of the runs that no process has any more: none of their names is held, or another run is there. They are dead, and to be recovered.
 * Takes no lock; all runs cost one look at /proc together, and none where there are no runs.
 * @param lately what was locked a moment ago; what seems dead by that is looked at again
 */
export function deadRuns(
  paths: StatePaths,
  runs: readonly Suspect[],
  lately: () => LockedFiles = lockedFiles,
): ReadonlySet<string> {
  let left = runs
  for (const look of [lately, ...Array<typeof lately>(LOOKS - 1).fill(lockedFiles)])
    left = left.length === 0 ? left : unheld(paths, left, look())
  return new Set(left.map(({ id }) => id).filter((id) => !hasEnded(paths, id)))
}

function unheld(paths: StatePaths, runs: readonly Suspect[], locked: LockedFiles): readonly Suspect[] {
  const holders = holdersOf(paths, [...new Set(runs.flatMap(({ names }) => names))], locked)
  return runs.filter(
    ({ id, names }) =>
      !names.some((name) => (holders.get(name) ?? []).length > 0 && mayBeOf(paths, name, id)),
  )
}

/** A name is locked before it is marked, so a clean one may be any run's. */
function mayBeOf(paths: StatePaths, name: Name, run: string): boolean {
  const mark = peekMark(lockPath(paths, name))
  return typeof mark === 'string' || mark.run === run
}

/** Its processes end after its result is written: a run may have got there between two looks. */
function hasEnded(paths: StatePaths, id: string): boolean {
  try {
    return readResult(runPaths(paths, id)) !== null
  } catch {
    return false
  }
}
