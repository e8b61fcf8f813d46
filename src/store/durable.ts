import {
  chmodSync,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, HarnessError } from '../errors.ts'

/** Flushes a folder, so that names made or removed in it survive a power cut (fsync(2) of a file does not promise that). */
export function syncFolder(path: string): void {
  using fd = opened(path, constants.O_RDONLY | constants.O_DIRECTORY)
  fsyncSync(fd.value)
}

/** Writes a new file and flushes its content; the caller flushes the folder. */
export function writeSynced(path: string, content: string | Uint8Array): void {
  using fd = opened(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC)
  writeAll(fd.value, content)
  fdatasyncSync(fd.value)
}

/** Replaces a file as a whole: readers see the old or the new content, also after a power cut. A full disk is left as it was. */
export function replaceFile(path: string, content: string | Uint8Array): void {
  const temporary = temporaryName(path)
  try {
    writeSynced(temporary, content)
    renameSync(temporary, path)
  } catch (error) {
    removeIfThere(temporary)
    throw error
  }
  syncFolder(dirname(path))
}

/** Replaces a file that everybody may read, as a whole. It is not flushed: whoever wrote it writes another one soon. */
export function replaceShared(path: string, content: string): void {
  const temporary = temporaryName(path)
  try {
    writeFileSync(temporary, content, { flag: 'wx' })
    chmodSync(temporary, 0o644)
    renameSync(temporary, path)
  } catch (error) {
    removeIfThere(temporary)
    throw error
  }
}

/** Creates a file as a whole unless it is there; false = somebody was first, and theirs stands. What is no file is nobody's. */
export function createOnce(path: string, content: string): boolean {
  const temporary = temporaryName(path)
  try {
    writeSynced(temporary, content)
    linkSync(temporary, path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== false) return false
    renameSync(temporary, path)
  } finally {
    removeIfThere(temporary)
  }
  syncFolder(dirname(path))
  return true
}

/** Longer files are no records of ours: one that a stage has blown up must not fill who reads it. */
export const MOST_READ_BYTES = 4 * 1024 * 1024

/**
 * The file's text, or null where there is none. A stage may have put anything in its place: nothing is waited for, and no link is followed.
 * @throws HarnessError NOT_A_FILE, TOO_LONG
 */
export function readIfThere(path: string): string | null {
  try {
    using file = openedFile(path, constants.O_RDONLY)
    const { size } = fstatSync(file.value)
    if (size > MOST_READ_BYTES)
      throw new HarnessError('TOO_LONG', `${path} has ${size} bytes, more than ${MOST_READ_BYTES}`)
    return readPart(file.value, 0, size).toString('utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** So many bytes from a place on, or fewer where the file ends before. By position: the offset belongs to all who share the description. */
export function readPart(fd: number, from: number, most: number): Buffer {
  const bytes = Buffer.alloc(most)
  for (let done = 0; ; ) {
    const length = readSync(fd, bytes, done, most - done, from + done)
    done += length
    if (length === 0 || done === most) return bytes.subarray(0, done)
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
export function writeAll(fd: number, content: string | Uint8Array): void {
  const bytes = Buffer.from(content)
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}

/**
 * Not opened for anything but to be named by: needs no permission on the thing itself, and wakes, waits for and changes nothing, whatever it is
 * (open(2)).
 */
export const O_PATH = 0o10000000

/**
 * An open descriptor that closes with its scope. Never used for locks: those are given up by a step of their own. Never waits: to open a FIFO
 * would, for the other end (fifo(7)).
 */
export function opened(path: string, flags: number): { readonly value: number } & Disposable {
  const value = openSync(path, flags | constants.O_NONBLOCK, 0o600)
  return { value, [Symbol.dispose]: () => closeSync(value) }
}

/** The same for a regular file only. @throws HarnessError NOT_A_FILE */
export function openedFile(path: string, flags: number): { readonly value: number } & Disposable {
  const value = openFile(path, flags)
  return { value, [Symbol.dispose]: () => closeSync(value) }
}

/** For a descriptor that outlives the scope. @throws HarnessError NOT_A_FILE: no link is followed, and nothing waited for */
export function openFile(path: string, flags: number): number {
  let fd: number
  try {
    fd = openSync(path, flags | constants.O_NONBLOCK | constants.O_NOFOLLOW, 0o600)
  } catch (error) {
    if (NO_FILE.has(codeOf(error))) throw notAFile(path, error)
    throw error
  }
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  throw notAFile(path)
}

/** What open(2) says of links, of folders, and of sockets and FIFOs without a reader. */
const NO_FILE: ReadonlySet<string | null> = new Set(['ELOOP', 'EISDIR', 'ENXIO'])

function notAFile(path: string, cause?: unknown): HarnessError {
  return new HarnessError('NOT_A_FILE', `${path} is no regular file`, { cause })
}

let serial = 0

/** Dot names are never read as entries; pid and serial keep two writers apart. */
function temporaryName(path: string): string {
  serial += 1
  return `${dirname(path)}/.${process.pid}-${serial}-${process.hrtime.bigint()}`
}
