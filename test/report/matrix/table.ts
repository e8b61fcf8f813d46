import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, '../../../docs/outbox.md')

/** A table as docs/outbox.md shows it: rows by faults, columns by kinds. */
export function markdownTable(
  corner: string,
  columns: readonly string[],
  rows: Readonly<Record<string, readonly string[]>>,
): string {
  const line = (first: string, cells: readonly string[]) => `| ${first} | ${cells.join(' | ')} |`
  return [
    line(corner, columns),
    line(
      '---',
      columns.map(() => '---'),
    ),
    ...Object.entries(rows).map(([row, cells]) => line(row, cells)),
  ].join('\n')
}

/** What the page has between the marks of a table. */
export function tableInPage(name: string): string {
  const text = readFileSync(PAGE, 'utf8')
  const [from, to] = [`<!-- ${name} -->\n`, `\n<!-- /${name} -->`]
  return text.slice(text.indexOf(from) + from.length, text.indexOf(to)).trim()
}
