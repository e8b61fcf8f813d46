import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  renameSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { codeOf } from '../errors.ts'
import { type Entry, type EntryBody, type Journal, withEntry } from '../model/journal.ts'
import { parseJournal } from '../model/readJournal.ts'
import { MOST_READ_BYTES, opened, openFile, readPart, replaceFile, writeAll } from './durable.ts'

/** The one writer of a run's journal: whoever has its lock conducts the run. */
export interface JournalFile {
  readonly journal: Journal
  /** A line in the middle could not be read, or no file stood there: what was there is unknown, and kept aside as `journal.ndjson.damaged`. */
  readonly damaged: boolean
  /** Appends and flushes: on disk before the effect that it announces. Throws if that fails; nothing half-written counts. */
  append(body: EntryBody): void
  /** Gives the run up, for a process that lives on. */
  close(): void
}

/**
 * Opens the journal of a run that this process conducts, or returns null when somebody else conducts it. The lock stays with the
 * descriptor until that is closed, or the process ends. A torn last line is cut before the first append: an append after it would glue both into one.
 */
export function openJournal(path: string, tryFlock: (fd: number) => boolean): JournalFile | null {
  const fd = openJournalFile(path) ?? anotherJournal(path, tryFlock)
  if (fd === null) return null
  if (!tryFlock(fd)) {
    closeSync(fd)
    return null
  }
  try {
    return journalOn(fd, path)
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function journalOn(fd: number, path: string): JournalFile {
  const { text, cut } = readableText(path, fd)
  let journal = parseJournal(text)
  return {
    close: () => closeSync(fd),
    // Also of a process that died over it: it may not have come to write down what that means.
    damaged: cut || existsSync(asideOf(path)),
    get journal() {
      return journal
    },
    append(body) {
      const entry = stamped(body)
      const before = fstatSync(fd).size
      try {
        writeAll(fd, `${JSON.stringify(entry)}\n`)
        fdatasyncSync(fd)
      } catch (error) {
        ftruncateSync(fd, before)
        throw error
      }
      journal = withEntry(journal, entry)
    },
  }
}

/** A journal that lives only in memory any more: for teardown on a disk that takes nothing. */
export function withUnwritten(journal: Journal, body: EntryBody): Journal {
  return withEntry(journal, stamped(body))
}

/** A descriptor of the journal, made where there is none; null where no file stands in its place. */
export function openJournalFile(path: string): number | null {
  try {
    return openFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND)
  } catch (error) {
    if (codeOf(error) === 'NOT_A_FILE') return null
    throw error
  }
}

/**
 * Makes room for a journal where a stage has put something else: a run must be torn down all the same. Under the folder's lock, so that of
 * two recoverers only one moves what is there; null = the other one is at it.
 */
function anotherJournal(path: string, tryFlock: (fd: number) => boolean): number | null {
  using folder = opened(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  if (!tryFlock(folder.value)) return null
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() === false) renameSync(path, asideOf(path))
  return openJournalFile(path)
}

function asideOf(path: string): string {
  return `${path}.damaged`
}

/** Cuts what cannot be read: a torn last line, for good; from a damaged line on, with a copy kept aside. */
function readableText(path: string, fd: number): { readonly text: string; readonly cut: boolean } {
  const { size } = fstatSync(fd)
  const bytes = readPart(fd, 0, Math.min(size, MOST_READ_BYTES))
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
  const readable = whole.subarray(0, readableBytes(whole))
  const cut = readable.length < whole.length || size > MOST_READ_BYTES
  if (cut) keepAside(path, bytes)
  if (readable.length < size) ftruncateSync(fd, readable.length)
  return { text: readable.toString('utf8'), cut }
}

/** Up to the first line that cannot be read. */
function readableBytes(bytes: Buffer): number {
  for (let start = 0; ; ) {
    const end = bytes.indexOf(0x0a, start) + 1
    if (end === 0) return start
    try {
      parseJournal(bytes.toString('utf8', start, end))
    } catch {
      return start
    }
    start = end
  }
}

/** On a full disk there is no copy, and a teardown all the same. */
function keepAside(path: string, bytes: Buffer): void {
  try {
    replaceFile(asideOf(path), bytes)
  } catch {
    return
  }
}

function stamped(body: EntryBody): Entry {
  return { at: Date.now(), mono: monotonicMs(), ...body }
}

/** CLOCK_MONOTONIC in milliseconds: one scale for all processes of a boot, which no clock change touches. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
