import type { Context } from 'hono'
import { z } from 'zod'
import type { ApiEnv } from './env.ts'
import { ApiError, invalidRequest } from './errors.ts'

/** The request's body, held against its schema. Throws GitHub's 400 or 422. */
export async function bodyOf<T>(c: Context<ApiEnv>, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text()
  const read = schema.safeParse(jsonOf(text === '' ? '{}' : text), { reportInput: true })
  if (read.success) return read.data
  throw invalidRequest(read.error.issues.map(faultOf))
}

/** At most so many characters (code points, as GitHub counts them). */
export function text(most: number) {
  return z.string().refine((value) => charactersOf(value) <= most, {
    error: ({ input }) =>
      `Only ${most} characters are allowed; ${charactersOf(String(input))} were supplied.`,
  })
}

export function listOf<T>(item: z.ZodType<T>, most: number) {
  return z.array(item).max(most, {
    error: ({ input }) =>
      `No more than ${most} items are allowed; ${Array.isArray(input) ? input.length : 0} were supplied.`,
  })
}

function charactersOf(value: string): number {
  return [...value].length
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    throw new ApiError(400, 'Problems parsing JSON')
  }
  throw new ApiError(400, 'Body should be a JSON object')
}

/** A fault in GitHub's words. */
function faultOf(issue: z.core.$ZodIssue): string {
  const key = String(issue.path.at(-1) ?? '')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((name) => `"${name}" is not a permitted key.`).join('\n')
  if (issue.code === 'invalid_type' && issue.input === undefined) return `"${key}" wasn't supplied.`
  if (issue.code === 'invalid_type')
    return `For 'properties/${key}', ${shown(issue.input)} is not ${aKind(issue.expected)}.`
  if (issue.code === 'invalid_value')
    return `For 'properties/${key}', ${shown(issue.input)} is not a member of ${JSON.stringify(issue.values)}.`
  if (issue.code === 'invalid_format')
    return `For 'properties/${key}', ${shown(issue.input)} is not a valid ${issue.format}.`
  return issue.message
}

function shown(value: unknown): string {
  return value === null ? 'nil' : JSON.stringify(value)
}

function aKind(kind: string): string {
  return /^[aeiou]/.test(kind) ? `an ${kind}` : `a ${kind}`
}
