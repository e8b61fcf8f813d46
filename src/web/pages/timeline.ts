import type { RunView } from '../runView.ts'
import { logOf, type Step } from '../timeline.ts'
import { type Html, html } from './html.ts'
import { badge, lasted, table, time } from './parts.ts'

/** Units of a bar: as wide as the whole run. */
const WIDTH = 1000
/** What is too short to see is seen all the same. */
const LEAST_WIDTH = 8

/** The run's steps in order, each with its outcome, its duration, and a bar at its place in the whole. */
export function timelineSection({ id, timeline, logs }: RunView, nowMs: number): Html {
  const heads = ['Step', 'Outcome', 'Took', 'Started', 'Course', 'Detail']
  const rows = timeline.map((step) =>
    rowOf(step, logOf(step, timeline, logs), id, barOf(step, timeline, nowMs), nowMs),
  )
  return html`<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>
    ${rows.length === 0 ? html`<p class="quiet">Nothing of it has begun.</p>` : table('Timeline', heads, rows)}</section>`
}

function rowOf(step: Step, log: string | null, id: string, bar: Html, nowMs: number): readonly Html[] {
  const { name, state, startedAtMs, endedAtMs, detail } = step
  return [
    log === null ? html`${name}` : html`<a href="/runs/${id}?log=${encodeURIComponent(log)}#log">${name}</a>`,
    badge(state),
    html`${startedAtMs === null ? '' : lasted(startedAtMs, endedAtMs ?? nowMs)}`,
    startedAtMs === null ? html`` : time(startedAtMs, nowMs),
    bar,
    html`<span class="text">${detail}</span>`,
  ]
}

function barOf(step: Step, timeline: readonly Step[], nowMs: number): Html {
  const { startedAtMs } = step
  if (startedAtMs === null) return html``
  const begin = Math.min(...timeline.map((other) => other.startedAtMs ?? nowMs))
  const end = Math.max(begin + 1, ...timeline.map((other) => endOf(other, nowMs)))
  const scale = (ms: number) => Math.round((Math.max(0, ms) * WIDTH) / (end - begin))
  const width = Math.max(LEAST_WIDTH, scale(endOf(step, nowMs) - startedAtMs))
  const x = Math.min(WIDTH - width, scale(startedAtMs - begin))
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">
    <rect x="${x}" y="0" width="${width}" height="10" data-state="${step.state}"></rect></svg>`
}

function endOf({ startedAtMs, endedAtMs }: Step, nowMs: number): number {
  return startedAtMs === null ? 0 : (endedAtMs ?? nowMs)
}
