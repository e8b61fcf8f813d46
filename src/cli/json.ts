/**
 * A value as JSON for programs that is also harmless in a terminal: JSON leaves the controls of C1, the directions of text and other
 * characters without a shape as they are. Escaped, they are the same text to whoever parses it.
 */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(UNSEEN, escaped)}\n`
}

const UNSEEN = /[\u007f-\u009f\p{Cf}\u2028\u2029]/gu

function escaped(text: string): string {
  return text
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
