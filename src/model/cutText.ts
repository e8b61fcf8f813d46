import { plainText } from './plainText.ts'

/** No field shows as much; more is not even looked at. */
const MOST_READ = 2_000

/** Untrusted text on one line. */
export function lineOf(text: string): string {
  return plainText(text.slice(0, MOST_READ)).toWellFormed().replaceAll(/\s+/g, ' ').trim()
}

/** Untrusted text on one line, cut to `most` UTF-16 units, never inside a surrogate pair; for fields that are no Markdown. */
export function oneLine(text: string, most: number): string {
  const line = lineOf(text)
  if (line.length <= most) return line
  const end = isHighSurrogate(line.charCodeAt(most - 2)) ? most - 2 : most - 1
  return `${line.slice(0, end)}…`
}

/** A text whose UTF-8 has at most `mostBytes` bytes, cut between characters. */
export function cutToBytes(text: string, mostBytes: number): string {
  const whole = text.toWellFormed()
  const { read } = new TextEncoder().encodeInto(whole, new Uint8Array(mostBytes))
  return whole.slice(0, read)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}
