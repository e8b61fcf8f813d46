import { plainText } from '../model/plainText.ts'

/** Columns as wide as their widest cell, two spaces between; the last one is not padded. Cells from outside are made harmless. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [heads.map((head) => head.toUpperCase()), ...rows].map((row) =>
    row.map((cell) => plainText(cell).replaceAll(/\s+/g, ' ')),
  )
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)))
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  )
  return `${lines.join('\n')}\n`
}

/** Local date and time to the second, without zone: for people at this machine. */
export function timeText(ms: number | null): string {
  return ms === null
    ? ''
    : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}
