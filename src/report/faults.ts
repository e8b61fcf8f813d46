import { HarnessError, messageOf } from '../errors.ts'
import { LONGEST_WAIT_MS } from '../model/clock.ts'
import { plainText } from '../model/plainText.ts'
import { type Fields, fieldsOf } from '../model/read.ts'

/** Why GitHub has not taken a report, and what follows. Times are wall clock, milliseconds; `text` is safe to log and to show. */
export type Fault =
  /** GitHub's limits: the whole installation is silent until then. */
  | { readonly kind: 'limited'; readonly untilMs: number; readonly text: string }
  /** May go better later; `notBeforeMs` is GitHub's own word, 0 = none. `mayHaveArrived`: the request may still take effect. */
  | {
      readonly kind: 'retry'
      readonly notBeforeMs: number
      readonly mayHaveArrived: boolean
      readonly text: string
    }
  | { readonly kind: 'permanent'; readonly text: string }

const MINUTE_MS = 60_000
/** Faults of our own that no repetition heals. */
const OWN_PERMANENT: ReadonlySet<string> = new Set([
  'REPORT_BODY',
  'REPORT_CONFLICT',
  'GITHUB_TOO_MANY_PAGES',
])
/** Answers below 500 that may go better later: bad credentials can be mended by a person, the other two by waiting. */
const PASSING: ReadonlySet<number> = new Set([401, 408, 425])
/** System errors from before a connection stood: nothing was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Tells a thrown fault apart, by GitHub's rules (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api): 403 and 429
 * with `retry-after`, a used-up limit or the words of one are limits; other 4xx are final. `attempts` counts this one.
 */
export function faultOf(error: unknown, nowMs: number, attempts: number): Fault {
  const text = faultText(error)
  const answer = answerOf(error)
  if (answer === null) return withoutAnswer(error, text)
  const untilMs = limitOf(answer, nowMs, attempts)
  if (untilMs !== null) return { kind: 'limited', untilMs, text }
  if (answer.status < 500 && !PASSING.has(answer.status)) return { kind: 'permanent', text }
  const notBeforeMs = retryAfter(answer.headers, nowMs) ?? 0
  return { kind: 'retry', notBeforeMs, mayHaveArrived: answer.status >= 500, text }
}

/** GitHub's word that the same thing is there (409, or 422 with `already_exists`): our own earlier request, whose answer was lost. */
export function isAlreadyThere(error: unknown): boolean {
  const answer = answerOf(error)
  if (answer === null || (answer.status !== 409 && answer.status !== 422)) return false
  return /already[ _]exists/i.test(JSON.stringify(answer.data) ?? '')
}

/** What was to be changed is not there any more. */
export function isGone(error: unknown): boolean {
  const status = answerOf(error)?.status
  return status === 404 || status === 410
}

/** GitHub refuses the body itself (422, or 413 for its size), and has done nothing. */
export function isNotTaken(error: unknown): boolean {
  const status = answerOf(error)?.status
  return (status === 422 || status === 413) && !isAlreadyThere(error)
}

/** What is known of an error in one line, without control characters and without anything that looks like a credential. */
export function faultText(error: unknown): string {
  const answer = answerOf(error)
  const text = answer === null ? messageOf(error) : `HTTP ${answer.status}: ${messageOf(error)}`
  return masked(plainText(text).replaceAll(/\s+/g, ' ').trim()).slice(0, 300).toWellFormed()
}

interface Answer {
  readonly status: number
  readonly headers: Fields
  readonly data: unknown
}

/** The answer inside Octokit's RequestError; null where none came (then its `status` is an invented 500). */
function answerOf(error: unknown): Answer | null {
  if (!(error instanceof Error) || !('response' in error) || !isObject(error.response)) return null
  const response = fieldsOf(error.response, 'response')
  if (typeof response['status'] !== 'number') return null
  const headers = isObject(response['headers']) ? fieldsOf(response['headers'], 'headers') : {}
  return { status: response['status'], headers, data: response['data'] }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function withoutAnswer(error: unknown, text: string): Fault {
  if (error instanceof HarnessError && OWN_PERMANENT.has(error.code)) return { kind: 'permanent', text }
  const mayHaveArrived = !codesOf(error).some((code) => NEVER_SENT.has(code))
  return { kind: 'retry', notBeforeMs: 0, mayHaveArrived, text }
}

/** The codes of an error and of all its causes. */
function codesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return []
  const own = 'code' in error && typeof error.code === 'string' ? [error.code] : []
  const inner = error instanceof AggregateError ? error.errors.flatMap(codesOf) : []
  return [...own, ...inner, ...codesOf(error.cause)]
}

/** Until when a limit holds, or null where the answer speaks of none. Without a time GitHub asks for a minute at least, and for more each time. */
function limitOf(answer: Answer, nowMs: number, attempts: number): number | null {
  if (answer.status !== 403 && answer.status !== 429) return null
  const said = retryAfter(answer.headers, nowMs) ?? resetOf(answer.headers, nowMs)
  if (said !== null) return said
  const isLimit = answer.status === 429 || /rate limit|abuse/i.test(JSON.stringify(answer.data) ?? '')
  return isLimit ? nowMs + MINUTE_MS * Math.min(2 ** (attempts - 1), 15) : null
}

/** `retry-after`: seconds, or an HTTP date (RFC 9110, 10.2.3). */
function retryAfter(headers: Fields, nowMs: number): number | null {
  const value = headers['retry-after']
  if (typeof value !== 'string' || value.trim() === '') return null
  const untilMs = /^\d+$/.test(value.trim()) ? nowMs + Number(value) * 1000 : Date.parse(value)
  return Number.isNaN(untilMs) ? null : bounded(untilMs, nowMs)
}

/** `x-ratelimit-reset`, epoch seconds, counts once nothing remains. A second more: our clocks differ. */
function resetOf(headers: Fields, nowMs: number): number | null {
  if (headers['x-ratelimit-remaining'] !== '0') return null
  const reset = Number(headers['x-ratelimit-reset'])
  return Number.isFinite(reset) && reset > 0 ? bounded(reset * 1000 + 1000, nowMs) : null
}

/** A limit resets within the hour; a header that says much more is not believed. */
function bounded(untilMs: number, nowMs: number): number {
  return Math.min(Math.max(untilMs, nowMs + 1000), nowMs + LONGEST_WAIT_MS)
}

/** GitHub's tokens by their prefixes, JSON web tokens, and whatever follows the word of an authorization scheme. */
const CREDENTIALS =
  /\b(?:gh[a-z]_|github_pat_)\w+|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]+)?|(?<=\b(?:bearer|token|basic) )\S{8,}|(?<=:\/\/)[^/\s@]+(?=@)/gi

function masked(text: string): string {
  return text.replaceAll(CREDENTIALS, '***')
}
