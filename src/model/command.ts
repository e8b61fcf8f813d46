import { type HoldCommand, type ReleaseCommand, readHold, readRelease } from './commandHold.ts'
import { type CommandLine, commandLines } from './commandLines.ts'
import { inCode, seen, unseenCharacter } from './commandText.ts'
import { COMMAND_WORD } from './commandWord.ts'
import { formatDuration, parseDuration } from './duration.ts'
import type { RefusalReason } from './refusal.ts'
import { RESERVED_WORDS, SUBCOMMANDS, type Subcommand } from './reservedWords.ts'

/** What one `!testme` line asks for. */
export type Command =
  | RunCommand
  | ApprovalCommand
  | CancelCommand
  | RetryCommand
  | HoldCommand
  | ReleaseCommand
  | LookCommand

export interface RunCommand {
  readonly kind: 'run'
  /** None = the repository's default. */
  readonly recipes: readonly string[]
  /** As written: checked against the recipe by whoever decides. */
  readonly arguments: Readonly<Record<string, string>>
  /** Hold a red run so long for inspection; 0 = not at all. */
  readonly keepMs: number
}

export interface ApprovalCommand {
  readonly kind: 'approve' | 'revoke'
  /** 40 hex digits. */
  readonly sha: string
}

export interface CancelCommand {
  readonly kind: 'cancel'
  /** A run's id, all runs of the pull request, or null = the only one. */
  readonly target: { readonly run: string } | 'all' | null
}

/** What failed on this pull request is to be tested again, at the head as it is now. */
export interface RetryCommand {
  readonly kind: 'retry'
}

/** Changes nothing, so everybody may ask. */
export type LookCommand = { readonly kind: 'status' } | { readonly kind: 'why' } | { readonly kind: 'help' }

/** A line that was meant as a command and is none. */
export interface CommandFault {
  readonly kind: 'fault'
  readonly reason: Extract<RefusalReason, 'bad_command' | 'bad_argument'>
  /** As it stands in the comment. */
  readonly line: string
  /** Markdown; what came from the comment is in code spans. */
  readonly message: string
}

/** A fault whose line is told by whoever read it. */
type Fault = Omit<CommandFault, 'line'>

const MOST_COMMANDS = 10
const MOST_LINE_CHARACTERS = 500
const MOST_KEEP_MS = 24 * 60 * 60_000

const RECIPE = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/
const KEY = /^[a-z][a-z0-9-]{0,39}$/
const SHA = /^[0-9a-f]{40}$/
const RUN_ID = /^[0-9a-z-]{1,64}$/

/** Every command of a comment, in order, and a fault for each line that was meant as one; at most 10, the rest is one fault. */
export function parseCommands(body: string): readonly (Command | CommandFault)[] {
  const found = commandLines(body)
  const line = `${COMMAND_WORD} …`
  if ('unread' in found) return [{ ...badCommand(`${found.unread}. ${ALONE}`), line }]
  const commands = found.lines.slice(0, MOST_COMMANDS).map(readLine)
  const rest = found.lines.length - commands.length
  if (rest === 0) return commands
  const most = `a comment may hold ${MOST_COMMANDS} commands; the last ${rest} were not read`
  return [...commands, { ...badCommand(most), line }]
}

const ALONE = 'Put the command into a comment of its own.'

function readLine(line: CommandLine): Command | CommandFault {
  const read = parseLine(line)
  return read.kind === 'fault' ? { ...read, line: line.text } : read
}

function parseLine(line: CommandLine): Command | Fault {
  const fault = lineFault(line)
  if (fault !== null) return fault
  const [, ...words] = line.text.split(/[ \t]+/)
  const [first = '', ...rest] = words
  return isSubcommand(first) ? SYNTAX[first](rest) : parseRun(words)
}

function lineFault({ text, plain }: CommandLine): Fault | null {
  const unseen = unseenCharacter(text)
  if (unseen !== null)
    return badCommand(
      `the line has a character that cannot be seen (${unseen}). Type it anew: ${inCode(seen(text))}`,
    )
  if (text.length > MOST_LINE_CHARACTERS)
    return badCommand(`the line has ${text.length} characters; at most ${MOST_LINE_CHARACTERS}`)
  if (!plain) return badCommand('a command is plain text, without links, code or HTML')
  const word = text.split(/[ \t]/)[0] ?? ''
  if (word !== COMMAND_WORD)
    return badCommand(
      `a command begins with ${inCode(COMMAND_WORD)}, in lower case; this one with ${inCode(word)}`,
    )
  return null
}

