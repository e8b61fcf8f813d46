import { z } from '@hono/zod-openapi'

/** A whole number in a query: digits alone, so that nothing else is taken for one. */
export function wholeNumber(least: number, most: number) {
  return z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: (issue) => `must be ${least} to ${most}, and is ${String(issue.input)}`,
    })
    .transform(Number)
    .openapi({ type: 'integer', minimum: least, maximum: most })
}
