import type { Dotenv, DotenvEntry } from './dotenv.ts'
import type { Fault } from './fault.ts'

/**
 * The values of a `.env.sample`: each may use those above it, and of a key that repeats the last one counts; what is used and was not set is empty.
 * A given value takes the place of each of the file's own, so that later lines are expanded with it, as if a person had edited the file.
 * @param given by key
 * @param filled changes the file's own text before it is expanded
 */
export function expandDotenv(
  { entries }: Dotenv,
  given: ReadonlyMap<string, string>,
  filled: (raw: string) => string,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const entry of entries) {
    const value = given.get(entry.key) ?? expandedEntry({ ...entry, raw: filled(entry.raw) }, values)
    values.set(entry.key, value)
  }
  for (const [key, value] of given) values.set(key, value)
  return values
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

function expandedEntry({ raw, quote }: DotenvEntry, values: ReadonlyMap<string, string>): string {
  if (quote === "'") return raw
  return expandVariables(quote === '"' ? unescaped(raw) : raw, values)
}

/** `$X` and `${X}`, as godotenv puts values in. */
export function expandVariables(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(
    VARIABLE,
    (all, escape?: string, _dollar?: string, paren?: string, name?: string) => {
      if (escape !== undefined || paren !== undefined) return all.slice(1)
      return name === undefined ? all : (values.get(name) ?? '')
    },
  )
}

/** A backslash before a dollar stays: the expansion reads it. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([^])/g, (all, next: string) => {
    if (next === 'n') return '\n'
    if (next === 'r') return '\r'
    return next === '$' ? all : next
  })
}
