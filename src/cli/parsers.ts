import { InvalidArgumentError } from 'commander'
import { InputError } from '../errors.ts'
import { parseDuration } from '../model/duration.ts'

/** What a listing offers to programs; `docs/cli.md` has the fields of each. */
export const JSON_OPTION = ['--json', 'as JSON, with the fields of docs/cli.md', false] as const

/** Milliseconds. */
export function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new InvalidArgumentError('a duration is like 90s, 10m or 1h30m')
  return ms
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted')
  return Number(text)
}

export function few(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('a number from 1 to 9999 is wanted')
  return Number(text)
}

export function keyValues(words: readonly string[]): Readonly<Record<string, string>> {
  const pairs = words.map((word) => {
    const at = word.indexOf('=')
    if (at < 1)
      throw new InputError('berth run', [`${word} is no argument; a recipe's arguments are key=value`])
    return [word.slice(0, at), word.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}
