import { fstatSync } from 'node:fs'
import { HarnessError } from '../errors.ts'
import type { Name } from '../model/names.ts'
import { readProc } from '../process/procfs.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { holdersOf } from './holders.ts'
import { isStillAt, peekMark } from './lockFile.ts'
import type { Held } from './nameLocks.ts'
import { tryFlock } from './syscalls.ts'

const FIRST = 3
const O_CLOEXEC = 0o2000000

/**
 * The locks that the wrapper gave to this process, at descriptors 3, 4, … in the order of the names. Node marks inherited descriptors
 * close-on-exec up to the first gap only: one that is not marked would leak into stages, and is refused.
 * @throws HarnessError LOCK_DESCRIPTOR naming the descriptor and what is wrong with it
 */
export function inheritedLocks(names: readonly Name[]): Held {
  const fds = names.map((name, index) => {
    const fd = FIRST + index
    const fault = descriptorFault(fd)
    if (fault !== null)
      throw new HarnessError('LOCK_DESCRIPTOR', `Descriptor ${fd}, the lock of ${name}, ${fault}`)
    return fd
  })
  return { kind: 'held', names, fds }
}

/** The first name whose lock file was removed or replaced under us, or null. */
export function lostLock(paths: StatePaths, held: Held): Name | null {
  return held.names.find((name, index) => !isStillAt(held.fds[index] ?? -1, lockPath(paths, name))) ?? null
}

/**
 * Those of a run's names, not held by whoever recovers it, that somebody else stands at: marks and entries that were lost let another run in
 * before this one was found again. Takes no lock.
 */
export function takenNames(paths: StatePaths, run: string, names: readonly Name[]): readonly Name[] {
  if (names.length === 0) return []
  const holders = holdersOf(paths, names)
  return names.filter((name) => {
    const mark = peekMark(lockPath(paths, name))
    return (typeof mark === 'string' || mark.run !== run) && (holders.get(name) ?? []).length > 0
  })
}

function descriptorFault(fd: number): string | null {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readProc(`/proc/self/fdinfo/${fd}`) ?? '')?.[1]
  if (flags === undefined) return 'is not open'
  if (!fstatSync(fd).isFile()) return 'is no file: something of Node’s own stands there'
  if ((Number.parseInt(flags, 8) & O_CLOEXEC) === 0) return 'is not close-on-exec: it stands behind a gap'
  return tryFlock(fd) ? null : 'is locked by somebody else'
}
