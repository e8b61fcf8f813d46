import {
  closeSync,
  constants,
  copyFileSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
} from 'node:fs'
import { type Entry, type EntryBody, type Journal, withEntry } from '../model/journal.ts'
import { parseJournal } from '../model/readJournal.ts'
import { writeAll } from './durable.ts'

/** The one writer of a run's journal: whoever has its lock conducts the run. */
export interface JournalFile {
  readonly journal: Journal
  /** A line in the middle could not be read: what follows it is unknown, and kept aside as `journal.ndjson.damaged`. */
  readonly damaged: boolean
  /** Appends and flushes: on disk before the effect that it announces. Throws if that fails; nothing half-written counts. */
  append(body: EntryBody): void
}

/**
 * Opens the journal of a run that this process conducts, or returns null when somebody else conducts it. The lock stays with the
 * descriptor until the process ends. A torn last line is cut before the first append: an append after it would glue both into one.
 */
export function openJournal(path: string, tryFlock: (fd: number) => boolean): JournalFile | null {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, 0o600)
  if (!tryFlock(fd)) {
    closeSync(fd)
    return null
  }
  const text = withoutTornLine(path, fd)
  const readable = readablePart(text)
  const damaged = readable.length < text.length
  if (damaged) setAside(path, fd, readable)
  let journal = parseJournal(readable)
  return {
    damaged,
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

function withoutTornLine(path: string, fd: number): string {
  const bytes = readFileSync(path)
  const end = bytes.lastIndexOf(0x0a) + 1
  if (end < bytes.length) ftruncateSync(fd, end)
  return bytes.toString('utf8', 0, end)
}

/** The lines up to the first that cannot be read. */
function readablePart(text: string): string {
  for (let end = text.length; end > 0; end = text.lastIndexOf('\n', end - 2) + 1) {
    try {
      parseJournal(text.slice(0, end))
      return text.slice(0, end)
    } catch {
      continue
    }
  }
  return ''
}

function setAside(path: string, fd: number, readable: string): void {
  copyFileSync(path, `${path}.damaged`)
  ftruncateSync(fd, Buffer.byteLength(readable))
}

function stamped(body: EntryBody): Entry {
  return { at: Date.now(), mono: monotonicMs(), ...body }
}

/** CLOCK_MONOTONIC in milliseconds: one scale for all processes of a boot, which no clock change touches. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
