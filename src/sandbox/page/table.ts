export interface TableRows {
  readonly head: readonly string[]
  readonly body: readonly (readonly string[])[]
}

const DELIMITER = /^:?-+:?$/

/** A paragraph that is a table (GitHub Flavored Markdown, section 4.10), as the Markdown of its cells; null = it is none. */
export function tableOf(paragraph: string): TableRows | null {
  const [first = '', second = '', ...others] = paragraph.split('\n')
  if (!first.includes('|') || !second.includes('|')) return null
  const head = cellsOf(first)
  const delimiters = cellsOf(second)
  if (delimiters.length !== head.length || !delimiters.every((cell) => DELIMITER.test(cell))) return null
  return { head, body: others.map((line) => sized(cellsOf(line), head.length)) }
}

/** Cells end at pipes; a pipe after a backslash belongs to its cell. */
function cellsOf(line: string): readonly string[] {
  const inner = line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'))
}

function sized(cells: readonly string[], count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => cells[index] ?? '')
}
