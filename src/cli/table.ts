import stringWidth from 'fast-string-truncated-width'
import { plainText } from '../model/plainText.ts'
import { type Paint, painted, type Screen, widthOf } from './screen.ts'

/** A column by its head, or with how it behaves where the terminal is too narrow for all. */
export interface Column {
  readonly head: string
  /** Never shortened: people copy what it says. */
  readonly whole?: true
  /** Left out where there is no room for the least of each column; of several, the higher number first. */
  readonly spare?: number
  readonly paint?: (cell: string) => Paint | null
}

const GAP = '  '
/** A column that is shortened keeps so many places: less says nothing. */
const LEAST = 8
const NO_SCREEN: Screen = { write: () => undefined }

/**
 * Columns as wide as their widest cell, two spaces between; the last one is not padded. Cells from outside are made harmless. A terminal gets no line that is wider
 * than itself: columns are left out and shortened; whatever else reads gets all of every cell.
 */
export function table(
  heads: readonly (string | Column)[],
  rows: readonly (readonly string[])[],
  screen: Screen = NO_SCREEN,
): string {
  const columns = heads.map((head): Column => (typeof head === 'string' ? { head } : head))
  const cells = rows.map((row) => columns.map((_, index) => cellOf(row[index] ?? '')))
  const naturals = columns.map(({ head }, index) =>
    Math.max(widthOfText(head), ...cells.map((row) => widthOfText(row[index] ?? ''))),
  )
  const widths = fitted(columns, naturals, widthOf(screen))
  const shown = columns.flatMap((column, index) => {
    const width = widths[index] ?? null
    return width === null ? [] : [{ column, index, width }]
  })
  const line = (row: readonly string[], paint: (column: Column, cell: string) => Paint | null) =>
    shown
      .map(({ column, index, width }, place) => {
        const cell = cut(row[index] ?? '', width)
        const pad = place === shown.length - 1 ? '' : ' '.repeat(width - widthOfText(cell))
        return painted(screen, cell === '' ? null : paint(column, row[index] ?? ''), cell) + pad
      })
      .join(GAP)
      .trimEnd()
  const head = line(
    columns.map((column) => column.head.toUpperCase()),
    () => 'bold',
  )
  const lines = cells.map((row) => line(row, (column, cell) => column.paint?.(cell) ?? null))
  return `${[head, ...lines].join('\n')}\n`
}

function cellOf(text: string): string {
  return plainText(text).replaceAll(/\s+/g, ' ')
}

/** In places of a terminal: a wide character takes two, a combining one none. */
export function widthOfText(text: string): number {
  return stringWidth(text).width
}

/** No wider than this, with an ellipsis where something is left out. */
export function cut(text: string, width: number): string {
  const { truncated, index } = stringWidth(text, { limit: width, ellipsis: '…', ellipsisWidth: 1 })
  return truncated ? `${text.slice(0, index)}…` : text
}

/** The width of each column; null = it is left out. */
function fitted(
  columns: readonly Column[],
  naturals: readonly number[],
  most: number | null,
): readonly (number | null)[] {
  if (most === null) return naturals
  const leasts = columns.map(({ whole }, index) => {
    const natural = naturals[index] ?? 0
    return whole === true ? natural : Math.min(natural, LEAST)
  })
  let shown = columns.map((_, index) => index)
  for (;;) {
    const room = most - GAP.length * (shown.length - 1)
    const spare = shown
      .filter((index) => columns[index]?.spare !== undefined)
      .sort((one, other) => (columns[other]?.spare ?? 0) - (columns[one]?.spare ?? 0))[0]
    if (spare === undefined || sum(shown, leasts) <= room) {
      const widths = spread(shown, naturals, leasts, room)
      return columns.map((_, index) => widths.get(index) ?? null)
    }
    shown = shown.filter((index) => index !== spare)
  }
}

/** The widest columns give way first, down to their least; where even that is too much, the last ones. */
function spread(
  shown: readonly number[],
  naturals: readonly number[],
  leasts: readonly number[],
  room: number,
): ReadonlyMap<number, number> {
  const at = (cap: number, index: number) => Math.min(naturals[index] ?? 0, Math.max(leasts[index] ?? 0, cap))
  let cap = Math.max(0, ...naturals)
  while (cap > 0 && shown.reduce((total, index) => total + at(cap, index), 0) > room) cap -= 1
  const widths = new Map(shown.map((index) => [index, at(cap, index)]))
  let left = room - [...widths.values()].reduce((total, width) => total + width, 0)
  for (const index of shown) {
    const width = widths.get(index) ?? 0
    const more = Math.min(Math.max(0, left), (naturals[index] ?? 0) - width)
    widths.set(index, width + more)
    left -= more
  }
  for (const index of shown.toReversed()) {
    const width = widths.get(index) ?? 0
    const less = Math.min(Math.max(0, -left), width - 1)
    widths.set(index, width - less)
    left += less
  }
  return widths
}

function sum(indexes: readonly number[], widths: readonly number[]): number {
  return indexes.reduce((total, index) => total + (widths[index] ?? 0), 0)
}

/** Local date and time to the second, without zone: for people at this machine. */
export function timeText(ms: number | null): string {
  return ms === null
    ? ''
    : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** The same for a column: a terminal is told no seconds, and no date of today. */
export function momentText(ms: number | null, screen: Screen, nowMs: number = Date.now()): string {
  const text = timeText(ms)
  if (ms === null || widthOf(screen) === null) return text
  const [day = '', clock = ''] = text.split(' ')
  return day === timeText(nowMs).slice(0, 10) ? clock : `${day.slice(5)} ${clock.slice(0, 5)}`
}
