import { formatDuration } from '../../model/duration.ts'
import type { Name } from '../../model/names.ts'
import type { Course, Span } from '../course.ts'
import { type Html, html } from './html.ts'
import { lasted } from './parts.ts'

/** Units of a picture: all that it shows. */
const WIDTH = 1200
/** What is too short to see is seen all the same. */
const LEAST_WIDTH = 6

/** One lane as a picture. What it shows stands beside it in words: nobody is read it twice. */
export function coursePicture(course: Course, name: Name): Html {
  const spans = course.spans.get(name) ?? []
  return html`<svg class="course" viewBox="0 0 ${WIDTH} 10" preserveAspectRatio="none" aria-hidden="true">${spans.map((span) => rect(span, course))}</svg>`
}

function rect(span: Span, { fromMs, toMs }: Course): Html {
  const { kind, conclusion } = span
  const scale = WIDTH / (toMs - fromMs)
  const width = Math.max(LEAST_WIDTH, Math.round((span.toMs - span.fromMs) * scale))
  const x = Math.min(WIDTH - width, Math.round((span.fromMs - fromMs) * scale))
  return html`<rect x="${x}" y="0" width="${width}" height="10" data-kind="${kind}" data-state="${conclusion ?? kind}"><title>${titleOf(span)}</title></rect>`
}

const WORDS: Readonly<Record<Span['kind'], string>> = {
  ended: 'ended',
  held: 'has it',
  expected: 'is expected to have it',
  waiting: 'is likely to be next',
  by_hand: 'Kept by hand',
  left: 'left it uncleaned',
}

function titleOf({ kind, run, conclusion, fromMs, toMs }: Span): string {
  const who = run === null ? '' : `Run ${run} `
  const how = conclusion === null ? '' : `: ${conclusion.replaceAll('_', ' ')}`
  return `${who}${WORDS[kind]}${how}, ${clock(fromMs)} to ${clock(toMs)} UTC (${lasted(fromMs, toMs)})`
}

function clock(atMs: number): string {
  return new Date(atMs).toISOString().slice('2026-07-01T'.length, -'.000Z'.length)
}

/** What the pictures below it have in common: their scale, and what their colours say. */
export function courseAxis({ fromMs, nowMs, toMs }: Course): Html {
  return html`<div class="axis" aria-hidden="true">
    <ul class="legend">${LEGEND.map(([kind, words]) => html`<li data-kind="${kind}">${words}</li>`)}</ul>
    <p class="scale"><span>${formatDuration(nowMs - fromMs)} ago</span> <span>now</span> <span>in ${formatDuration(toMs - nowMs)}</span></p>
  </div>`
}

const LEGEND = [
  ['success', 'passed'],
  ['failure', 'failed'],
  ['held', 'holds it'],
  ['expected', 'expected'],
  ['left', 'left uncleaned'],
  ['by_hand', 'kept by hand'],
] as const
