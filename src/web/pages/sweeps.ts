import { formatDuration, formatSize } from '../../model/duration.ts'
import type { Sweep } from '../sweeps.ts'
import { type Html, html } from './html.ts'
import { badge, linked, since, table, time } from './parts.ts'

/** What the janitor has found and done of late, and why. */
export function sweepsPage(sweeps: readonly Sweep[], nowMs: number): Html {
  return html`<h1>Sweeps</h1>
  <p>The janitor looks for what nobody has any more: names that were left uncleaned, runs without a process, folders past their time.
    By hand: <code>berth janitor</code>, and <code>berth janitor --dry-run</code> only says what it would do.</p>
  <div data-live="sweeps">${
    sweeps.length === 0
      ? html`<p class="quiet">None is noted yet. It runs by a timer or cron; <code>berth doctor</code> says whether it does.</p>`
      : html`${latest(sweeps[0], nowMs)}${earlier(sweeps.slice(1), nowMs)}`
  }</div>`
}

/** How one went, in a few words. */
export function sweepWords({ exitCode, leakCount }: Sweep): string {
  const leaks = leakCount === 0 ? '' : `, ${leakCount} suspected ${leakCount === 1 ? 'leak' : 'leaks'}`
  return `${OUTCOMES[exitCode] ?? `ended with ${exitCode}`}${leaks}`
}

const OUTCOMES: Readonly<Record<number, string>> = {
  0: 'nothing was left',
  1: 'something is left',
  10: 'cleaned',
}

function latest(sweep: Sweep | undefined, nowMs: number): Html | null {
  if (sweep === undefined) return null
  const { names, runFolders, bytes, limitBytes } = sweep
  return html`<section aria-labelledby="latest"><h2 id="latest">The last one</h2>
    <p class="summary">${outcome(sweep)} <span>${since(sweep.startedAtMs, nowMs)}, took ${formatDuration(sweep.tookMs)}</span></p>
    <dl class="facts">
      ${names === null ? null : html`<div><dt>Names after it</dt><dd>${(['blocked', 'dirty', 'busy', 'free'] as const).map((state) => html`<span class="count">${names[state]} ${badge(state)}</span> `)}</dd></div>`}
      <div><dt>Run folders</dt><dd>${runFolders}, ${formatSize(bytes)} of ${formatSize(limitBytes)}</dd></div>
    </dl>
    ${findings(sweep)}</section>`
}

function earlier(sweeps: readonly Sweep[], nowMs: number): Html | null {
  if (sweeps.length === 0) return null
  return html`<section aria-labelledby="earlier"><h2 id="earlier">Before that</h2>
    ${sweeps.map(
      (sweep) => html`<details class="sweep" data-key="sweep-${sweep.startedAtMs}">
        <summary>${time(sweep.startedAtMs, nowMs)} ${outcome(sweep)} ${sweep.findingCount === 0 ? '' : `${sweep.findingCount} findings, `}took ${formatDuration(sweep.tookMs)}</summary>
        ${findings(sweep)}</details>`,
    )}</section>`
}

function outcome(sweep: Sweep): Html {
  const state = sweep.exitCode === 1 || sweep.leakCount > 0 ? 'failure' : 'success'
  return html`<span class="state" data-state="${state}">${sweepWords(sweep)}</span>`
}

function findings({ startedAtMs, findings: found, findingCount }: Sweep): Html {
  if (found.length === 0) return html`<p class="quiet">It found nothing to do.</p>`
  const rows = found.map(({ what, name, action, why }) => [
    html`${what}`,
    html`<code>${name}</code>`,
    html`${action}`,
    html`<span class="text">${linked(why)}</span>`,
  ])
  const more = findingCount - found.length
  return html`${table(`Findings of ${new Date(startedAtMs).toISOString()}`, ['What', 'Which', 'Done', 'Why'], rows)}
    ${more > 0 ? html`<p class="quiet">${more} more are not noted.</p>` : null}`
}
