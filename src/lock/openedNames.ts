import type { Name } from '../model/names.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { isStillAt, openLockFile } from './lockFile.ts'
import { type Busy, closeAll, type Held } from './nameLocks.ts'
import { tryFlock } from './syscalls.ts'

/** Lock files that are open and not locked: for a run whose processes are started ahead of its turn, and share the descriptions. */
export interface OpenedNames {
  readonly names: readonly Name[]
  readonly fds: readonly number[]
}

/** @throws HarnessError LOCK_FILE; then nothing is open */
export function openNames(paths: StatePaths, names: readonly Name[]): OpenedNames {
  const fds: number[] = []
  try {
    for (const name of names) fds.push(openLockFile(lockPath(paths, name)))
  } catch (error) {
    closeAll(fds)
    throw error
  }
  return { names, fds }
}

/**
 * Takes the locks of open files, for everybody who shares them. Compared after locking, like every lock.
 * @returns null = some were taken, or stand at a path no more: our copies are closed, and only the end of all who share them gives those up
 * @throws what the system says of a file that cannot be used; then our copies are closed, too
 */
export function lockOpened(paths: StatePaths, opened: OpenedNames): Held | Busy | null {
  let locked: Held | Busy | null = null
  try {
    locked = tryOpened(paths, opened)
    return locked
  } finally {
    if (locked === null) closeAll(opened.fds)
  }
}

function tryOpened(paths: StatePaths, { names, fds }: OpenedNames): Held | Busy | null {
  for (const [index, name] of names.entries()) {
    const fd = fds[index] ?? -1
    if (!tryFlock(fd)) return index === 0 ? { kind: 'busy', name } : null
    if (!isStillAt(fd, lockPath(paths, name))) return null
  }
  return { kind: 'held', names, fds }
}
