import type { Fault, FaultEffect } from '../../../src/sandbox/github/api/faults.ts'
import { secondaryLimit } from '../../../src/sandbox/github/api/faults.ts'

/** The longest that a call is waited for; as the outbox has it. */
const CALL_MS = 30_000

/** What befalls the first request that says a thing; those after it go well. */
export interface MatrixFault {
  readonly effect: FaultEffect
  /** Nobody answers: the call ends when the clock has gone on by so much. */
  readonly waitMs?: number
}

export function faultOn(fault: MatrixFault, method: string, path: RegExp): Fault {
  return { method, path, times: 1, effect: fault.effect }
}

const ALREADY_EXISTS = {
  message: 'Validation Failed',
  errors: [{ resource: 'CheckRun', field: 'external_id', code: 'already_exists' }],
}

/** A row of the table each. */
export const FAULTS: Readonly<Record<string, MatrixFault>> = {
  '401 bad credentials': answer(401, 'Bad credentials'),
  '403 not permitted': answer(403, 'Resource not accessible by integration'),
  '403 secondary limit, retry-after': { effect: secondaryLimit(60) },
  '403 limit used up': answer(403, 'API rate limit exceeded', {
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1000) + 900),
  }),
  '404 gone': answer(404, 'Not Found'),
  '409 conflict': answer(409, 'Conflict'),
  '422 invalid': answer(422, 'Validation Failed'),
  '422 already_exists, and it is': { effect: { kind: 'after', status: 422, body: ALREADY_EXISTS } },
  '422 already_exists, and it is not': { effect: { kind: 'answer', status: 422, body: ALREADY_EXISTS } },
  '429 without a time': answer(429, 'Too many requests'),
  '500 before the effect': answer(500, 'Server Error'),
  '502 after the effect': { effect: { kind: 'after', status: 502 } },
  '503, retry-after': answer(503, 'Unavailable', { 'retry-after': '120' }),
  'reset before the effect': { effect: { kind: 'broken' } },
  'reset after the effect': { effect: { kind: 'lost' } },
  'no answer, without the effect': { effect: { kind: 'deaf' }, waitMs: CALL_MS },
  'no answer, after the effect': { effect: { kind: 'silent' }, waitMs: CALL_MS },
}

function answer(
  status: 401 | 403 | 404 | 409 | 422 | 429 | 500 | 503,
  message: string,
  headers: Record<string, string> = {},
): MatrixFault {
  return { effect: { kind: 'answer', status, headers, body: { message } } }
}
