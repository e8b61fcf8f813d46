import { html as escaping } from 'hono/html'
import { plainText } from '../../model/plainText.ts'

/** A piece of a page, escaped. */
export type Html = ReturnType<typeof escaping>

/** What may stand in a page: text is made harmless and escaped, nothing is shown for null. */
export type Part = Html | string | number | null | readonly Html[]

/** The only way to a piece of a page: every text passes here, so that none is forgotten. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return escaping(strings, ...parts.map((part) => (typeof part === 'string' ? plainText(part) : part)))
}
