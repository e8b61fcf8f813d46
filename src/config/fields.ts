import { z } from 'zod'
import { DURATION, parseDuration, parseSize, SIZE } from '../model/duration.ts'
import { shown } from './messages.ts'

/** Longer budgets are slips of the pen; their sum stays below what Node's timers can count (2^31 - 1 ms, 24.8 days). */
const LONGEST_BUDGET_MS = 72 * 60 * 60_000

/** Linux has no more pids (PID_MAX_LIMIT). */
const MOST_PROCESSES = 4_194_304
/** The kernel counts in parts of 100 ms, and takes no less than 1 ms of each. */
const LEAST_CPUS = 0.01

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

/** `5m` → 300000; `0` = off. */
export function periodField() {
  return z.union([z.literal(0), z.literal('0').transform(() => 0), durationField()], {
    error: (issue) => `must be 0 (off) or a duration of at most 72h such as 5m, and is ${shown(issue.input)}`,
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

/** What a run may use at most; in bytes, processes and processors, null = as much as there is. */
export function limitsField() {
  return z
    .strictObject({
      memory: sizeField()
        .optional()
        .describe('Of all processes of a run together; nothing of it is swapped.'),
      processes: z.int().min(1).max(MOST_PROCESSES).optional().describe('At a time; threads count, too.'),
      cpus: z
        .number()
        .min(LEAST_CPUS, `must be ${LEAST_CPUS} or more`)
        .optional()
        .describe('Time of so many processors; 0.5 is half of one.'),
    })
    .transform(({ memory, processes, cpus }) => {
      return { memoryBytes: memory ?? null, processes: processes ?? null, cpus: cpus ?? null }
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
