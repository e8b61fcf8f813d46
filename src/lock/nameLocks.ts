import { closeSync } from 'node:fs'
import type { Name } from '../model/names.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { lockExclusively } from './lockFile.ts'

/** Locks that this process has, in the order of their names; each descriptor is a raw integer. */
export interface Held {
  readonly kind: 'held'
  readonly names: readonly Name[]
  readonly fds: readonly number[]
}

export interface Busy {
  readonly kind: 'busy'
  /** The first name that somebody else has. */
  readonly name: Name
}

/**
 * Takes the locks of all names, which must be sorted, or none: a loser holds nothing while it waits.
 * @throws HarnessError LOCK_FILE; then nothing is held
 */
export function tryAcquire(paths: StatePaths, names: readonly Name[]): Held | Busy {
  const fds: number[] = []
  try {
    for (const name of names) {
      const fd = lockExclusively(lockPath(paths, name))
      if (fd === null) {
        closeAll(fds)
        return { kind: 'busy', name }
      }
      fds.push(fd)
    }
  } catch (error) {
    closeAll(fds)
    throw error
  }
  return { kind: 'held', names, fds }
}

/** Gives up our copies of the descriptors; whoever shares them still holds the locks. */
export function letGo(held: Held): void {
  closeAll(held.fds)
}

export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) closeSync(fd)
}
