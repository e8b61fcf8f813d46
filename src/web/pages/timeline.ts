import { RUNGS } from '../../model/level.ts'
import type { RunView } from '../runView.ts'
import { logOf, type Step } from '../timeline.ts'
import { type Html, html } from './html.ts'
import { badge, lasted, time } from './parts.ts'

/** Per cent of the picture's width: what is too short to see is seen all the same. */
const LEAST_WIDTH = 0.75
/** A wait that is longer than this share of the run itself is cut, so that the run is not a line beside it. */
const MOST_WAIT = 0.5

/** Says no more than `success` does. */
const ENDED_WELL = 'exit code 0'

/** The stretch of time that the picture shows, wall clock, milliseconds. */
interface Axis {
  readonly fromMs: number
  readonly toMs: number
}

/** The run's steps in order, from its wait to its teardown, each with a bar at its place in the whole. All of it is text, too. */
export function timelineSection(run: RunView, nowMs: number): Html {
  const { timeline } = run
  const axis = axisOf(run, nowMs)
  const wait = waitStep(run)
  const rows = timeline.map((step) => stepRow(step, logOf(step, timeline, run.logs), run.id, axis, nowMs))
  return html`<section aria-labelledby="timeline"><h2 id="timeline">Timeline</h2>
    ${wait === null && rows.length === 0 ? html`<p class="quiet">Nothing of it has begun.</p>` : null}
    ${
      wait === null && rows.length === 0
        ? null
        : html`<ol class="course">${wait === null ? null : stepRow(wait, null, run.id, axis, nowMs)}${rows}</ol>
    ${rows.length === 0 ? null : scaleOf(axis)}`
    }
    ${levelPart(run)}</section>`
}

/** The time until something of it began; its end is the beginning of the first process. */
function waitStep({ queuedAtMs, startedAtMs, state }: RunView): Step | null {
  if (queuedAtMs === null || (startedAtMs === null && state !== 'queued' && state !== 'starting')) return null
  const waits = startedAtMs === null
  return {
    kind: 'stage',
    name: waits ? 'waiting' : 'waited',
    state: waits ? 'under_way' : 'over',
    startedAtMs: queuedAtMs,
    endedAtMs: startedAtMs,
    detail: '',
  }
}

function axisOf({ queuedAtMs, startedAtMs, timeline }: RunView, nowMs: number): Axis {
  const begins = timeline.flatMap((step) => step.startedAtMs ?? [])
  const fromMs = Math.min(...(begins.length === 0 ? [startedAtMs ?? queuedAtMs ?? nowMs] : begins))
  const toMs = Math.max(fromMs + 1, ...timeline.map((step) => endOf(step, nowMs)))
  if (queuedAtMs === null) return { fromMs, toMs: begins.length === 0 ? nowMs : toMs }
  if (begins.length === 0) return { fromMs: queuedAtMs, toMs: Math.max(queuedAtMs + 1, nowMs) }
  return { fromMs: Math.max(queuedAtMs, fromMs - (toMs - fromMs) * MOST_WAIT), toMs }
}

function stepRow(step: Step, log: string | null, id: string, axis: Axis, nowMs: number): Html {
  const { name, state, startedAtMs, endedAtMs, detail } = step
  const words =
    log === null ? html`${name}` : html`<a href="/runs/${id}?log=${encodeURIComponent(log)}#log">${name}</a>`
  const took = startedAtMs === null ? '' : lasted(startedAtMs, endedAtMs ?? nowMs)
  return html`<li data-state="${state}"><span class="step">${words}</span> ${badge(state)} <span class="took">${took}</span>
    ${barOf(step, axis, nowMs)}
    <span class="when">${startedAtMs === null ? null : time(startedAtMs, nowMs)}</span>
    ${detail === '' || detail === ENDED_WELL ? null : html`<span class="detail text">${detail}</span>`}</li>`
}

/** In per cent, so that it is as wide as there is room, and nothing in it is stretched. */
function barOf(step: Step, { fromMs, toMs }: Axis, nowMs: number): Html {
  if (step.startedAtMs === null) return html`<svg class="bar" aria-hidden="true"></svg>`
  const per = (ms: number) => Math.min(100, Math.max(0, ((ms - fromMs) * 100) / (toMs - fromMs)))
  const width = Math.max(LEAST_WIDTH, per(endOf(step, nowMs)) - per(step.startedAtMs))
  const x = Math.min(100 - width, per(step.startedAtMs))
  const cut =
    step.startedAtMs < fromMs
      ? html`<rect class="cut" x="1.5%" y="0" width="0.5%" height="100%"></rect>`
      : null
  return html`<svg class="bar" aria-hidden="true"><rect x="${x.toFixed(2)}%" y="0" width="${width.toFixed(2)}%" height="100%" rx="2" data-state="${step.state}"></rect>${cut}</svg>`
}

function scaleOf({ fromMs, toMs }: Axis): Html {
  const parts = [0, 0.25, 0.5, 0.75, 1]
  return html`<p class="scale" aria-hidden="true">${parts.map((part) => html`<span>${lasted(0, (toMs - fromMs) * part)}</span>`)}</p>`
}

function endOf({ startedAtMs, endedAtMs }: Step, nowMs: number): number {
  return startedAtMs === null ? 0 : (endedAtMs ?? nowMs)
}

const RUNG_WORDS = { shown: 'shown', failed: 'failed', untried: 'not tried' } as const

/** How far a stack has come, rung by rung. */
function levelPart({ level }: RunView): Html | null {
  if (level === null) return null
  const { height, rungs } = level
  return html`<h3>Level ${height} of ${RUNGS.length}</h3>
    <ol class="rungs">${RUNGS.map((rung) => html`<li data-state="${rungs[rung]}"><span>${rung}</span> <small>${RUNG_WORDS[rungs[rung]]}</small></li>`)}</ol>`
}
