import { LEVELS, type Remark } from './annotation.ts'
import { type Fields, fieldsOf, optional } from './read.ts'

/**
 * A line of `annotations.ndjson`. What the format does not know is a mistake of whoever wrote it, and said so. What a fault shows of the line it shows
 * whole: whoever keeps it hides secrets in it first, and cuts it then.
 * @throws TypeError saying what is wrong, in words for its writer
 */
export function remarkOfLine(text: string): Remark {
  const fields = fieldsOf(jsonOf(text), 'the line')
  const unknown = Object.keys(fields).find((key) => !KEYS.has(key))
  if (unknown !== undefined)
    throw new TypeError(`there is no key ${JSON.stringify(unknown)}; known are ${[...KEYS].join(', ')}`)
  const line = placeOf(fields, 'line')
  const endLine = optional(fields, 'endLine', placeOf)
  if (endLine !== null && endLine < line) throw new TypeError(`endLine ${endLine} comes before line ${line}`)
  return {
    level: levelOf(fields),
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

function levelOf(fields: Fields): Remark['level'] {
  const word = textOf(fields, 'level')
  const level = LEVELS.find((one) => one === word)
  if (level !== undefined) return level
  throw new TypeError(`level must be one of ${LEVELS.join(', ')}, and is ${JSON.stringify(word)}`)
}

function placeOf(fields: Fields, key: string): number {
  const value = fields[key]
  if (typeof value !== 'number') throw new TypeError(`${key} must be a number, and is ${whole(value)}`)
  if (Number.isInteger(value) && value >= 1) return value
  throw new TypeError(`${key} must be a whole number from 1, and is ${whole(value)}`)
}

function textOf(fields: Fields, key: string): string {
  const value = fields[key]
  if (typeof value === 'string') return value
  throw new TypeError(`${key} must be text, and is ${whole(value)}`)
}

function whole(value: unknown): string {
  return value === undefined ? 'missing' : JSON.stringify(value)
}

function messageOf(fields: Fields): string {
  const message = textOf(fields, 'message')
  if (message.trim() === '') throw new TypeError('message must say something')
  return message
}
