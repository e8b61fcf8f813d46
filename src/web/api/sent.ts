import type { z } from '@hono/zod-openapi'
import { plainText } from '../../model/plainText.ts'

/**
 * What leaves: held against the schema that describes it, so that nothing else of a record ever does. Text from outside is as harmless
 * here as on a page: an answer is read in terminals, too.
 */
export function sent<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  return schema.parse(harmless(value))
}

/** Nearly all of it is harmless as it is, and then nothing is made anew: a long queue has tens of thousands of texts. */
function harmless(value: unknown): unknown {
  if (isHarmless(value)) return value
  if (typeof value === 'string') return plainText(value)
  if (Array.isArray(value)) return value.map(harmless)
  return Object.fromEntries(
    Object.entries(Object(value)).map(([key, part]) => [plainText(key), harmless(part)]),
  )
}

function isHarmless(value: unknown): boolean {
  if (typeof value === 'string') return plainText(value) === value
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isHarmless)
  return Object.keys(value).every(isHarmless) && Object.values(value).every(isHarmless)
}
