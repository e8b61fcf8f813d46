import { constants, fstatSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'
import { O_PATH, opened, readPart } from './durable.ts'

/**
 * The bytes of a regular file in a folder that others own and may change meanwhile, or why they are not to be had, in words that name no path of this
 * machine. Links are followed as long as they stay in the folder. What is looked at is what is read: both go through one descriptor, whose own path
 * the kernel tells (proc(5)), so that it does not matter what has the name by then.
 */
export function readInside(
  folder: string,
  name: string,
  mostBytes: number,
): Buffer | { readonly fault: string } {
  try {
    using root = opened(folder, O_PATH | constants.O_DIRECTORY)
    using there = opened(join(folder, name), O_PATH)
    const path = `/proc/self/fd/${there.value}`
    if (!readlinkSync(path).startsWith(`${realpathSync(folder)}/`))
      return { fault: 'it leads out of the repository' }
    const facts = fstatSync(there.value)
    if (!facts.isFile()) return { fault: 'it is no regular file' }
    // A second name may be one that its owner never gave away: a link to a file that only the reader may read.
    if (facts.nlink > 1 && facts.uid !== fstatSync(root.value).uid)
      return { fault: "it is a hard link to another user's file" }
    if (facts.size > mostBytes) return { fault: `it has ${facts.size} bytes, more than ${mostBytes}` }
    using file = opened(path, constants.O_RDONLY)
    return readPart(file.value, 0, facts.size)
  } catch (error) {
    return { fault: FAULTS[codeOf(error) ?? ''] ?? `it cannot be read (${codeOf(error)})` }
  }
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'it is not there',
  ELOOP: 'its links go round in a circle',
}
