import type { z } from '@hono/zod-openapi'
import { plainText } from '../../model/plainText.ts'

/**
 * What leaves: held against the schema that describes it, so that nothing else of a record ever does. Text from outside is as harmless
 * here as on a page: an answer is read in terminals, too.
 */
export function sent<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  return schema.parse(harmless(value))
}

function harmless(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value)
  if (Array.isArray(value)) return value.map(harmless)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [plainText(key), harmless(part)]))
}
