import { inCode } from '../model/commandText.ts'
import { lineOf } from '../model/cutText.ts'
import { plainText } from '../model/plainText.ts'

/** A fence is longer than any run inside; runs beyond this are shortened, so that a hostile log cannot make it grow without end. */
const LONGEST_RUN = '`'.repeat(64)
/** Room for the fences, the note of a cut and line ends. */
const FENCE_BYTES = 300

/** Untrusted text as a code span, also inside a table. A `\|` cannot be written in a cell (GFM 4.10), so bars are broken ones. */
export function inCell(text: string): string {
  return inCode(lineOf(text).replaceAll('|', '¦'))
}

/**
 * The end of a log as a code block of at most `mostBytes` bytes of UTF-8, cut at a line, or inside a longer line between
 * characters. Nothing in it closes the block. An empty log is an empty text.
 */
export function fencedTail(log: string, mostBytes: number): string {
  const read = log.slice(-4 * mostBytes)
  const text = plainText(read.replaceAll(/\r\n?/g, '\n'))
    .replaceAll(/`{65,}/g, LONGEST_RUN)
    .toWellFormed()
    .trimEnd()
  if (text === '') return ''
  const tail = tailOf(text, mostBytes - FENCE_BYTES)
  const fence = '`'.repeat(Math.max(3, longestRun(tail) + 1))
  const isWhole = read.length === log.length && tail.length === text.length
  const note = isWhole ? '' : 'The last lines of the log; the whole log is in the details.\n\n'
  return `${note}${fence}text\n${tail}\n${fence}`
}

function tailOf(text: string, mostBytes: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= mostBytes) return text
  let start = bytes.length - mostBytes
  while (isContinuation(bytes[start])) start += 1
  const tail = bytes.toString('utf8', start)
  const lineEnd = tail.indexOf('\n')
  return lineEnd === -1 ? tail : tail.slice(lineEnd + 1)
}

/** UTF-8: bytes 10xxxxxx never begin a character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

function longestRun(text: string): number {
  return (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0)
}
