import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { meaningOf, type ProblemCode, statusOf } from '../../model/problem.ts'
import { sent } from './sent.ts'

/** What one field of a request should have been. */
interface FieldFault {
  readonly field: string
  readonly detail: string
}

/** The one form of every answer that is no success (RFC 9457). */
const PROBLEM = z
  .object({
    type: z.string().describe('The page that explains the code; relative to the service.'),
    title: z.string().describe('What the code means.'),
    status: z.int(),
    code: z.string().describe('Stable; all of them are on /reasons.'),
    detail: z.string().describe('What exactly, and the way out.'),
    errors: z
      .array(z.object({ field: z.string(), detail: z.string() }))
      .optional()
      .describe('Each field of the request that is at fault.'),
    action: z.string().optional().describe('The action that was refused; /api/v1/actions has it.'),
  })
  .openapi('Problem')

export const PROBLEM_TYPE = 'application/problem+json'

/** Other answers of a route than its own. */
export const PROBLEM_ANSWER = {
  default: {
    description: 'A problem (RFC 9457) with a stable code',
    content: { [PROBLEM_TYPE]: { schema: PROBLEM } },
  },
} as const

export function problemAnswer(
  c: Context,
  code: ProblemCode,
  detail: string,
  more: { readonly errors?: readonly FieldFault[]; readonly action?: string } = {},
): Response {
  const status = statusOf(code)
  const what = { type: `/reasons#${code}`, title: meaningOf(code), status, code, detail }
  const body = sent(PROBLEM, { ...what, ...more })
  return c.body(`${JSON.stringify(body)}\n`, contentful(status), { 'content-type': PROBLEM_TYPE })
}

/** To be thrown where a route has another answer. */
export function problem(c: Context, code: ProblemCode, detail: string, action?: string): HTTPException {
  const more = action === undefined ? {} : { action }
  return new HTTPException(contentful(statusOf(code)), { res: problemAnswer(c, code, detail, more) })
}

/** What the library found at fault with a request, field by field. */
export function refuseInput(
  result: { readonly success: true } | { readonly success: false; readonly error: z.ZodError },
  c: Context,
): Response | undefined {
  if (result.success) return undefined
  const errors = result.error.issues.flatMap(fieldFaults)
  const detail = errors
    .map((one) => `${one.field === '' ? 'the request' : one.field} ${one.detail}`)
    .join('; ')
  return problemAnswer(c, 'bad_input', `${detail}.`, { errors })
}

function fieldFaults(issue: z.core.$ZodIssue): readonly FieldFault[] {
  if (issue.code !== 'unrecognized_keys') return [{ field: issue.path.join('.'), detail: issue.message }]
  return issue.keys.map((key) => ({ field: [...issue.path, key].join('.'), detail: 'is not known here' }))
}

function contentful(status: number): ContentfulStatusCode {
  const known = STATUSES.find((one) => one === status)
  if (known === undefined) throw new TypeError(`${status} is no status of a problem`)
  return known
}

const STATUSES = [400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 502, 503] as const
