import { constants, type Dirent, fstatSync, opendirSync, readlinkSync, realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { codeOf, HarnessError } from '../../errors.ts'
import { openedFile, readPart } from '../../store/durable.ts'

/** Why there is no text, in words that name no path of this machine. */
export type FileText = { readonly text: string } | { readonly missing: true } | { readonly fault: string }

export interface Checkout {
  /** The text of a file, named from the repository's root. */
  readonly read: (file: string) => FileText
  /** The same for what is only stored: configs may be longer than what people write. */
  readonly readConfig: (file: string) => FileText
  /** Files of these names in any folder, folder by folder, sorted. */
  readonly find: (names: readonly string[]) => readonly string[]
}

/** Far more than any compose file or script of a recipe. */
const MOST_BYTES = 256 * 1024
/** The engine takes no more for a config (swarmkit, MaxConfigSize; 500 kB before). */
const MOST_CONFIG_BYTES = 1000 * 1024
const MOST_ENTRIES = 2000
const DEEPEST = 3

/**
 * Reads a repository that others write. A link may lead to another file of the repository, never out of it: what was opened is asked where it is, so
 * that a link that somebody puts there meanwhile is none the better. Nothing is waited for, and what is no regular file is not read.
 */
export function openCheckout(folder: string): Checkout {
  const root = realpathSync(folder)
  return {
    read: (file) => readFile(root, file, MOST_BYTES),
    readConfig: (file) => readFile(root, file, MOST_CONFIG_BYTES),
    find: (names) => [...namesBelow(root, '', { names, entries: MOST_ENTRIES })],
  }
}

function readFile(root: string, file: string, mostBytes: number): FileText {
  try {
    using opened = openedFile(inside(root, realpathSync(join(root, file)), file), constants.O_RDONLY)
    inside(root, readlinkSync(`/proc/self/fd/${opened.value}`), file)
    const { size } = fstatSync(opened.value)
    if (size > mostBytes) return { fault: `has ${size} bytes; at most ${mostBytes} are read` }
    return { text: readPart(opened.value, 0, size).toString('utf8') }
  } catch (error) {
    return unreadable(error)
  }
}

/** @throws HarnessError OUTSIDE */
function inside(root: string, path: string, file: string): string {
  const prefix = root.endsWith(sep) ? root : `${root}${sep}`
  if (!path.startsWith(prefix)) throw new HarnessError('OUTSIDE', `${file} is outside the repository`)
  return path
}

const REASONS: Readonly<Record<string, string>> = {
  OUTSIDE: 'is a link out of the repository, or named from outside it; put the file into the repository',
  NOT_A_FILE: 'is no regular file',
  ELOOP: 'is a link that leads to itself',
  EACCES: 'may not be read by the harness',
}

function unreadable(error: unknown): FileText {
  const code = codeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') return { missing: true }
  return { fault: REASONS[code ?? ''] ?? `cannot be read (${code ?? 'unknown'})` }
}

interface Wanted {
  readonly names: readonly string[]
  entries: number
}

function* namesBelow(root: string, prefix: string, wanted: Wanted): Generator<string> {
  const entries = entriesOf(join(root, prefix), wanted)
  for (const entry of entries)
    if (entry.isFile() && wanted.names.includes(entry.name)) yield `${prefix}${entry.name}`
  if (prefix.split('/').length > DEEPEST) return
  for (const entry of entries)
    if (entry.isDirectory() && entry.name !== '.git')
      yield* namesBelow(root, `${prefix}${entry.name}/`, wanted)
}

/** Sorted, so that the same repository gives the same words; a folder that cannot be looked into is empty. */
function entriesOf(folder: string, wanted: Wanted): readonly Dirent[] {
  const entries: Dirent[] = []
  try {
    using listing = opendirSync(folder)
    for (let entry = listing.readSync(); entry !== null && wanted.entries > 0; entry = listing.readSync()) {
      entries.push(entry)
      wanted.entries -= 1
    }
  } catch (error) {
    if (codeOf(error) === null) throw error
  }
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1))
}
