import { unlinkSync } from 'node:fs'
import type { Name } from '../model/names.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { readMark } from './lockFile.ts'
import { letGo, tryAcquire } from './nameLocks.ts'
import { openRuns } from './openRuns.ts'
import { hasWaiters } from './tickets.ts'

/**
 * Unlinks a lock file that nobody has, waits for, or left anything behind: only a holder may, only the inode that it has compared under the
 * lock, and strictly before it closes. A waiter that comes after the look is safe through its own comparison.
 * @returns false = it is in use
 */
export function removeIdleLock(paths: StatePaths, name: Name): boolean {
  const held = tryAcquire(paths, [name])
  if (held.kind === 'busy') return false
  try {
    const clean = held.fds.every((fd) => readMark(fd) === 'clean')
    const wanted =
      hasWaiters(paths, name) ||
      openRuns(paths).some(({ locks }) => locks.length === 0 || locks.includes(name))
    if (!clean || wanted) return false
    unlinkSync(lockPath(paths, name))
    return true
  } finally {
    letGo(held)
  }
}
