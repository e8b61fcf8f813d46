import type { Argument, Command, Option } from 'commander'

/** What may stand at a place of the command line. `kind` = what is there only on this machine, such as `run`. */
export interface Place {
  /** Of the command table: commands, options, fixed choices. */
  readonly words: readonly Word[]
  /** The name of the argument that comes here, such as `run` or `folder`; null = none. */
  readonly kind: string | null
  /** Positional words before it, for what depends on them. */
  readonly before: readonly string[]
  /** What has been begun, without the `--option=` before it. */
  readonly begun: string
  /** What stands before `begun` in the same word. */
  readonly prefix: string
}

export interface Word {
  readonly word: string
  readonly text: string
}

const NOTHING = { words: [], kind: null, before: [], prefix: '' }

/** Where a line of words stands in the command table that parses it. The last word is the one that has been begun; it may be empty. */
export function placeOf(program: Command, line: readonly string[]): Place {
  const begun = line.at(-1) ?? ''
  let command = program
  let option: Option | null = null
  const before: string[] = []
  const used = new Set<Option>()
  for (const word of line.slice(0, -1)) {
    if (option !== null) {
      option = null
    } else if (word === '--') {
      return { ...NOTHING, begun, kind: 'command' }
    } else if (word.startsWith('-')) {
      const found = optionOf(command, word.split('=')[0] ?? '')
      if (found !== undefined) used.add(found)
      option = found !== undefined && takesValue(found) && !word.includes('=') ? found : null
    } else {
      const below = before.length === 0 ? command.commands.find((one) => one.name() === word) : undefined
      if (below === undefined) before.push(word)
      else command = below
    }
  }
  if (option !== null) return { ...valueOf(option), before, begun, prefix: '' }
  if (begun.startsWith('-')) return optionPlace(command, begun, used, before)
  return { ...argumentPlace(command, before), before, begun, prefix: '' }
}

function optionPlace(
  command: Command,
  begun: string,
  used: ReadonlySet<Option>,
  before: readonly string[],
): Place {
  const [name = '', value] = begun.split(/=(.*)/s)
  const option = optionOf(command, name)
  if (value !== undefined && option !== undefined)
    return { ...valueOf(option), before, begun: value, prefix: `${name}=` }
  const words = command
    .createHelp()
    .visibleOptions(command)
    .filter((one) => !used.has(one) || one.variadic)
    .map(({ long, short, description }) => ({ word: long ?? short ?? '', text: description }))
  return { ...NOTHING, words, begun, before }
}

function argumentPlace(command: Command, before: readonly string[]): Pick<Place, 'words' | 'kind'> {
  const below =
    before.length > 0
      ? []
      : command
          .createHelp()
          .visibleCommands(command)
          .map((one) => ({ word: one.name(), text: one.description() }))
  const all = command.registeredArguments
  const last = all.at(-1)
  const argument = all[before.length] ?? (last?.variadic === true ? last : undefined)
  if (argument === undefined) return { words: below, kind: null }
  return { words: [...below, ...choicesOf(argument)], kind: argument.name() }
}

/** The kind of an option's value is the name between its brackets, of `<folder|url>` the first. */
function valueOf(option: Option): Pick<Place, 'words' | 'kind'> {
  const kind = /[<[]([^\]>|.]+)/.exec(option.flags)?.[1] ?? null
  return { words: choicesOf(option), kind }
}

function choicesOf({ argChoices }: Pick<Argument | Option, 'argChoices'>): readonly Word[] {
  return (argChoices ?? []).map((word) => ({ word, text: '' }))
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional
}

function optionOf(command: Command, name: string): Option | undefined {
  return command.options.find(({ long, short }) => long === name || short === name)
}
