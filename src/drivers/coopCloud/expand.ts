import type { Dotenv, DotenvEntry } from './dotenv.ts'
import type { Fault } from './fault.ts'
import type { Values } from './interpolate.ts'
import { substitute } from './substitute.ts'

/** More than fits beside a program's arguments (execve(2)); no recipe comes near. */
const MOST_CHARACTERS = 512 * 1024

/**
 * The values of a `.env.sample`: each may use those above it, and of a key that repeats the last one counts; what is used and was not set is empty.
 * A given value takes the place of each of the file's own, so that later lines are expanded with it, as if a person had edited the file.
 * @param given by key
 * @param filled changes the file's own text before it is expanded
 */
export function expandDotenv(
  { file, entries }: Dotenv,
  given: Values,
  filled: (raw: string) => string,
): { readonly values: Values; readonly faults: readonly Fault[] } {
  const values = new Map<string, string>()
  const faults: Fault[] = []
  let room = MOST_CHARACTERS
  for (const entry of entries) {
    const value = given.get(entry.key) ?? expandedEntry({ ...entry, raw: filled(entry.raw) }, values, room)
    room -= value.length
    if (room <= 0) {
      const text = `the values up to here have over ${MOST_CHARACTERS} characters together; the rest is not read`
      faults.push({ file, line: entry.line, key: entry.key, text })
      break
    }
    values.set(entry.key, value)
  }
  for (const [key, value] of given) values.set(key, value)
  return { values, faults }
}

/** What reads like the shell's, and is not godotenv's: `${X:-y}` becomes the value of X and `:-y}`. */
export function expansionFaults({ file, entries }: Dotenv): readonly Fault[] {
  return entries
    .filter(({ quote, raw }) => quote !== "'" && DEFAULTED.test(raw))
    .map(({ key, line, raw }) => ({
      file,
      line,
      key,
      text: `${DEFAULTED.exec(raw)?.[0]} is taken apart after the name: a .env file knows no defaults; write the value`,
    }))
}

const DEFAULTED = /(?<!\\)\$\{[A-Z0-9_]+[^A-Z0-9_}][^}]*\}/
/** godotenv's own pattern (v1.5.1, parser.go): capitals only. */
const VARIABLE = /(\\)?(\$)(\()?\{?([A-Z0-9_]+)?\}?/g

function expandedEntry({ raw, quote }: DotenvEntry, values: Values, most: number): string {
  if (quote === "'") return raw
  return expandVariables(quote === '"' ? unescaped(raw) : raw, values, most)
}

/** `$X` and `${X}`, as godotenv puts values in. */
export function expandVariables(text: string, values: Values, most = MOST_CHARACTERS): string {
  return substitute(text, VARIABLE, most, ([all, escape, , paren, name]) => {
    if (escape !== undefined || paren !== undefined) return all.slice(1)
    return name === undefined ? all : (values.get(name) ?? '')
  })
}

/** A backslash before a dollar stays: the expansion reads it. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([^])/g, (all, next: string) => {
    if (next === 'n') return '\n'
    if (next === 'r') return '\r'
    return next === '$' ? all : next
  })
}
