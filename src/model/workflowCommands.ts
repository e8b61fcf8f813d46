import type { Level, Remark } from './annotation.ts'

/** Longer lines are no commands of anybody's. */
export const MOST_COMMAND = 128 * 1024

/**
 * Reads GitHub's workflow commands (docs.github.com/actions/reference/workflow-commands-for-github-actions) from the lines of one stage, in
 * order: `::error file=a.ts,line=1::message`, and `::stop-commands::word` until `::word::`. Every other command, and every other line, is
 * none. The rules are those of GitHub's own reader.
 */
export function workflowCommandReader(): (line: string) => Remark | null {
  let stopWord: string | null = null
  return (line) => {
    const command = commandOf(line)
    if (command === null) return null
    if (stopWord !== null) {
      if (command.name === stopWord) stopWord = null
      return null
    }
    if (command.name === STOP) stopWord = wordOf(command.data)
    const level = LEVEL_OF.get(command.name)
    const remark = level === undefined ? null : remarkOf(level, command)
    return remark === null || (remark.message === '' && remark.title === null) ? null : remark
  }
}

const STOP = 'stop-commands'

const LEVEL_OF: ReadonlyMap<string, Level> = new Map([
  ['error', 'failure'],
  ['warning', 'warning'],
  ['notice', 'notice'],
])

interface Command {
  /** In lower case: names are the same whatever their case. */
  readonly name: string
  readonly properties: ReadonlyMap<string, string>
  readonly data: string
}

function commandOf(line: string): Command | null {
  const text = line.slice(0, MOST_COMMAND).trimStart()
  if (!text.startsWith('::')) return null
  const end = text.indexOf('::', 2)
  if (end < 0) return null
  const info = text.slice(2, end)
  const space = info.indexOf(' ')
  return {
    name: (space < 0 ? info : info.slice(0, space)).toLowerCase(),
    properties: space < 0 ? new Map() : propertiesOf(info.slice(space + 1)),
    data: unescaped(text.slice(end + 2).trimEnd(), DATA_ESCAPES),
  }
}

function propertiesOf(text: string): ReadonlyMap<string, string> {
  const pairs = text
    .trim()
    .split(',')
    .map((pair) => /^([^=]*)=(.*)$/s.exec(pair))
  return new Map(
    pairs.flatMap((pair) =>
      pair === null
        ? []
        : [[(pair[1] ?? '').trim().toLowerCase(), unescaped(pair[2] ?? '', PROPERTY_ESCAPES)]],
    ),
  )
}

/** A word that is a command itself, or nothing, would never be said again, or said by chance: GitHub refuses it, too. */
function wordOf(data: string): string | null {
  const word = data.toLowerCase()
  return word === '' || word === STOP || LEVEL_OF.has(word) ? null : word
}

function remarkOf(level: Level, { properties, data }: Command): Remark {
  const number = (key: string) => numberIn(properties.get(key))
  const title = properties.get('title') ?? null
  return {
    level,
    path: properties.get('file') || null,
    line: number('line'),
    endLine: number('endline'),
    startColumn: number('col'),
    endColumn: number('endcolumn'),
    title,
    message: data,
    details: null,
  }
}

function numberIn(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : null
}

const DATA_ESCAPES = /%(?:25|0D|0A)/g
const PROPERTY_ESCAPES = /%(?:25|0D|0A|3A|2C)/g

/** Each once: what an escape stands for is never the beginning of another one. */
function unescaped(text: string, escapes: RegExp): string {
  return text.replaceAll(escapes, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)))
}
