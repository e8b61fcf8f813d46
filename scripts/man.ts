/**
 * Writes the manual page from the table of commands that parses (mdoc(7)).
 * usage: node scripts/man.ts [--check]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command, Option } from 'commander'
import { commands } from '../src/cli.ts'
import { EXIT } from '../src/errors.ts'

const FILE = fileURLToPath(new URL('../docs/berth.1', import.meta.url))

/** The one place that says what each exit code means to whoever calls a command. */
const EXITS: readonly (readonly [number, string])[] = [
  [EXIT.ok, 'Done; of a run: all stages are green, and its teardown is verified.'],
  [EXIT.red, 'A stage is red; doctor: something has to be mended; janitor: something is left.'],
  [EXIT.badInput, 'Bad input: what was typed, or a file that a person wrote.'],
  [EXIT.noSuchRun, 'There is no such run, or report.'],
  [EXIT.teardownUnverified, 'Of a run: green, but its teardown is not verified.'],
  [EXIT.cleaned, 'Of the janitor: something was cleaned.'],
  [
    EXIT.domainDirty,
    'Of a run: its domain cannot be cleaned; of the service: its port or state folder is taken.',
  ],
  [EXIT.harness, 'A fault of berth itself.'],
  [EXIT.busy, 'A name is busy, or another janitor is at work.'],
  [EXIT.deadline, 'Of a run: its deadline has passed.'],
  [EXIT.interrupted, 'Interrupted.'],
  [EXIT.cancelled, 'Cancelled, or ended by a signal.'],
]

const VARIABLES: readonly (readonly [string, string])[] = [
  [
    'BERTH_CONFIG',
    'The configuration; else berth.yml in the working folder, else /etc/berth/berth.yml, else what is built in.',
  ],
  ['BERTH_STATE_DIR', 'The state folder; else what the configuration says.'],
  ['NO_COLOR', 'Not empty: no colours.'],
  ['FORCE_COLOR', 'Colours, also where no terminal reads.'],
]

/** The whole page. */
function page(): string {
  const program = commands(() => undefined, null)
  return [
    '.\\" Made by scripts/man.ts from the commands that berth parses; do not edit.',
    '.Dd November 28, 2026',
    '.Dt BERTH 1',
    '.Os',
    '.Sh NAME',
    '.Nm berth',
    `.Nd ${text(program.description())}`,
    '.Sh SYNOPSIS',
    '.Nm',
    '.Ar command',
    '.Op Ar argument ...',
    '.Sh DESCRIPTION',
    'Commands look and act with or without the service; each listing has',
    '.Fl -json .',
    ...prose(
      'A run is named by its id, or by a part of four or more characters that no other run begins or ends with.',
    ),
    '.Bl -tag -width Ds',
    ...program
      .createHelp()
      .visibleCommands(program)
      .flatMap((command) => commandLines(command, [])),
    '.El',
    ...surroundings(),
    '',
  ].join('\n')
}

/** What a command meets and gives besides its words. */
function surroundings(): readonly string[] {
  return [
    '.Sh ENVIRONMENT',
    ...list(VARIABLES, 'Ev'),
    '.Sh FILES',
    '.Bl -tag -width Ds',
    '.It Pa berth.yml , /etc/berth/berth.yml',
    'The configuration.',
    '.It Pa /var/lib/berth',
    'The state folder of root: locks, records, runs.',
    '.El',
    '.Sh EXIT STATUS',
    ...list(
      EXITS.map(([code, meaning]) => [String(code), meaning] as const),
      'Li',
    ),
    '.Sh EXAMPLES',
    'One run of the recipe hello in the repository of the working folder:',
    '.Pp',
    '.Dl $ berth run hello',
    '.Pp',
    'What holds which domain, live:',
    '.Pp',
    '.Dl $ berth watch',
    '.Sh SEE ALSO',
    'The folder docs of the clone that berth runs from.',
  ]
}

function commandLines(command: Command, above: readonly string[]): readonly string[] {
  const words = [...above, command.name()]
  const places = command.registeredArguments.map((argument) => {
    const name = text(`${argument.name()}${argument.variadic ? ' ...' : ''}`)
    return argument.required ? `Ar ${name}` : `Op Ar ${name}`
  })
  const help = command.createHelp()
  const options = help.visibleOptions(command).filter(({ long }) => long !== '--help')
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help')
  return [
    `.It Ic ${[text(words.join(' ')), ...places].join(' ')}`,
    ...prose(sentence(command.description())),
    ...(options.length === 0 ? [] : ['.Bl -tag -width Ds', ...options.flatMap(optionLines), '.El']),
    ...below.flatMap((one) => commandLines(one, words)),
  ]
}

function optionLines(option: Option): readonly string[] {
  const { flags, description, defaultValue, argChoices } = option
  const value = /[<[](.+)[>\]]/.exec(flags)?.[1]
  const names = [option.short, option.long].flatMap((name) => (name ? [`Fl ${text(name.slice(1))}`] : []))
  const choices = argChoices === undefined ? '' : ` One of ${argChoices.join(', ')}.`
  const preset =
    defaultValue === undefined || defaultValue === false || defaultValue === '' || value === undefined
      ? ''
      : ` Default: ${preSetText(defaultValue, value)}.`
  return [
    `.It ${names.join(' , ')}${value === undefined ? '' : ` Ar ${text(value)}`}`,
    ...prose(`${sentence(description)}${choices}${preset}`),
  ]
}

function preSetText(value: unknown, kind: string): string {
  if (value === '.') return 'the working folder'
  return kind === 'duration' ? `${Number(value) / 1000}s` : String(value)
}

function list(items: readonly (readonly [string, string])[], macro: string): readonly string[] {
  return [
    '.Bl -tag -width Ds',
    ...items.flatMap(([name, meaning]) => [`.It ${macro} ${text(name)}`, ...prose(meaning)]),
    '.El',
  ]
}

function sentence(words: string): string {
  const whole = `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
  return /[.!?]$/.test(whole) ? whole : `${whole}.`
}

/** Prose as roff wants it: each sentence on a line of its own, and no long lines. */
function prose(words: string): readonly string[] {
  return words
    .split(/(?<=[.!?]) (?=\S)/)
    .flatMap((one) => one.match(/\S.{0,70}(?=\s|$)/g) ?? [])
    .map(text)
}

/** What roff would act on, and what is no ASCII. */
function text(words: string): string {
  const plain = words
    .replaceAll('\\', '\\e')
    .replaceAll('’', '\\(cq')
    .replaceAll('“', '\\(lq')
    .replaceAll('”', '\\(rq')
    .replaceAll('…', '...')
    .replaceAll('-', '\\-')
  return /^[.']/.test(plain) ? `\\&${plain}` : plain
}

const made = page()
if (!process.argv.includes('--check')) writeFileSync(FILE, made)
else if (readFileSync(FILE, 'utf8') !== made) {
  console.error('docs/berth.1: not up to date; run: node scripts/man.ts')
  process.exitCode = 1
}
