import { html as escaping, raw } from 'hono/html'
import { plainText } from '../../model/plainText.ts'

/** A piece of a page, escaped. */
export type Html = ReturnType<typeof escaping>

/** What may stand in a page: text is made harmless and escaped, nothing is shown for null. */
export type Part = Html | string | number | null | readonly Html[]

/** The only way to a piece of a page: every text passes here, so that none is forgotten. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return escaping(strings, ...parts.map((part) => (typeof part === 'string' ? plainText(part) : part)))
}

const ESCAPED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text that is harmless already, as markup: for lines of logs, which are too many to go through `html` one by one. */
export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPED[character] ?? '')
}

/** Markup whose every text has been through `escaped`. */
export function markup(text: string): Html {
  return raw(text)
}
