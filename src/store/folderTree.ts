import {
  chmodSync,
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { codeOf } from '../errors.ts'
import { O_PATH, openedFile, removeIfThere, writeAll } from './durable.ts'

const OWNERS_ALL = 0o700

/**
 * Removes a folder with all that is in it, whoever made it. Every step goes by descriptor, so no link is followed, also not one that somebody
 * puts there meanwhile; every folder is renamed before it is looked into, which the kernel refuses for a place where something is mounted (EBUSY);
 * and what lies deep is lifted up, so neither depth nor long paths matter. Killed at any moment, the next call goes on.
 * @param mayGoOn asked before each entry
 * @returns false = it was not allowed to go on
 * @throws the first error, when nothing more of it can be removed
 */
export function removeTree(path: string, mayGoOn: () => boolean): boolean {
  const opened = openFolder(path)
  if (opened === null) {
    removeIfThere(path)
    return true
  }
  using top = opened
  openUp(top.fd)
  for (let entries = entriesIn(top.fd); entries.length > 0; entries = entriesIn(top.fd)) {
    const round = emptyOnce(top.fd, entries, mayGoOn)
    if (round.stopped) return false
    if (round.done === 0) throw round.fault
  }
  rmdirSync(path)
  return true
}

interface Round {
  readonly done: number
  readonly stopped: boolean
  readonly fault: unknown
}

/** Removes what can be removed of these; folders that it lifts up on the way are left for the next round. */
function emptyOnce(top: number, entries: readonly Dirent<Buffer>[], mayGoOn: () => boolean): Round {
  let done = 0
  let fault: unknown = null
  for (const entry of entries) {
    if (!mayGoOn()) return { done, stopped: true, fault }
    try {
      if (entry.isDirectory()) removeFolder(top, below(top, entry.name), mayGoOn)
      else unlinkSync(below(top, entry.name))
      done += 1
    } catch (error) {
      fault ??= error
    }
  }
  return { done, stopped: false, fault }
}

/** Of a folder of many files a part goes, where it may not go on. */
function removeFolder(top: number, path: Buffer, mayGoOn: () => boolean): void {
  const lifted = lift(top, path)
  const opened = openFolder(lifted)
  if (opened === null) return
  using folder = opened
  for (const child of entriesIn(folder.fd)) {
    if (!mayGoOn()) return
    if (child.isDirectory()) lift(top, below(folder.fd, child.name))
    else unlinkSync(below(folder.fd, child.name))
  }
  rmdirSync(lifted)
}

let serial = 0

/** Moves a folder to right below the uppermost one, under a name that nothing has. */
function lift(top: number, path: Buffer): Buffer {
  serial += 1
  const lifted = below(top, Buffer.from(`.up-${process.hrtime.bigint()}-${serial}`))
  const opened = openFolder(path)
  if (opened === null) return lifted
  using folder = opened
  openUp(folder.fd)
  renameSync(path, lifted)
  return lifted
}

/** What a tree takes of the disk, in bytes, as far as it can be read; a file of several names counts with its share. No link is followed. */
export function treeBytes(path: string): number {
  const opened = openFolder(path)
  if (opened === null) return 0
  using folder = opened
  return folderBytes(folder.fd, 0)
}

/** Writes a small file right in this folder, which is not sought through links; nothing is flushed. */
export function writeIn(path: string, name: string, text: string): void {
  const opened = openFolder(path)
  if (opened === null) return
  using folder = opened
  using file = openedFile(
    `${pathOf(folder.fd)}/${name}`,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC,
  )
  writeAll(file.value, text)
}

/** Each level keeps a descriptor open; what lies deeper is not worth more of them. */
const DEEPEST = 256
const BLOCK_BYTES = 512

function folderBytes(fd: number, depth: number): number {
  let bytes = fstatSync(fd).blocks * BLOCK_BYTES
  for (const entry of readableEntries(fd)) {
    const path = below(fd, entry.name)
    if (!entry.isDirectory()) bytes += fileBytes(path)
    else if (depth < DEEPEST) bytes += innerBytes(path, depth)
  }
  return bytes
}

function readableEntries(fd: number): readonly Dirent<Buffer>[] {
  try {
    return entriesIn(fd)
  } catch (error) {
    if (codeOf(error) === 'EACCES') return []
    throw error
  }
}

function innerBytes(path: Buffer, depth: number): number {
  const opened = openFolder(path)
  if (opened === null) return 0
  using folder = opened
  return folderBytes(folder.fd, depth + 1)
}

/** Below a folder that may be read and not entered nothing can be asked. */
function fileBytes(path: Buffer): number {
  try {
    const { blocks, nlink } = lstatSync(path)
    return (blocks * BLOCK_BYTES) / Math.max(1, nlink)
  } catch {
    return 0
  }
}

interface Folder extends Disposable {
  readonly fd: number
}

/** A folder by descriptor; null = there is none at the path: a link is none. */
function openFolder(path: string | Buffer): Folder | null {
  let fd: number
  try {
    fd = openSync(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
  return { fd, [Symbol.dispose]: () => closeSync(fd) }
}

/** A folder that its owner may not change cannot be emptied, nor moved. Whoever may not do this, or has no need to, meets what comes of it. */
function openUp(fd: number): void {
  if ((fstatSync(fd).mode & OWNERS_ALL) === OWNERS_ALL) return
  try {
    chmodSync(pathOf(fd), OWNERS_ALL)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error
  }
}

/** Names are bytes: any but `/` and 0. */
function entriesIn(fd: number): readonly Dirent<Buffer>[] {
  return readdirSync(pathOf(fd), { withFileTypes: true, encoding: 'buffer' })
}

function below(fd: number, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${pathOf(fd)}/`), name])
}

/** The kernel's own link to what the descriptor stands for: no name on the way to it counts (proc(5)). */
function pathOf(fd: number): string {
  return `/proc/self/fd/${fd}`
}