const SYNTAX: { readonly [S in Subcommand]: (words: readonly string[]) => Command | Fault } = {
  ok: (words) => parseApproval('approve', 'ok', words),
  revoke: (words) => parseApproval('revoke', 'revoke', words),
  cancel: parseCancel,
  retry: (words) => alone({ kind: 'retry' }, words),
  status: (words) => alone({ kind: 'status' }, words),
  why: (words) => alone({ kind: 'why' }, words),
  hold: (words) => unlessWrong(readHold(words)),
  release: (words) => unlessWrong(readRelease(words)),
  help: (words) => alone({ kind: 'help' }, words),
}

function parseApproval(
  kind: ApprovalCommand['kind'],
  word: Subcommand,
  [sha = '', ...rest]: readonly string[],
): Command | Fault {
  if (SHA.test(sha) && rest.length === 0) return { kind, sha }
  const line = inCode(`${COMMAND_WORD} ${word} SHA`)
  const given = [sha, ...rest].join(' ')
  return badCommand(`write ${line} with all 40 digits of the commit, in lower case; it got ${inCode(given)}`)
}

function parseCancel([target, ...rest]: readonly string[]): Command | Fault {
  if (target === undefined) return { kind: 'cancel', target: null }
  if (rest.length > 0)
    return badCommand(`cancel takes one run, or ${inCode('all')}; write one line for each run`)
  if (target === 'all') return { kind: 'cancel', target: 'all' }
  if (RUN_ID.test(target)) return { kind: 'cancel', target: { run: target } }
  return badCommand(`${inCode(target)} cannot be a run's id`)
}

function unlessWrong(read: Command | { readonly wrong: string }): Command | Fault {
  return 'wrong' in read ? badArgument(read.wrong) : read
}

function alone(command: Command, words: readonly string[]): Command | Fault {
  if (words.length === 0) return command
  return badCommand(`${command.kind} stands alone; leave out ${inCode(words.join(' '))}`)
}

function parseRun(words: readonly string[]): Command | Fault {
  const pairs = words.filter((word) => word.includes('='))
  const recipes = words.filter((word) => !word.includes('='))
  const fault = recipeFault(recipes) ?? argumentFault(pairs)
  if (fault !== null) return fault
  const { keep = '0', ...given } = Object.fromEntries(pairs.map(keyAndValue))
  const keepMs = parseDuration(keep)
  if (keepMs !== null && keepMs <= MOST_KEEP_MS) return { kind: 'run', recipes, arguments: given, keepMs }
  const most = formatDuration(MOST_KEEP_MS)
  return badArgument(`keep must be a duration such as 30m, at most ${most}, and is ${inCode(keep)}`)
}

function recipeFault(recipes: readonly string[]): Fault | null {
  for (const [index, word] of recipes.entries()) {
    if (RESERVED_WORDS.includes(word)) return reservedWord(word)
    if (!RECIPE.test(word)) return badCommand(`${inCode(word)} cannot be a recipe's name.${meantWord(word)}`)
    if (recipes.indexOf(word) < index) return badCommand(`the recipe ${inCode(word)} is named twice`)
  }
  return null
}

function reservedWord(word: string): Fault {
  const known = SUBCOMMANDS.some((subcommand) => subcommand === word)
  if (known) return badCommand(`${word} is a command of its own: write it first on its line, without recipes`)
  return badCommand(
    `there is no command ${inCode(`${COMMAND_WORD} ${word}`)}; see ${inCode(`${COMMAND_WORD} help`)}`,
  )
}

/** What is left of a word without capitals and punctuation around it. */
function meantWord(word: string): string {
  const meant = word.toLowerCase().replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return RECIPE.test(meant) ? ` Did you mean ${inCode(meant)}?` : ''
}

function argumentFault(pairs: readonly string[]): Fault | null {
  const keys = pairs.map((pair) => keyAndValue(pair)[0])
  for (const [index, pair] of pairs.entries()) {
    const [key, value] = keyAndValue(pair)
    if (!KEY.test(key) || value === '')
      return badArgument(
        `${inCode(pair)} is not ${inCode('key=value')}, without spaces and with a key in lower case`,
      )
    if (keys.indexOf(key) < index) return badArgument(`${inCode(key)} is given twice`)
  }
  return null
}

function keyAndValue(pair: string): readonly [string, string] {
  const equals = pair.indexOf('=')
  return [pair.slice(0, equals), pair.slice(equals + 1)]
}

function isSubcommand(word: string): word is Subcommand {
  return SUBCOMMANDS.some((subcommand) => subcommand === word)
}

function badCommand(message: string): Fault {
  return { kind: 'fault', reason: 'bad_command', message }
}

function badArgument(message: string): Fault {
  return { kind: 'fault', reason: 'bad_argument', message }
}
