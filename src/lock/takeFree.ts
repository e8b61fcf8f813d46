import type { LockedName } from '../janitor/leftoversPorts.ts'
import type { Name } from '../model/names.ts'
import { hasRunFolder, runPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { dirtyRuns, runOfMark } from './claim.ts'
import { dirtyNames } from './dirtyNames.ts'
import { letGo, tryAcquire } from './nameLocks.ts'

/**
 * Takes a name that nobody has, unless a run is to be cleaned there by its own recovery. A mark of a run whose folder is gone stays: what processes
 * it may have left nobody can tell.
 * @throws HarnessError LOCK_FILE
 */
export function takeFree(paths: StatePaths, name: Name): LockedName {
  const held = tryAcquire(paths, [name])
  if (held.kind === 'busy') return { kind: 'busy', by: runOfMark(paths, name) }
  const run = [...dirtyRuns(paths, held)].find((id) => hasRunFolder(runPaths(paths, id)))
  if (run === undefined) return { kind: 'held', letGo: () => letGo(held) }
  letGo(held)
  return { kind: 'dirty', run }
}

/** The same without a lock, as far as a look can tell. */
export function peekFree(
  paths: StatePaths,
  name: Name,
  looksHeld: (name: Name) => boolean,
): Exclude<LockedName, { kind: 'held' }> | { readonly kind: 'free' } {
  if (looksHeld(name)) return { kind: 'busy', by: runOfMark(paths, name) }
  const dirty = dirtyNames(paths).find(
    (left) => left.name === name && hasRunFolder(runPaths(paths, left.run)),
  )
  return dirty === undefined ? { kind: 'free' } : { kind: 'dirty', run: dirty.run }
}
