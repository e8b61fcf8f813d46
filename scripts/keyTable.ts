import { DURATION, SIZE } from '../src/model/duration.ts'
import { type Fields, fieldsOf } from '../src/model/read.ts'

const BEGIN = '<!-- keys: written by scripts/schema.ts -->'
const END = '<!-- end of keys -->'

/** The page with the table between its marks. @throws where the page has no marks */
export function withTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`the page needs the lines ${BEGIN} and ${END}`)
  return `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`
}

/** Every key that a file may have, in the order of the schema: a table of Markdown. */
export function keyTable(schema: unknown): string {
  const rows = rowsOf(fieldsOf(schema, 'schema'), '')
  const lines = rows.map((cells) => `| ${cells.map(plain).join(' | ')} |`)
  return ['| key | is | without it | says |', '|---|---|---|---|', ...lines].join('\n')
}

/** Nothing of a cell ends it, or is taken for HTML. */
function plain(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll(/<(?=\w)/g, '\\<')
}

type Row = readonly [key: string, kind: string, otherwise: string, text: string]

function rowsOf(schema: Fields, prefix: string): readonly Row[] {
  const required = new Set(Array.isArray(schema['required']) ? schema['required'] : [])
  return Object.entries(fieldsOf(schema['properties'] ?? {}, 'properties')).flatMap(([name, value]) => {
    const field = fieldsOf(value, name)
    const key = `${prefix}${name}`
    const text = typeof field['description'] === 'string' ? field['description'] : ''
    const row: Row = [`\`${key}\``, kindOf(field), otherwise(field, required.has(name)), text]
    return [row].concat(membersOf(field, key))
  })
}

/** What stands below a key: of a list in each of its items, of a map under each of its names. */
function membersOf(field: Fields, key: string): readonly Row[] {
  if (field['type'] === 'array') return rowsOf(fieldsOf(field['items'] ?? {}, key), `${key}[].`)
  const members = field['additionalProperties']
  if (typeof members === 'object') return rowsOf(fieldsOf(members, key), `${key}.NAME.`)
  return rowsOf(field, `${key}.`)
}

function kindOf(field: Fields): string {
  const { enum: choice, type, pattern, minimum, maximum } = field
  if (Array.isArray(choice)) return choice.map((word) => `\`${word}\``).join(', ')
  if (pattern === DURATION.source) return 'duration'
  if (pattern === SIZE.source) return 'size'
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'array') return 'list'
  if (type === 'object') return 'map'
  if (type !== 'integer' && type !== 'number') return 'text'
  const kind = type === 'integer' ? 'whole number' : 'number'
  if (maximum !== undefined) return `${kind}, ${String(minimum)} to ${String(maximum)}`
  return minimum === undefined ? kind : `${kind}, at least ${String(minimum)}`
}

function otherwise(field: Fields, isRequired: boolean): string {
  if (isRequired) return 'refused'
  const given = field['default']
  if (given === undefined || isEmpty(given)) return ''
  return `\`${typeof given === 'string' ? given : JSON.stringify(given)}\``
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
