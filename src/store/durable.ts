import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '../errors.ts'

/** Flushes a folder, so that names made or removed in it survive a power cut (fsync(2) of a file does not promise that). */
export function syncFolder(path: string): void {
  using fd = opened(path, constants.O_RDONLY | constants.O_DIRECTORY)
  fsyncSync(fd.value)
}

/** Writes a new file and flushes its content; the caller flushes the folder. */
export function writeSynced(path: string, content: string): void {
  using fd = opened(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
  writeAll(fd.value, content)
  fdatasyncSync(fd.value)
}

/** Replaces a file as a whole: readers see the old or the new content, also after a power cut. */
export function replaceFile(path: string, content: string): void {
  const temporary = temporaryName(path)
  writeSynced(temporary, content)
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** Creates a file as a whole unless it is there; false = somebody was first, and theirs stands. */
export function createOnce(path: string, content: string): boolean {
  const temporary = temporaryName(path)
  writeSynced(temporary, content)
  try {
    linkSync(temporary, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(temporary)
  }
  syncFolder(dirname(path))
  return true
}

/** The file's text, or null where there is none. */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Removes a file; one that is gone already is fine. */
export function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
}

/** A write may be short (a nearly full disk, a signal): goes on until all bytes are in. */
export function writeAll(fd: number, content: string): void {
  const bytes = Buffer.from(content)
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

/** An open descriptor that closes with its scope. Never used for locks: those are given up by a step of their own. */
export function opened(path: string, flags: number): { readonly value: number } & Disposable {
  const value = openSync(path, flags, 0o600)
  return { value, [Symbol.dispose]: () => closeSync(value) }
}

let serial = 0

/** Dot names are never read as entries; pid and serial keep two writers apart. */
function temporaryName(path: string): string {
  serial += 1
  return `${dirname(path)}/.${process.pid}-${serial}-${process.hrtime.bigint()}`
}
