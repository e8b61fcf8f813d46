/** What was measured, several times in one run of the benchmark: one line of the table. */
export interface Figure {
  readonly name: string
  readonly unit: 'ms' | 'µs' | '×' | 'MB' | 'KB' | '%' | ''
  /** One value a round. */
  readonly values: readonly number[]
  /** What the project aims at: the median is to be at most this. */
  readonly aim: number | null
}

/** Figures that belong together, and what they were measured under. */
export interface Part {
  readonly name: string
  readonly title: string
  readonly conditions: string
  readonly groups: readonly Group[]
}

interface Group {
  readonly title: string
  readonly figures: readonly Figure[]
}

export function figure(
  name: string,
  unit: Figure['unit'],
  values: readonly number[],
  aim: number | null = null,
): Figure {
  return { name, unit, values, aim }
}

/** One figure over another one of the same round, round by round: what slows the machine down for a while slows both. */
export function ratios(over: readonly number[], under: readonly number[]): readonly number[] {
  return over.map((value, round) => value / (under[round] ?? Number.NaN))
}

/** The least value that so many of a hundred do not exceed (nearest rank). */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Number.NaN
}

/** How long each step took: times since the beginning, in the order of `names`, become the time since the step before. */
export function stepsOf<K extends string>(
  names: Readonly<Record<K, string>>,
  rounds: readonly Readonly<Record<NoInfer<K>, number>>[],
): readonly Figure[] {
  const keys = Object.keys(names).filter((key): key is K => Object.hasOwn(names, key))
  return keys.map((key, index) => {
    const before = keys[index - 1]
    const took = (round: Readonly<Record<K, number>>) =>
      round[key] - (before === undefined ? 0 : round[before])
    return figure(names[key], 'ms', rounds.map(took))
  })
}

/** A part as people read it. */
export function tableOf({ title, conditions, groups }: Part): string {
  const body = groups.flatMap((group) => [
    '',
    lineOf([group.title, 'median', 'min – max', 'n', '']),
    ...rowsOf(group),
  ])
  return [title, conditions, ...body, ''].join('\n')
}

/** A part as programs read it: what the table shows, and every value. */
export function dataOf({ name, title, conditions, groups }: Part): object {
  const figures = groups.flatMap((group) =>
    group.figures.map((one) => ({ group: group.title, ...one, ...summaryOf(one.values) })),
  )
  return { name, title, conditions, figures }
}

function rowsOf({ figures }: Group): readonly string[] {
  return figures.map((one) => {
    const { median, min, max, count } = summaryOf(one.values)
    return lineOf([
      `  ${one.name}`,
      textOf(median, one),
      `${numberOf(min)} – ${numberOf(max)}`,
      String(count),
      aimOf(one),
    ])
  })
}

const WIDTHS = [54, 12, 18, 6] as const

function lineOf([name = '', ...cells]: readonly string[]): string {
  const [nameWidth, ...widths] = WIDTHS
  const right = cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join('')
  return `${name.padEnd(nameWidth)}${right}`.trimEnd()
}

function aimOf({ values, unit, aim }: Figure): string {
  if (aim === null) return ''
  return `   aim ≤ ${aim} ${unit}: ${summaryOf(values).median <= aim ? 'met' : 'missed'}`
}

function textOf(value: number, { unit }: Figure): string {
  return `${numberOf(value)} ${unit}`.trimEnd()
}

/** More digits would promise what is not there. */
function numberOf(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(2) : value.toFixed(1)
}

function summaryOf(values: readonly number[]) {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]]
  return {
    median: ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2,
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    count: sorted.length,
  }
}
