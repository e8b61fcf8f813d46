import { constants, fstatSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { plainText } from '../model/plainText.ts'
import { opened } from '../store/durable.ts'
import { entriesOf } from '../store/stateFolder.ts'
import type { LogMost, LogPart } from './ports.ts'

const PART_BYTES = 256 * 1024
const SUFFIX = '.log'
const NEWLINE = 0x0a

/** Names of the logs in a run's `stages/`, without their suffix; none where a stage has put something else in its place. */
export function logNames(folder: string): readonly string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  return entriesOf(folder)
    .filter((entry) => entry.endsWith(SUFFIX) && !entry.startsWith('.'))
    .map((entry) => entry.slice(0, -SUFFIX.length))
}

/**
 * One piece of a log: whole lines, or whole characters of a line that has no end yet. A log is found by its name, or by its
 * stage's, among those that there are: what was asked for never becomes part of a path.
 */
export function readLog(
  folder: string,
  wanted: string,
  fromByte: number,
  most: LogMost = {},
): LogPart | null {
  const names = logNames(folder)
  const name = names.find((known) => known === wanted) ?? names.find((known) => stageOf(known) === wanted)
  return name === undefined ? null : readPart(join(folder, `${name}${SUFFIX}`), fromByte, most)
}

/** Log text as a page or a terminal may have it. Line by line: an escape that does not end hides the rest of its line only. */
export function harmlessLog(text: string): string {
  return text.replaceAll(/\r\n?/g, '\n').split('\n').map(plainText).join('\n')
}

function stageOf(log: string): string {
  return log.replace(/^\d+-/, '')
}

function readPart(
  path: string,
  fromByte: number,
  { bytes: mostBytes = PART_BYTES, lines }: LogMost,
): LogPart {
  using file = opened(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  const { size, dev, ino } = fstatSync(file.value)
  const start = fromByte < 0 ? Math.max(0, size + fromByte) : Math.min(fromByte, size)
  const buffer = Buffer.alloc(Math.min(mostBytes, size - start))
  const bytes = buffer.subarray(0, readSync(file.value, buffer, 0, buffer.length, start))
  const wholeEnd = bytes.lastIndexOf(NEWLINE) + 1 || wholeCharacters(bytes)
  const wholeBegin = fromByte < 0 && start > 0 ? bytes.indexOf(NEWLINE) + 1 || continuations(bytes) : 0
  const begin = fromByte < 0 ? beginOfLast(bytes.subarray(0, wholeEnd), wholeBegin, lines) : wholeBegin
  const end = fromByte < 0 ? wholeEnd : endOfFirst(bytes, wholeEnd, lines)
  const text = bytes.toString('utf8', begin, end)
  return { text, from: start + begin, next: start + end, size, file: `${dev}:${ino}` }
}

/** Where so many lines from the start end, if there are more. */
function endOfFirst(bytes: Buffer, whole: number, lines = Number.POSITIVE_INFINITY): number {
  let end = 0
  for (let count = 0; count < lines && end < whole; count += 1) {
    const newline = bytes.indexOf(NEWLINE, end)
    if (newline === -1) return whole
    end = newline + 1
  }
  return end
}

/** Where the last so many lines begin, if there are more. */
function beginOfLast(bytes: Buffer, whole: number, lines = Number.POSITIVE_INFINITY): number {
  let newline = bytes.at(-1) === NEWLINE ? bytes.length - 1 : bytes.length
  for (let count = 0; count < lines; count += 1) {
    newline = newline === 0 ? -1 : bytes.lastIndexOf(NEWLINE, newline - 1)
    if (newline < whole) return whole
  }
  return newline + 1
}

/** How many bytes at the start belong to a character that began before. */
function continuations(bytes: Buffer): number {
  return Math.max(
    0,
    bytes.findIndex((byte) => (byte & 0xc0) !== 0x80),
  )
}

/** How many bytes of the piece end with a whole character (RFC 3629: 10xxxxxx continues one, 11… begins one of up to four bytes). */
function wholeCharacters(bytes: Buffer): number {
  const lead = bytes.subarray(-3).findLastIndex((byte) => (byte & 0xc0) === 0xc0)
  if (lead === -1) return bytes.length
  const start = Math.max(0, bytes.length - 3) + lead
  const first = bytes[start] ?? 0
  const needed = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  return start + needed > bytes.length ? start : bytes.length
}
