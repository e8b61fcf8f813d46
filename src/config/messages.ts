import { z } from 'zod'
import { didYouMean } from '../model/closest.ts'

const MOST_SHOWN = 60

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys and values',
  record: 'a map of keys and values',
}

/** What is wrong with a value and what would be right, for a fault that has no text of its own. */
export function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(KINDS[issue.expected] ?? issue.expected, issue.input)
    case 'invalid_value': {
      const choice = issue.values.map(String)
      const suggestion = didYouMean(String(issue.input), choice)
      return `must be one of ${choice.join(', ')}, and is ${shown(issue.input)}${suggestion && `.${suggestion}`}`
    }
    case 'too_small':
      return `must ${issue.origin === 'array' ? 'have' : 'be'} at least ${counted(issue.minimum, issue.origin)}`
    case 'too_big':
      return `must ${issue.origin === 'array' ? 'have' : 'be'} at most ${counted(issue.maximum, issue.origin)}`
    case 'invalid_key':
      return issue.issues[0]?.message
    default:
      return undefined
  }
}

/** The fault of a key that the schema does not know. */
export function unknownKey(key: string, known: readonly string[]): string {
  return `is not known here.${didYouMean(key, known)} Known: ${known.join(', ')}`
}

/** A value as a person may recognise it, in one short line. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN - 3)}...` : text
}

function wrongKind(expected: string, input: unknown): string {
  if (input === undefined) return `is missing; it must be ${expected}`
  const quotes = expected === 'text' && ['number', 'boolean'].includes(typeof input)
  return `must be ${expected}, and is ${shown(input)}${quotes ? `; write '${String(input)}' in quotes` : ''}`
}

function counted(count: number | bigint, origin: string): string {
  const unit = { array: ' item', string: ' character' }[origin] ?? ''
  return `${count}${unit}${unit === '' || count === 1 ? '' : 's'}`
}
