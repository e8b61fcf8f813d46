import { randomBytes } from 'node:crypto'

/** Crockford's alphabet in lower case: no letter that looks like a digit, sorted like its values. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_CHARACTERS = 10
const RANDOM_CHARACTERS = 6

/** A run's id: 48 bits of wall clock, then 30 random bits; sorts by time, and is a valid label of a domain. */
export function newRunId(): string {
  return `${timeText(Date.now())}${randomText()}`
}

/** When the run was asked for, by the wall clock of that moment, in milliseconds. */
export function runIdAtMs(id: string): number {
  let ms = 0
  for (const character of id.slice(0, TIME_CHARACTERS))
    ms = ms * ALPHABET.length + ALPHABET.indexOf(character)
  return ms
}

function timeText(ms: number): string {
  let text = ''
  for (let rest = ms; text.length < TIME_CHARACTERS; rest = Math.floor(rest / ALPHABET.length)) {
    text = `${ALPHABET.charAt(rest % ALPHABET.length)}${text}`
  }
  return text
}

function randomText(): string {
  return [...randomBytes(RANDOM_CHARACTERS)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('')
}

/** Could this be a run's id: what comes from a command line or a path is looked at before it becomes part of one. */
export function isRunId(text: string): boolean {
  return /^[0-9a-hjkmnp-tv-z]{16}$/.test(text)
}
