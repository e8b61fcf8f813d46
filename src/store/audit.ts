import { constants, existsSync, fstatSync, fsyncSync } from 'node:fs'
import { type Fields, fieldsOf, oneOf, textOf } from '../model/read.ts'
import { openedFile, readPart, syncFolder, writeAll } from './durable.ts'
import type { StatePaths } from './stateFolder.ts'

const AUDITED = ['hold', 'release', 'retry', 'token_made', 'token_revoked'] as const

/** What a person did by hand: to a name, to a report (then its key is the name), or to a token. */
export interface AuditLine {
  /** ISO 8601. */
  readonly at: string
  readonly action: (typeof AUDITED)[number]
  readonly name: string
  readonly by: string
  readonly reason: string
  /** What else is to be said of it. */
  readonly rest: Fields
}

/** Adds a line, on disk when it returns. A torn last line, of somebody who died over it, is ended first. */
export function addAuditLine(paths: StatePaths, line: Omit<AuditLine, 'at'>): void {
  const { rest, ...what } = line
  using file = openedFile(paths.audit, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND)
  const { size } = fstatSync(file.value)
  const isTorn = size > 0 && readPart(file.value, size - 1, 1).toString() !== '\n'
  const text = JSON.stringify({ at: new Date().toISOString(), ...what, ...rest })
  writeAll(file.value, `${isTorn ? '\n' : ''}${text}\n`)
  fsyncSync(file.value)
  if (size === 0) syncFolder(paths.root)
}

/** No more than this is looked at: the end is what people want. */
const MOST_BYTES = 1024 * 1024

/** The last lines, oldest first; what cannot be read is passed over. */
export function lastAuditLines(paths: StatePaths, most: number): readonly AuditLine[] {
  if (!existsSync(paths.audit)) return []
  using file = openedFile(paths.audit, constants.O_RDONLY)
  const { size } = fstatSync(file.value)
  const from = Math.max(0, size - MOST_BYTES)
  const lines = readPart(file.value, from, size - from)
    .toString('utf8')
    .split('\n')
  return lines.flatMap(readLine).slice(-most)
}

const KNOWN: ReadonlySet<string> = new Set(['at', 'action', 'name', 'by', 'reason'])

function readLine(text: string): readonly AuditLine[] {
  try {
    const fields = fieldsOf(JSON.parse(text), 'audit line')
    const rest = Object.fromEntries(Object.entries(fields).filter(([key]) => !KNOWN.has(key)))
    const line = {
      at: textOf(fields, 'at'),
      action: oneOf(fields, 'action', AUDITED),
      name: textOf(fields, 'name'),
      by: textOf(fields, 'by'),
      reason: textOf(fields, 'reason'),
    }
    return [{ ...line, rest }]
  } catch {
    return []
  }
}
