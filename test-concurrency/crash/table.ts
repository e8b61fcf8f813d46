import type { Tally } from './campaign.ts'
import { kindOf, nameOf } from './point.ts'
import type { Outcome } from './theatre.ts'

/** What of one kind of points came. */
interface Row {
  readonly kind: string
  readonly points: number
  readonly failed: number
  /** What the next services met, most often first. */
  readonly found: readonly string[]
  readonly conclusions: string
}

/** For programs. */
export function dataOf({ campaign, calls, points, outcomes, passing, unmet, failures }: Tally) {
  return {
    ...campaign,
    first: campaign.first.map(nameOf),
    calls,
    points,
    met: outcomes.length,
    passing: passing.map(nameOf),
    unmet: unmet.map(nameOf),
    failures: failures.map(({ points, faults }) => ({ points: points.map(nameOf), faults })),
    kinds: rowsOf(outcomes, kindOfOutcome),
    found: rowsOf(outcomes, foundBy),
  }
}

/** For people, as Markdown: by kind of point, and by what the next service found. */
export function tablesOf({ outcomes }: Tally): string {
  const kinds = rowsOf(outcomes, kindOfOutcome).map(
    ({ kind, points, found, conclusions, failed }) =>
      `| \`${kind}\` | ${points} | ${found.join('; ')} | ${conclusions} | ${failed} |`,
  )
  const found = rowsOf(outcomes, foundBy).map(
    ({ kind, points, conclusions, failed }) => `| ${kind} | ${points} | ${conclusions} | ${failed} |`,
  )
  return [
    '| killed at | points | the next service found | runs ended | wrong |',
    '| --- | ---: | --- | --- | ---: |',
    ...kinds,
    '',
    '| the next service found | points | runs ended | wrong |',
    '| --- | ---: | --- | ---: |',
    ...found,
  ].join('\n')
}

function kindOfOutcome({ points }: Outcome): string {
  const point = points.at(-1)
  return point === undefined ? '' : kindOf(point)
}

function foundBy({ found }: Outcome): string {
  return found.at(-1)?.what ?? ''
}

function rowsOf(outcomes: readonly Outcome[], by: (outcome: Outcome) => string): readonly Row[] {
  return [...Map.groupBy(outcomes, by)].map(([kind, all]) => ({
    kind,
    points: all.length,
    failed: all.filter(({ faults }) => faults.length > 0).length,
    found: countsOf(all.map(foundBy)).map(([what]) => what),
    conclusions: countsOf(all.map(({ conclusion }) => conclusion ?? 'none'))
      .map(([conclusion, count]) => `${count} ${conclusion}`)
      .join(', '),
  }))
}

function countsOf(words: readonly string[]): readonly (readonly [string, number])[] {
  const counts = [...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length] as const)
  return counts.sort(([, one], [, other]) => other - one)
}
