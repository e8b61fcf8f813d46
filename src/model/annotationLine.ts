import { LEVELS, type Remark } from './annotation.ts'
import { type Fields, fieldsOf, numberOf, oneOf, optional, textOf } from './read.ts'

/**
 * A line of `annotations.ndjson`. What the format does not know is a mistake of whoever wrote it, and said so.
 * @throws TypeError saying what is wrong, in words for its writer
 */
export function remarkOfLine(text: string): Remark {
  const fields = fieldsOf(jsonOf(text), 'the line')
  const unknown = Object.keys(fields).find((key) => !KEYS.has(key))
  if (unknown !== undefined)
    throw new TypeError(
      `there is no key ${JSON.stringify(unknown).slice(0, 60)}; known are ${[...KEYS].join(', ')}`,
    )
  const line = placeOf(fields, 'line')
  const endLine = optional(fields, 'endLine', placeOf)
  if (endLine !== null && endLine < line) throw new TypeError(`endLine ${endLine} comes before line ${line}`)
  return {
    level: oneOf(fields, 'level', LEVELS),
    path: textOf(fields, 'path'),
    line,
    endLine,
    startColumn: optional(fields, 'startColumn', placeOf),
    endColumn: optional(fields, 'endColumn', placeOf),
    title: optional(fields, 'title', textOf),
    message: messageOf(fields),
    details: null,
  }
}

const KEYS: ReadonlySet<string> = new Set([
  'path',
  'line',
  'endLine',
  'startColumn',
  'endColumn',
  'level',
  'title',
  'message',
])

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new TypeError('it is not JSON')
  }
}

function placeOf(fields: Fields, key: string): number {
  const value = numberOf(fields, key)
  if (Number.isInteger(value) && value >= 1) return value
  throw new TypeError(`${key} must be a whole number from 1, and is ${value}`)
}

function messageOf(fields: Fields): string {
  const message = textOf(fields, 'message')
  if (message.trim() === '') throw new TypeError('message must say something')
  return message
}
