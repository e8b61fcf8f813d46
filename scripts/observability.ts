/**
 * Keeps the tables of docs/observability.md, of the folder it is started in: events and their fields, metrics, attributes of spans, from the
 * tables that berth itself goes by.
 * usage: node scripts/observability.ts [--check]     without --check the page is rewritten
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { JANITOR_METRICS } from '../src/janitor/metrics.ts'
import { DELIVERY_EVENTS } from '../src/model/events/deliveries.ts'
import { FIELDS } from '../src/model/events/fields.ts'
import { REPORT_EVENTS } from '../src/model/events/reports.ts'
import type { EventRow } from '../src/model/events/row.ts'
import { RUN_EVENTS } from '../src/model/events/runs.ts'
import { SERVICE_EVENTS } from '../src/model/events/service.ts'
import { TRACE_EVENTS } from '../src/model/events/traces.ts'
import { ATTRIBUTES } from '../src/tracing/attributes.ts'
import { METRICS } from '../src/web/metrics/table.ts'

const PAGE = 'docs/observability.md'

/** Words of a label that a reader is shown; of more the first ones. */
const MOST_WORDS = 8

const TABLES: Readonly<Record<string, string>> = {
  'run events': eventTable(RUN_EVENTS),
  'delivery events': eventTable(DELIVERY_EVENTS),
  'report events': eventTable(REPORT_EVENTS),
  'service events': eventTable(SERVICE_EVENTS),
  'trace events': eventTable(TRACE_EVENTS),
  fields: table(
    ['field', 'holds', ''],
    Object.entries(FIELDS).map(([name, { type, means }]) => [code(name), type, means]),
  ),
  metrics: table(
    ['metric', 'type', 'what', 'labels'],
    Object.values(METRICS).map(({ name, type, help, labels }) => [code(name), type, help, labelText(labels)]),
  ),
  'janitor metrics': table(
    ['metric', 'what', 'labels'],
    Object.entries(JANITOR_METRICS).map(([name, { help, labels }]) => [
      code(`berth_janitor_${name}`),
      help,
      labelText(labels),
    ]),
  ),
  attributes: table(
    ['attribute', 'on', ''],
    Object.entries(ATTRIBUTES).map(([name, { on, means }]) => [code(name), on, means]),
  ),
}

const page = readFileSync(PAGE, 'utf8')
const wanted = Object.entries(TABLES).reduce((text, [name, rows]) => filled(text, name, rows), page)
if (wanted !== page && process.argv.includes('--check')) {
  console.error(`${PAGE}: not up to date; run: node scripts/observability.ts`)
  process.exitCode = 1
} else if (wanted !== page) writeFileSync(PAGE, wanted)

/** @throws Error where the page has no place for the table */
function filled(text: string, name: string, rows: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${PAGE} has no place between ${begin.trim()} and ${end}`)
  return `${text.slice(0, from + begin.length)}${rows}${text.slice(to)}`
}

function eventTable(events: Readonly<Record<string, EventRow>>): string {
  return table(
    ['event', 'level', 'what has happened', 'fields'],
    Object.entries(events).map(([name, { level, means, fields, more = [], isFault }]) => [
      code(name),
      isFault === true ? `${level}, fault` : level,
      means,
      [...fields.map(code), ...more.map((field) => `(${code(field)})`)].join(' '),
    ]),
  )
}

function labelText(labels: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(labels)
    .map(([label, words]) => {
      const rest = words.length - MOST_WORDS
      const shown = words.slice(0, MOST_WORDS).map(code).join(' ')
      return `${code(label)}: ${shown}${rest > 0 ? ` and ${rest} more` : ''}`
    })
    .join('; ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('')
}

function code(text: string): string {
  return `\`${text}\``
}
