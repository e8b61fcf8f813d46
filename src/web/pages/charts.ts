import { formatDuration } from '../../model/duration.ts'
import type { Durations, History, PastRun } from '../../model/history.ts'
import { CONCLUSIONS } from '../../model/run.ts'
import { type Html, html } from './html.ts'

/** Units of the drawing; it is stretched to the room that there is, and its lines are not (vector-effect). */
const HEIGHT = 100
const BAR = 10
const GAP = 2
const LEAST_HEIGHT = 2

/** How long runs lasted, oldest first, and how each ended. What it shows is said in the words below it and in the table of runs. */
export function durationsChart(runs: readonly PastRun[], durations: Durations | null): Html {
  const shown = runs.toReversed()
  const longest = Math.max(1, ...shown.map(({ tookMs }) => tookMs ?? 0))
  const width = Math.max(1, shown.length) * BAR
  const y = (ms: number) => HEIGHT - (ms * HEIGHT) / longest
  const bars = shown.map((run, index) => barOf(run, index * BAR, longest))
  const line = (name: string, ms: number) =>
    html`<line class="${name}" x1="0" x2="${width}" y1="${y(ms).toFixed(1)}" y2="${y(ms).toFixed(1)}" vector-effect="non-scaling-stroke"></line>`
  return html`<figure class="chart"><svg class="durations" viewBox="0 0 ${width} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">${bars}
    ${durations === null ? null : html`${line('middle', durations.middleMs)}${line('p95', durations.p95Ms)}`}</svg>
    <figcaption>${captionOf(shown.length, longest, durations)}</figcaption></figure>`
}

function barOf({ id, tookMs, verdict }: PastRun, x: number, longest: number): Html {
  const height = Math.max(LEAST_HEIGHT, ((tookMs ?? 0) * HEIGHT) / longest)
  const words = `${id}: ${verdict?.conclusion ?? 'not known'}${tookMs === null ? '' : `, ${formatDuration(tookMs)}`}`
  return html`<rect x="${x + GAP / 2}" width="${BAR - GAP}" y="${(HEIGHT - height).toFixed(1)}" height="${height.toFixed(1)}" data-state="${verdict?.conclusion ?? ''}"><title>${words}</title></rect>`
}

function captionOf(count: number, longest: number, durations: Durations | null): Html {
  const of = `The last ${count} ${count === 1 ? 'run' : 'runs'}, oldest on the left; the highest took ${formatDuration(longest)}.`
  if (durations === null) return html`${of} None has ended by itself.`
  const { middleMs, p95Ms } = durations
  return html`${of} <span class="key middle">median ${formatDuration(middleMs)}</span> <span class="key p95">95th percentile ${formatDuration(p95Ms)}</span>`
}

/** The shares of each end, as one bar with its numbers in words. */
export function outcomesChart({ outcomes, runs }: Pick<History, 'outcomes' | 'runs'>): Html {
  const shares = CONCLUSIONS.map((conclusion) => ({ conclusion, count: outcomes[conclusion] })).filter(
    ({ count }) => count > 0,
  )
  const all = Math.max(1, runs.length)
  const begins = shares.map((_, index) => shares.slice(0, index).reduce((sum, { count }) => sum + count, 0))
  return html`<figure class="chart"><svg class="shares" aria-hidden="true">${shares.map(
    ({ conclusion, count }, index) =>
      html`<rect x="${(((begins[index] ?? 0) * 100) / all).toFixed(2)}%" width="${((count * 100) / all).toFixed(2)}%" height="100%" data-state="${conclusion}"></rect>`,
  )}</svg>
    <figcaption><ul class="keys">${shares.map(({ conclusion, count }) => html`<li data-state="${conclusion}">${count} ${conclusion.replaceAll('_', ' ')} (${Math.round((count * 100) / all)} %)</li>`)}</ul></figcaption></figure>`
}

/** A duration among others, as long as its share of the longest. */
export function durationBar(ms: number, longestMs: number): Html {
  return html`<svg class="bar" aria-hidden="true"><rect width="${((ms * 100) / Math.max(1, longestMs)).toFixed(1)}%" height="100%" rx="2"></rect></svg>`
}
