import type { LimitsLook } from '../limits.ts'
import { type Html, html } from './html.ts'
import { table, time, titleOf } from './parts.ts'

const SHORT_SHA = 12

/** Whose limits are used up and what is not started again, each until when; nothing where nothing is. */
export function limitsSection({ usedUp, crashLoops }: LimitsLook, nowMs: number): Html {
  return html`${usedUpSection(usedUp, nowMs)}${crashLoopsSection(crashLoops, nowMs)}`
}

function usedUpSection(usedUp: LimitsLook['usedUp'], nowMs: number): Html | null {
  if (usedUp.length === 0) return null
  const rows = usedUp.map(({ kind, who, limit, used, most, freeAtMs }) => [
    html`${kind.replaceAll('_', ' ')} <code>${who}</code>`,
    html`<code>${limit}</code>`,
    html`${used} of ${most}`,
    time(freeAtMs, nowMs),
  ])
  return html`<section aria-labelledby="limits"><h2 id="limits">Limits that are used up</h2>
    ${table('Limits that are used up', ['Whose', 'Limit', 'Used', 'Free again'], rows)}</section>`
}

/** A person has to mend what makes them crash; a new commit is tried at once. */
function crashLoopsSection(crashLoops: LimitsLook['crashLoops'], nowMs: number): Html | null {
  if (crashLoops.length === 0) return null
  const rows = crashLoops.map((loop) => [
    html`${titleOf(loop)}<br><code>${loop.sha.slice(0, SHORT_SHA)}</code>`,
    html`${loop.times}`,
    html`<span class="text">${loop.title}</span>`,
    time(loop.untilMs, nowMs),
  ])
  return html`<section class="alarm" aria-labelledby="crash-loops"><h2 id="crash-loops">Not started again: crash loops (${crashLoops.length})</h2>
    <p>Each has ended in faults of the harness so often in a row, at one commit. A new commit is tried at once.</p>
    ${table('Crash loops', ['Of', 'Times', 'The last one', 'Until'], rows)}</section>`
}
