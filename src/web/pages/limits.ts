import { formatDuration } from '../../model/duration.ts'
import { MECHANISM_NAMES, MECHANISMS, type Mechanism } from '../../model/mechanisms.ts'
import type { LimitsLook } from '../limits.ts'
import { type Html, html } from './html.ts'
import { table, time, titleOf } from './parts.ts'
import { refusedSection, type Standing } from './standing.ts'

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

export interface LimitsPage extends Standing {
  readonly limits: LimitsLook
  readonly slots: number
}

/** All that keeps work back: what is bounded, whose bound is reached, and what the operator can switch off. */
export function limitsPage(view: LimitsPage): Html {
  const { limits, slots, switchedOff, nowMs } = view
  const bounds = [
    ['slots', 'Runs at a time.', String(slots)] as const,
    ...LIMITS.map(([name, means, unit]) => [name, means, worded(limits.limits[name], unit)] as const),
  ]
  return html`<h1>Limits and switches</h1>
  <div data-live="limits">
    ${refusedSection(view)}
    ${limitsSection(limits, nowMs)}
    ${limits.usedUp.length + limits.crashLoops.length === 0 ? html`<p class="quiet">No limit is used up, and nothing is suppressed.</p>` : null}
    <section aria-labelledby="bounds"><h2 id="bounds">Limits</h2>
      ${table(
        'Limits',
        ['Limit', 'Now', 'What it bounds'],
        bounds.map(([name, means, value]) => [
          html`<code>${name}</code>`,
          html`${value}`,
          html`<span class="text">${means}</span>`,
        ]),
      )}</section>
    <section aria-labelledby="switches"><h2 id="switches">Switches</h2>
      <p>Each mechanism can be switched off under <code>switchedOff</code> in <code>berth.yml</code>; a reload takes it up.</p>
      ${table(
        'Switches',
        ['Mechanism', 'State', 'While it is off'],
        MECHANISM_NAMES.map((name) => switchRow(name, switchedOff.includes(name))),
      )}</section>
  </div>`
}

const LIMITS = [
  ['perActorPerHour', 'Commands of one person within an hour, in all repositories.', 'count'],
  ['perPullRequestPerHour', 'Runs of one pull request within an hour.', 'count'],
  ['perRepositoryPerHour', 'Runs of one repository within an hour.', 'count'],
  ['repeatsPerTenMinutes', 'How often one person may ask for the same at the same commit.', 'count'],
  [
    'crashesInARow',
    'So many faults of the harness one after the other suppress a recipe at a commit.',
    'count',
  ],
  ['crashPauseMs', 'For how long that is, counted from the last one.', 'ms'],
] as const satisfies readonly (readonly [keyof LimitsLook['limits'], string, 'count' | 'ms'])[]

function worded(value: number, unit: 'count' | 'ms'): string {
  return unit === 'ms' ? formatDuration(value) : String(value)
}

function switchRow(name: Mechanism, off: boolean): readonly Html[] {
  const state = html`<span class="state" data-state="${off ? 'failure' : 'success'}">${off ? 'off' : 'on'}</span>`
  return [html`<code>${name}</code>`, state, html`<span class="text">${MECHANISMS[name]}</span>`]
}
