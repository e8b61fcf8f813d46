import {
  chmodSync,
  constants,
  fstatSync,
  mkdirSync,
  opendirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'
import { O_PATH, opened, readPart } from './durable.ts'

/** What a copy may be at most. */
export interface CopyLimits {
  readonly bytes: number
  readonly entries: number
}

const FOLDER = 0o755
const FILE = 0o644
const PROGRAM = 0o755
const DEEPEST = 40

/**
 * Copies a file or a whole folder out of a folder that others own and may change meanwhile, or says why not, in words that name no path of this
 * machine. Every step goes by descriptor; links in it are copied as links, and none is followed. `to` must not be there yet.
 */
export function copyInside(
  folder: string,
  name: string,
  to: string,
  limits: CopyLimits,
): { readonly fault: string } | null {
  try {
    using root = opened(folder, constants.O_RDONLY | constants.O_DIRECTORY)
    using looked = opened(join(folder, name), O_PATH)
    const path = `/proc/self/fd/${looked.value}`
    const real = readlinkSync(path)
    const whole = realpathSync(folder)
    if (real !== whole && !real.startsWith(`${whole}/`)) return { fault: 'it leads out of the repository' }
    const walk = { room: { ...limits }, owner: fstatSync(root.value).uid }
    const stat = fstatSync(looked.value)
    if (!stat.isDirectory() && !stat.isFile()) return { fault: 'it is no regular file and no folder' }
    using there = opened(path, constants.O_RDONLY)
    if (stat.isFile()) copyFile(there.value, to, walk)
    else copyFolder(there.value, to, walk, 0)
    return null
  } catch (error) {
    if (error instanceof CopyFault) return { fault: error.message }
    const code = codeOf(error)
    return { fault: code === 'ENOENT' ? 'it is not there' : `it cannot be read (${code})` }
  }
}

/** Leads from deep in a folder to the answer. */
class CopyFault extends Error {
  override readonly name = 'CopyFault'
}

interface Walk {
  readonly room: { bytes: number; entries: number }
  readonly owner: number
}

function copyFolder(from: number, to: string, walk: Walk, depth: number): void {
  if (depth > DEEPEST) throw new CopyFault(`it has more than ${DEEPEST} folders in one another`)
  mkdirSync(to)
  chmodSync(to, FOLDER)
  const path = `/proc/self/fd/${from}`
  using entries = opendirSync(path)
  for (let entry = entries.readSync(); entry !== null; entry = entries.readSync()) {
    walk.room.entries -= 1
    if (walk.room.entries < 0) throw new CopyFault('it has too many files')
    copyEntry(`${path}/${entry.name}`, join(to, entry.name), walk, depth)
  }
}

/** Looked at and read through one descriptor: what somebody puts in its place meanwhile is another thing. */
function copyEntry(from: string, to: string, walk: Walk, depth: number): void {
  using looked = opened(from, O_PATH | constants.O_NOFOLLOW)
  const path = `/proc/self/fd/${looked.value}`
  const stat = fstatSync(looked.value)
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to)
  } else if (stat.isDirectory()) {
    using inner = opened(path, constants.O_RDONLY | constants.O_DIRECTORY)
    copyFolder(inner.value, to, walk, depth + 1)
  } else if (stat.isFile()) {
    using file = opened(path, constants.O_RDONLY)
    copyFile(file.value, to, walk)
  } else throw new CopyFault('it has something that is no file, folder or link')
}

function copyFile(from: number, to: string, walk: Walk): void {
  const { size, mode, nlink, uid } = fstatSync(from)
  // A second name may be one that its owner never gave away: a link to a file that only the reader may read.
  if (nlink > 1 && uid !== walk.owner) throw new CopyFault("it has a hard link to another user's file")
  walk.room.bytes -= size
  if (walk.room.bytes < 0) throw new CopyFault('it is too large')
  writeFileSync(to, readPart(from, 0, size), { flag: 'wx' })
  chmodSync(to, (mode & 0o100) === 0 ? FILE : PROGRAM)
}
