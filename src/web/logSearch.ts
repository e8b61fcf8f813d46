import { setImmediate as turn } from 'node:timers/promises'
import { plainText } from '../model/plainText.ts'
import { type LineIndex, newlines } from './logIndex.ts'
import type { StateReads } from './ports.ts'

export interface Match {
  readonly line: number
  /** Harmless; the part of the line around what was found. */
  readonly before: string
  readonly found: string
  readonly after: string
}

export interface Found {
  readonly text: string
  readonly matches: readonly Match[]
  /** The line from which to search on; null = all of the log was searched. */
  readonly next: number | null
}

const MOST_TEXT = 200
const MOST_MATCHES = 100
/** For one answer: who wants more asks again, and others have their turn. */
const MOST_BYTES = 32 * 1024 * 1024
const AROUND = 200

export type Search = (id: string, log: string, text: string, fromLine: number) => Promise<Found>

/** Searches logs for a text as it stands, upper and lower case alike. One search at a time, however many ask. */
export function searchOn(read: StateReads['readLog'], index: LineIndex): Search {
  let last: Promise<unknown> = Promise.resolve()
  return (id, log, text, fromLine) => {
    const search = last.then(() => searched({ read, index, id, log }, text.slice(0, MOST_TEXT), fromLine))
    last = search.catch(() => undefined)
    return search
  }
}

interface Searched {
  readonly read: StateReads['readLog']
  readonly index: LineIndex
  readonly id: string
  readonly log: string
}

async function searched({ read, index, id, log }: Searched, text: string, fromLine: number): Promise<Found> {
  const pattern = new RegExp(RegExp.escape(text), 'i')
  const matches: Match[] = []
  let [byte, line] = [await index.byteOf(id, log, fromLine), fromLine]
  for (const start = byte ?? 0; byte !== null && byte - start < MOST_BYTES; await turn()) {
    const part = read(id, log, byte)
    if (part === null || part.next <= part.from) return { text, matches, next: null }
    for (const match of matchesIn(part.text, line, pattern)) {
      if (matches.length === MOST_MATCHES) return { text, matches, next: match.line }
      matches.push(match)
    }
    line += newlines(part.text)
    byte = part.next
  }
  return { text, matches, next: byte === null ? null : line }
}

/** Escapes may stand within what is looked for: then text is made plain first, which takes longer. */
function* matchesIn(text: string, first: number, pattern: RegExp): Generator<Match> {
  const plain = text.includes('\u001b') ? plainText(text) : text
  if (!pattern.test(plain)) return
  for (const [index, line] of plain.split('\n').entries()) {
    const match = pattern.exec(line)
    if (match !== null) yield matchOf(line, match, first + index)
  }
}

function matchOf(line: string, match: RegExpExecArray, number: number): Match {
  const [from, to] = [match.index, match.index + match[0].length]
  return {
    line: number,
    before: plainText(line.slice(Math.max(0, from - AROUND), from)),
    found: plainText(match[0]),
    after: plainText(line.slice(to, to + AROUND)),
  }
}
