import type { RefusedReload } from '../../model/inForce.ts'
import type { Mechanism } from '../../model/mechanisms.ts'
import type { BrokenRun, RunRow } from '../../model/ports.ts'
import type { FailedReports } from '../../model/report.ts'
import type { LimitsLook } from '../limits.ts'
import { shownState } from '../runView.ts'
import type { Sweep } from '../sweeps.ts'
import { type Html, html } from './html.ts'
import { type Lanes, lanesSection } from './lanes.ts'
import { limitsSection } from './limits.ts'
import { badge, lasted, runCell, runLink, since, table, time } from './parts.ts'
import { type Placed, queueSection } from './queue.ts'
import { standingSection } from './standing.ts'
import { sweepWords } from './sweeps.ts'

export interface Overview extends Lanes {
  /** What somebody looks for, and whether all of it is wanted at once. */
  readonly asked: { readonly query: string; readonly all: boolean }
  /** Names in use: all, and those that were found. */
  readonly inUse: { readonly all: number; readonly found: number }
  readonly queued: readonly Placed[]
  readonly queueLength: number
  readonly live: readonly RunRow[]
  readonly liveCount: number
  /** Those of them that no process has any more. */
  readonly dead: ReadonlySet<string>
  readonly concluded: readonly RunRow[]
  readonly failedReports: FailedReports
  /** Records that cannot be read: of what is unfinished, and of the newest. */
  readonly broken: readonly BrokenRun[]
  readonly limits: LimitsLook
  /** Of the janitor's; null = none is noted. */
  readonly lastSweep: Sweep | null
  readonly slots: number
  readonly switchedOff: readonly Mechanism[]
  readonly refused: RefusedReload | null
}

/** The service at a glance. */
export function overviewPage(view: Overview): Html {
  const { live, asked, nowMs } = view
  return html`<h1>Overview</h1>
  <div data-live="summary">${summary(view)}</div>
  ${searchForm(asked.query)}
  <div data-live="overview">
    ${standingSection(view)}
    ${failedReports(view)}
    ${brokenRuns(view)}
    <section aria-labelledby="names"><h2 id="names">Names</h2>${lanesSection(view, noLane(view), moreLanes(view))}</section>
    ${queueSection(view)}
    ${section(
      'live',
      'Under way',
      view.liveCount === 0 ? 'Nothing runs.' : NOT_FOUND,
      LIVE_HEADS,
      live.map((row) => liveRow(row, view.dead.has(row.id), nowMs)),
    )}
    ${limitsSection(view.limits, nowMs)}
    ${section(
      'concluded',
      'Last concluded',
      asked.query === '' ? 'No run has ended yet.' : NOT_FOUND,
      END_HEADS,
      view.concluded.map((row) => endRow(row, nowMs)),
    )}
  </div>`
}

const LIVE_HEADS = ['Run', 'State', 'Stage', 'Domain', 'Asked by', 'Started'] as const
const END_HEADS = ['Run', 'Conclusion', 'What happened', 'Took', 'Ended'] as const
const NOT_FOUND = 'None has these words in it.'

function summary({ slots, liveCount, queueLength, inUse, lastSweep, nowMs }: Overview): Html {
  return html`<p class="summary"><span>${liveCount} of ${slots} slots in use</span> <span>${queueLength} queued</span>
    <span>${inUse.all} ${inUse.all === 1 ? 'name' : 'names'} in use</span>
    <span>${lastSweep === null ? 'no sweep yet' : html`<a href="/sweeps">last sweep</a> ${lasted(lastSweep.startedAtMs, nowMs)} ago: ${sweepWords(lastSweep)}`}</span></p>`
}

/** Without a script, and with an address that can be passed on. */
function searchForm(query: string): Html {
  return html`<form class="find" role="search" action="/">
    <input type="search" name="q" value="${query}" aria-label="Find names and runs" placeholder="Name, repository, #12, recipe, person or state"
      maxlength="200"> <button>Find</button>${query === '' ? null : html` <a href="/">Show everything</a>`}
  </form>`
}

function noLane({ inUse }: Overview): Html {
  return inUse.all > 0
    ? html`<p class="quiet">${NOT_FOUND}</p>`
    : html`<p class="quiet">No name is in use. A comment with <code>!testme</code> on a pull request starts a run.</p>`
}

function moreLanes({ asked, inUse, course }: Overview): Html | null {
  const hidden = inUse.found - course.spans.size
  if (hidden <= 0) return null
  return html`<p>${hidden} more names are in use, none of them in more need of a look.
    <a href="?q=${encodeURIComponent(asked.query)}&amp;all=yes">Show all ${inUse.found}</a></p>`
}

function section(
  id: string,
  title: string,
  none: string,
  heads: readonly string[],
  rows: readonly (readonly Html[])[],
): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
    ${rows.length === 0 ? html`<p class="quiet">${none}</p>` : table(title, heads, rows)}</section>`
}

function liveRow(row: RunRow, dead: boolean, nowMs: number): readonly Html[] {
  const stop =
    row.stop === null
      ? null
      : html`<br><span class="quiet">to stop: ${row.stop.reason}, by ${row.stop.by}</span>`
  return [
    runCell(row),
    html`${badge(shownState({ state: row.state, dead }))}${stop}`,
    html`${row.stage}`,
    html`<code>${row.domain}</code>`,
    html`${row.actor}`,
    since(row.startedAtMs ?? row.enqueuedAtMs, nowMs),
  ]
}

function endRow(row: RunRow, nowMs: number): readonly Html[] {
  const { startedAtMs, concludedAtMs, verdict } = row
  const took =
    startedAtMs === null || concludedAtMs === null ? 'not started' : lasted(startedAtMs, concludedAtMs)
  return [
    runCell(row),
    badge(verdict?.conclusion ?? 'concluded'),
    html`<span class="text">${verdict?.title ?? ''}</span>`,
    html`${took}`,
    concludedAtMs === null ? html`` : time(concludedAtMs, nowMs),
  ]
}

/** Reports that were given up: without this nobody would know that GitHub was never told. */
function failedReports({ failedReports, nowMs }: Overview): Html | null {
  const { count, newest } = failedReports
  if (count === 0) return null
  const rows = newest.map((report) => [
    report.runId === null ? html`${report.repository} #${report.pr}` : runLink(report.runId),
    html`${report.kind}`,
    html`<span class="text">${report.error}</span>`,
    time(report.createdAtMs, nowMs),
  ])
  return html`<section class="alarm" aria-labelledby="unsent"><h2 id="unsent">Given up: GitHub was never told (${count})</h2>
    ${table('Reports that were given up', ['Of', 'Report', 'Why', 'Made'], rows)}</section>`
}

/** Nobody but a person can do anything about them, so that they are shown first. */
function brokenRuns({ broken }: Overview): Html | null {
  if (broken.length === 0) return null
  const rows = broken.map(({ id, state, fault }) => [
    runLink(id),
    badge(state),
    html`<span class="text">${fault}</span>`,
  ])
  return html`<section class="alarm" aria-labelledby="broken"><h2 id="broken">Runs whose records cannot be read (${broken.length})</h2>
    <p>They are left as they are; the berth that wrote them, or a newer one, can read them.</p>
    ${table('Runs whose records cannot be read', ['Run', 'State', 'Why'], rows)}</section>`
}
