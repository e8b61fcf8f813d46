import type { Tally } from './campaign.ts'
import { kindOf, nameOf } from './point.ts'
import type { Outcome } from './theatre.ts'

/** What came of points that are alike. */
interface Row {
  readonly kind: string
  readonly points: number
  readonly wrong: number
  /** What the next services met, most often first. */
  readonly found: readonly string[]
  /** How the runs ended, and how often. */
  readonly ends: string
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

/** For people, as Markdown: one line that says what was done, and a table by kind of point. */
export function tableOf(tally: Tally): string {
  const rows = rowsOf(tally.outcomes, kindOfOutcome).map(
    ({ kind, points, found, ends, wrong }) =>
      `| \`${kind}\` | ${points} | ${found.join('; ')} | ${ends} | ${wrong} |`,
  )
  return [
    headOf(tally),
    '',
    '| killed at | points | the next service found | runs ended | wrong |',
    '| --- | ---: | --- | --- | ---: |',
    ...rows,
  ].join('\n')
}

/** The same in one line. */
export function headOf({ campaign, calls, points, outcomes, passing, unmet, failures }: Tally): string {
  const first = campaign.first.map((point) => `, after one that was killed \`${nameOf(point)}\``).join('')
  const rest = [
    ...(passing.length === 0 ? [] : [`${passing.length} that not every service comes to were not met`]),
    ...(unmet.length === 0 ? [] : [`NEVER MET: ${unmet.map(nameOf).join(', ')}`]),
  ]
  return [
    `Story \`${campaign.story}\`${first}: ${calls} calls, ${points} points, ${outcomes.length} met, ${failures.length} wrong`,
    ...rest,
  ].join('; ')
}

/** The stories in which the next service met something else, one for each. */
export function firstOfEach({ outcomes }: Tally): readonly Outcome[] {
  return [...Map.groupBy(outcomes, foundBy).values()].flatMap(([outcome]) => outcome ?? [])
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
    wrong: all.filter(({ faults }) => faults.length > 0).length,
    found: countsOf(all.map(foundBy)).map(([what]) => what),
    ends: countsOf(all.map(({ conclusion }) => conclusion ?? 'none'))
      .map(([conclusion, count]) => `${count} ${conclusion}`)
      .join(', '),
  }))
}

function countsOf(words: readonly string[]): readonly (readonly [string, number])[] {
  const counts = [...Map.groupBy(words, (word) => word)].map(([word, all]) => [word, all.length] as const)
  return counts.sort(([, one], [, other]) => other - one)
}
