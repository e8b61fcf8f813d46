import { constants, type Dirent, fstatSync, opendirSync } from 'node:fs'
import { codeOf } from '../../errors.ts'
import { opened, openedFile, readPart } from '../durable.ts'

/** A file of the artefacts that is of interest. */
export interface ArtifactFile {
  /** Below the artefacts, for people. */
  readonly name: string
  /** The first bytes of it, or why it is not read, in words that name no path of this machine. */
  readonly read: (mostBytes: number) => FilePart | { readonly fault: string }
}

interface FilePart {
  readonly bytes: Buffer
  readonly isWhole: boolean
}

const DEEPEST = 8

/**
 * The files of a folder that a stage's user owns, folder by folder, sorted by their names. Every step goes by descriptor and follows no link,
 * also none that somebody puts there meanwhile; what is no regular file is not opened for reading, and not waited for.
 * @param mostEntries so many files and folders are looked at
 * @param wants by the name alone
 * @param fault hears of what cannot be looked at
 */
export function* artifactFiles(
  folder: string,
  mostEntries: number,
  wants: (name: string) => boolean,
  fault: (text: string) => void,
): Generator<ArtifactFile> {
  const room = { entries: mostEntries }
  yield* filesIn(folder, '', { wants, fault, room, depth: 0 })
  if (room.entries < 0)
    fault(`the artefacts have more than ${mostEntries} entries; the others were not looked at`)
}

interface Walk {
  readonly wants: (name: string) => boolean
  readonly fault: (text: string) => void
  readonly room: { entries: number }
  readonly depth: number
}

function* filesIn(folder: string, prefix: string, walk: Walk): Generator<ArtifactFile> {
  using opened = openFolder(folder, prefix, walk)
  if (opened === null) return
  const { uid } = fstatSync(opened.value)
  const path = `/proc/self/fd/${opened.value}`
  for (const entry of entriesOf(path, prefix, walk)) {
    const name = `${prefix}${entry.name}`
    if (entry.isDirectory()) {
      if (walk.depth < DEEPEST)
        yield* filesIn(`${path}/${entry.name}`, `${name}/`, { ...walk, depth: walk.depth + 1 })
    } else if (walk.wants(name))
      yield { name, read: (mostBytes) => readFile(`${path}/${entry.name}`, mostBytes, uid) }
  }
}

type Folder = { readonly value: number } & Disposable

/** The kernel's link to a descriptor leads to what was opened, whatever has its name by now (proc(5)). */
function openFolder(path: string, prefix: string, { fault }: Walk): Folder | null {
  try {
    return opened(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') fault(unreadable(prefix, error))
    return null
  }
}

/** One after the other: a folder of millions is not taken into memory. */
function entriesOf(path: string, prefix: string, { room, fault }: Walk): readonly Dirent[] {
  const entries: Dirent[] = []
  try {
    using folder = opendirSync(path)
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      room.entries -= 1
      if (room.entries < 0) break
      entries.push(entry)
    }
  } catch (error) {
    fault(unreadable(prefix, error))
  }
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1))
}

function unreadable(prefix: string, error: unknown): string {
  return `${prefix === '' ? 'the artefacts' : prefix} cannot be read (${codeOf(error)})`
}

function readFile(path: string, mostBytes: number, owner: number): ReturnType<ArtifactFile['read']> {
  try {
    using file = openedFile(path, constants.O_RDONLY)
    const { size, uid, nlink } = fstatSync(file.value)
    // A second name may be one that its owner never gave away: a link to a file that only the reader may read.
    if (nlink > 1 && uid !== owner) return { fault: "it is a hard link to another user's file" }
    return { bytes: readPart(file.value, 0, Math.min(size, mostBytes)), isWhole: size <= mostBytes }
  } catch (error) {
    const code = codeOf(error)
    return { fault: code === 'NOT_A_FILE' ? 'it is no regular file' : `it cannot be read (${code})` }
  }
}
