import { z } from 'zod'
import { DURATION, parseDuration, parseSize, SIZE } from '../model/duration.ts'
import { shown } from './messages.ts'

/** Longer budgets are slips of the pen; their sum stays below what Node's timers can count (2^31 - 1 ms, 24.8 days). */
const LONGEST_BUDGET_MS = 72 * 60 * 60_000

/** `10m` → 600000. */
export function durationField() {
  return z
    .string({ error: (issue) => durationText(issue.input) })
    .regex(DURATION, { error: (issue) => durationText(issue.input) })
    .transform((text, context) => {
      const ms = parseDuration(text)
      if (ms !== null && ms > 0 && ms <= LONGEST_BUDGET_MS) return ms
      context.addIssue({ code: 'custom', message: `must be more than 0 and at most 72h, and is ${text}` })
      return z.NEVER
    })
}

/** `10GB` → 10000000000. */
export function sizeField() {
  return z
    .string({ error: (issue) => sizeText(issue.input) })
    .regex(SIZE, { error: (issue) => sizeText(issue.input) })
    .transform((text, context) => {
      const bytes = parseSize(text)
      if (bytes !== null && bytes > 0) return bytes
      context.addIssue({ code: 'custom', message: `must be more than nothing and countable, and is ${text}` })
      return z.NEVER
    })
}

/** Text of a pattern; `what` says what it must be, for people. */
export function wordField(pattern: RegExp, what: string) {
  return z.string().regex(pattern, { error: (issue) => `must be ${what}, and is ${shown(issue.input)}` })
}

function durationText(input: unknown): string {
  return `must be a duration such as 90s, 10m or 1h30m, and is ${shown(input)}`
}

function sizeText(input: unknown): string {
  return `must be a size such as 10GB or 512MiB, and is ${shown(input)}`
}
