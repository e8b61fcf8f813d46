import { isOver } from '../model/run.ts'
import { type LineIndex, lineIndex } from './logIndex.ts'
import { type Found, searchOn } from './logSearch.ts'
import type { LogMost, LogPart, StateReads } from './ports.ts'
import type { RunView } from './runView.ts'

/** What of a log its run's page shows. */
export interface LogPane {
  readonly name: string
  readonly part: LogPart
  /** The number of the first line that is shown. */
  readonly first: number
  /** The end, which grows while the run goes on; else lines from one on. */
  readonly atEnd: boolean
  /** The line that was asked for; null = none was. */
  readonly line: number | null
  readonly found: Found | null
  /** What was looked for, also where the page is only looked at again. */
  readonly find: string
  readonly grows: boolean
}

/** What a page was asked for: parts of its address, as they came. */
export interface LogAsk {
  readonly line?: string | undefined
  readonly from?: string | undefined
  readonly find?: string | undefined
  /** Only what changes by itself is looked at. */
  readonly again: boolean
}

export type PaneOf = (run: RunView, name: string | null, ask: LogAsk) => Promise<LogPane | null>

const END: LogMost & { readonly bytes: number } = { bytes: 64 * 1024, lines: 500 }
/** Lines before the one that a link leads to. */
const LINES_BEFORE = 100
export const PAGE_LINES = 500
const PAGE: LogMost = { bytes: 256 * 1024, lines: PAGE_LINES }

/** @returns by its call null = the run has no such log */
export function logPanes(read: StateReads['readLog']): PaneOf {
  const index = lineIndex(read)
  const search = searchOn(read, index)
  return async (run, name, ask) => {
    if (name === null || run.journal.length === 0) return null
    const { id } = run
    const lines = await linesOf({ read, index, id, name }, ask)
    const shown = lines ?? (await endOf({ read, index, id, name }))
    if (shown === null) return null
    const find = ask.find ?? ''
    const found = find === '' || ask.again ? null : await search(id, name, find, numberOf(ask.from) ?? 1)
    return { name, ...shown, atEnd: lines === null, found, find, grows: !isOver(run.state) }
  }
}

interface OneLog {
  readonly read: StateReads['readLog']
  readonly index: LineIndex
  readonly id: string
  readonly name: string
}

type Shown = Pick<LogPane, 'part' | 'first' | 'line'>

/** Null = no line was asked for, or the log has no such line. */
async function linesOf({ read, index, id, name }: OneLog, ask: LogAsk): Promise<Shown | null> {
  const line = numberOf(ask.line)
  const first = line === null ? numberOf(ask.from) : Math.max(1, line - LINES_BEFORE)
  if (first === null || (ask.find ?? '') !== '') return null
  const byte = await index.byteOf(id, name, first)
  const part = byte === null ? null : read(id, name, byte, PAGE)
  return part === null ? null : { part, first, line }
}

async function endOf({ read, index, id, name }: OneLog): Promise<Shown | null> {
  const part = read(id, name, -END.bytes, END)
  return part === null ? null : { part, first: await index.lineAt(id, name, part.from), line: null }
}

/** Null = it is none, or none was given. */
function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null
}
