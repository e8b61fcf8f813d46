import { cutToBytes, oneLine } from './cutText.ts'
import { plainText } from './plainText.ts'
import { type Fields, fieldsOf, numberOf, oneOf, optional, textOf } from './read.ts'

/** GitHub's words, the worst first. */
export const LEVELS = ['failure', 'warning', 'notice'] as const
export type Level = (typeof LEVELS)[number]

/** What a stage says of a place, as it was found; nothing of it is checked yet. */
export interface Remark {
  readonly level: Level
  /** Below the checkout, or absolute inside it. */
  readonly path: string | null
  /** Lines and columns count from 1. */
  readonly line: number | null
  readonly endLine: number | null
  readonly startColumn: number | null
  readonly endColumn: number | null
  readonly title: string | null
  readonly message: string
  /** More than fits into a message, such as a stack trace. */
  readonly details: string | null
}

/** A remark as GitHub takes it: within its limits, and harmless wherever it is shown. */
export interface Annotation extends Remark {
  /** Below the repository's root, without `.`, `..` or anything unseen; null = the remark has no place in the repository. */
  readonly path: string | null
  readonly line: number
  readonly endLine: number
}

/** GitHub's limits: 64 KB for the message and the details, 255 characters for the title. */
export const MOST_MESSAGE_BYTES = 65_535
const MOST_TITLE = 255
/** The longest path that Linux takes. */
const MOST_PATH_BYTES = 4_096
/** With what is taken away of it: the checkout's own path, and dots. */
const MOST_READ_PATH = 4 * MOST_PATH_BYTES
const MOST_LINE = 2 ** 31 - 1

/** @param workspace where the checkout was: a path that begins with it is one below the repository's root */
export function annotationOf(remark: Remark, workspace: string): Annotation {
  const line = placeIn(remark.line) ?? placeIn(remark.endLine) ?? 1
  const endLine = Math.max(line, placeIn(remark.endLine) ?? line)
  const title = remark.title === null ? '' : oneLine(remark.title, MOST_TITLE)
  const message = harmless(remark.message, MOST_MESSAGE_BYTES)
  const details = remark.details === null ? '' : harmless(remark.details, MOST_MESSAGE_BYTES)
  return {
    level: remark.level,
    path: remark.path === null ? null : pathBelow(remark.path, workspace),
    line,
    endLine,
    ...(line === endLine ? columnsOf(remark) : NO_COLUMNS),
    title: title === '' ? null : title,
    message: message || title || '(no message)',
    details: details === '' ? null : details,
  }
}

/** Reads one back; whatever a file says, what comes out keeps the rules. */
export function readAnnotation(value: unknown): Annotation {
  const fields = fieldsOf(value, 'annotation')
  return annotationOf({ ...placeOf(fields), ...wordsOf(fields) }, '')
}

function placeOf(fields: Fields) {
  return {
    path: optional(fields, 'path', textOf),
    line: numberOf(fields, 'line'),
    endLine: numberOf(fields, 'endLine'),
    startColumn: optional(fields, 'startColumn', numberOf),
    endColumn: optional(fields, 'endColumn', numberOf),
  }
}

function wordsOf(fields: Fields) {
  return {
    level: oneOf(fields, 'level', LEVELS),
    title: optional(fields, 'title', textOf),
    message: textOf(fields, 'message'),
    details: optional(fields, 'details', textOf),
  }
}

/** Null = it leads out, or is no path that one could see for what it is. */
function pathBelow(path: string, workspace: string): string | null {
  if (path.length > MOST_READ_PATH) return null
  if (plainText(path) !== path || /[\n\t]/.test(path) || !path.isWellFormed()) return null
  const isInside = workspace !== '' && path.startsWith(`${workspace}/`)
  const parts = partsOf(isInside ? path.slice(workspace.length + 1) : path)
  const below = parts?.join('/') ?? ''
  return below === '' || bytesOf(below) > MOST_PATH_BYTES ? null : below
}

/** Null = absolute, a folder, or above the beginning. */
function partsOf(path: string): readonly string[] | null {
  if (path.startsWith('/') || /(?:^|\/)\.{0,2}$/.test(path)) return null
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) return null
    if (part !== '' && part !== '.' && part !== '..') parts.push(part)
  }
  return parts
}

const NO_COLUMNS = { startColumn: null, endColumn: null }

/** GitHub takes columns in pairs, and only of one line. */
function columnsOf(remark: Remark): Pick<Annotation, 'startColumn' | 'endColumn'> {
  const startColumn = placeIn(remark.startColumn) ?? placeIn(remark.endColumn)
  if (startColumn === null) return NO_COLUMNS
  const endColumn = placeIn(remark.endColumn) ?? startColumn
  return endColumn < startColumn ? NO_COLUMNS : { startColumn, endColumn }
}

/** A line or a column: a whole number from 1. */
function placeIn(value: number | null): number | null {
  return value !== null && Number.isInteger(value) && value >= 1 && value <= MOST_LINE ? value : null
}

function harmless(text: string, mostBytes: number): string {
  const plain = plainText(text.slice(0, 2 * mostBytes).replaceAll(/\r\n?/g, '\n'))
  return cutToBytes(plain.trim(), mostBytes).trimEnd()
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}
