import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { codeOf, HarnessError } from '../errors.ts'
import { formatMark, type Mark, type MarkState, parseMark } from '../model/mark.ts'
import { tryFlock } from './syscalls.ts'

/** Longer marks are not ours (seven names of 253 characters fit twice). */
const MOST_MARK_BYTES = 8192

/**
 * Opens a lock file and takes its lock, or returns null when somebody else has it. The descriptor is a bare integer: a
 * FileHandle closes itself when it is collected, and the lock with it. The comparison after locking is the safety property: the
 * file may have been unlinked, and made anew, between open and flock.
 * @throws HarnessError LOCK_FILE naming the path
 */
export function lockExclusively(path: string): number | null {
  for (;;) {
    const fd = openLockFile(path)
    try {
      if (!tryFlock(fd)) return closed(fd)
      if (isStillAt(fd, path)) return fd
    } catch (error) {
      closeSync(fd)
      throw new HarnessError('LOCK_FILE', `Lock file ${path} cannot be used`, { cause: error })
    }
    closeSync(fd)
  }
}

/** Do the descriptor and the path name the same inode. */
export function isStillAt(fd: number, path: string): boolean {
  try {
    const ours = fstatSync(fd, { bigint: true })
    const theirs = statSync(path, { bigint: true })
    return ours.dev === theirs.dev && ours.ino === theirs.ino
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false
    throw error
  }
}

/** Reads the mark by position: the file offset belongs to everybody who shares the description. */
export function readMark(fd: number): MarkState {
  const bytes = Buffer.alloc(MOST_MARK_BYTES)
  const length = readSync(fd, bytes, 0, MOST_MARK_BYTES, 0)
  return parseMark(bytes.toString('utf8', 0, length))
}

/** The mark of a lock file, without taking its lock: for looking only. A name whose file cannot be read (a directory stands there) is not clean. */
export function peekMark(path: string): MarkState {
  let fd = -1
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return readMark(fd)
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'clean' : 'unreadable'
  } finally {
    if (fd >= 0) closeSync(fd)
  }
}

/** Writes the mark and flushes it; the caller holds the lock. */
export function writeMark(fd: number, mark: Mark): void {
  const text = Buffer.from(formatMark(mark))
  ftruncateSync(fd, 0)
  writeSync(fd, text, 0, text.length, 0)
  fsyncSync(fd)
}

/** Clears the mark and flushes that; the caller holds the lock and has seen a verified teardown. */
export function clearMark(fd: number): void {
  ftruncateSync(fd, 0)
  fsyncSync(fd)
}

/** @throws HarnessError LOCK_FILE naming the path */
export function openLockFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600)
  } catch (error) {
    throw new HarnessError('LOCK_FILE', `Lock file ${path} cannot be opened`, { cause: error })
  }
}

function closed(fd: number): null {
  closeSync(fd)
  return null
}
