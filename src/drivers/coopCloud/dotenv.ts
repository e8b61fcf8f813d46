import type { Fault } from './fault.ts'

/** The words `key=value` of an inline comment: `# length=32 charset=hex`. */
export type Modifiers = ReadonlyMap<string, string>

export interface DotenvEntry {
  readonly key: string
  /** As written, without its quotes and its comment; nothing expanded. */
  readonly raw: string
  readonly quote: Quote
  readonly line: number
  readonly modifiers: Modifiers
}

export interface Dotenv {
  readonly file: string
  /** In the order of the file; a key may come more than once. */
  readonly entries: readonly DotenvEntry[]
  /** What is commented out: settings that the recipe offers, and does not set. */
  readonly options: readonly DotenvEntry[]
  readonly faults: readonly Fault[]
}

type Quote = '"' | "'" | ''

/**
 * Reads a `.env.sample` as abra does, through godotenv (github.com/joho/godotenv v1.5.1, parser.go; Co-op Cloud's fork adds the modifiers). What is
 * read differently, on purpose: an inline comment begins at its first ` #`, also after nothing (godotenv looks for the last one, and takes `X= # text`
 * for a value); text after a closing quote is a fault instead of a next statement; and one bad line hides no other.
 */
export function parseDotenv(file: string, text: string): Dotenv {
  const source = text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
  const found: Found = { file, entries: [], options: [], faults: [] }
  for (let at = 0, line = 1; at < source.length; ) {
    const end = readStatement(source, at, line, found)
    line += source.slice(at, end).split('\n').length - 1
    at = end
  }
  return found
}

interface Found extends Dotenv {
  readonly entries: DotenvEntry[]
  readonly options: DotenvEntry[]
  readonly faults: Fault[]
}

const BLANK = /^[^\S\n]*$/
const KEY = /^\s*(?:export[^\S\n]+)?([\p{L}\p{N}_.]+)[^\S\n]*[=:][^\S\n]*/u
/** Capitals only: a comment may say `note: a=b`. */
const OPTION = /^\s*#[#\s]*((?:export\s+)?[A-Z][A-Z0-9_]*=.*)$/

/** Reads what begins at this line, and says where the next line begins. */
function readStatement(source: string, at: number, line: number, found: Found): number {
  const lineEnd = endOfLine(source, at)
  const text = source.slice(at, lineEnd)
  if (BLANK.test(text)) return lineEnd + 1
  if (text.trimStart().startsWith('#')) {
    readOption(text, line, found)
    return lineEnd + 1
  }
  const key = KEY.exec(text)
  if (key === null) {
    found.faults.push({ file: found.file, line, key: '', text: `${shown(text)} is no KEY=value` })
    return lineEnd + 1
  }
  const value = valueAt(source, at + key[0].length)
  const name = key[1] ?? ''
  if ('fault' in value) found.faults.push({ file: found.file, line, key: name, text: value.fault })
  else found.entries.push(entryOf(name, value, line))
  return value.end + 1
}

function readOption(text: string, line: number, found: Found): void {
  const statement = OPTION.exec(text)?.[1] ?? ''
  const key = KEY.exec(statement)
  if (key === null) return
  const value = valueAt(statement, key[0].length)
  if (!('fault' in value)) found.options.push(entryOf(key[1] ?? '', value, line))
}

function entryOf(key: string, { raw, quote, comment }: Value, line: number): DotenvEntry {
  return { key, raw, quote, line, modifiers: modifiersIn(comment) }
}

function modifiersIn(comment: string): Modifiers {
  const words = comment.split(/\s+/).map((word) => /^([^=]+)=(.*)$/.exec(word))
  return new Map(words.flatMap((word) => (word === null ? [] : [[word[1] ?? '', word[2] ?? '']])))
}

interface Value {
  readonly raw: string
  readonly quote: Quote
  /** Without its `#`. */
  readonly comment: string
  /** Where the value's last line ends. */
  readonly end: number
}

function valueAt(source: string, from: number): Value | { readonly fault: string; readonly end: number } {
  const quote = source[from]
  if (quote === '"' || quote === "'") return quotedAt(source, from, quote)
  const end = endOfLine(source, from)
  const [raw = '', comment = ''] = splitComment(source.slice(from, end))
  return { raw: raw.trim(), quote: '', comment, end }
}

/** A quoted value may go over lines; one that is followed by more text on a later line has rather lost its own end. */
function quotedAt(source: string, from: number, quote: '"' | "'"): ReturnType<typeof valueAt> {
  const close = closingQuote(source, from, quote)
  const firstEnd = endOfLine(source, from)
  const end = close === null ? firstEnd : endOfLine(source, close)
  const [rest = '', comment = ''] = close === null ? [] : splitComment(source.slice(close + 1, end))
  if (close !== null && rest.trim() === '') return { raw: source.slice(from + 1, close), quote, comment, end }
  if (close === null || close > firstEnd)
    return { fault: `${shown(source.slice(from, firstEnd))} has no closing ${quote}`, end: firstEnd }
  return { fault: `${shown(rest.trim())} stands after the closing ${quote}; put it inside the quotes`, end }
}

function closingQuote(source: string, from: number, quote: string): number | null {
  for (let at = source.indexOf(quote, from + 1); at > 0; at = source.indexOf(quote, at + 1))
    if (source[at - 1] !== '\\') return at
  return null
}

function splitComment(text: string): readonly string[] {
  const at = /(?:^|\s)#/.exec(text)
  return at === null ? [text] : [text.slice(0, at.index), text.slice(at.index + at[0].length)]
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from)
  return end < 0 ? source.length : end
}

const MOST_SHOWN = 60

function shown(text: string): string {
  return `"${text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text}"`
}
