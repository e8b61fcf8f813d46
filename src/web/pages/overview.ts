import type { RefusedReload } from '../../model/inForce.ts'
import type { Mechanism } from '../../model/mechanisms.ts'
import type { BrokenRun, RunRow } from '../../model/ports.ts'
import type { FailedReports } from '../../model/report.ts'
import { isIdle, type Lane } from '../lanes.ts'
import type { LimitsLook } from '../limits.ts'
import { shownState } from '../runView.ts'
import { type Html, html } from './html.ts'
import { type Abouts, lanesSection } from './lanes.ts'
import { limitsSection } from './limits.ts'
import { badge, lasted, linked, runCell, runLink, since, table, time } from './parts.ts'
import { standingSection } from './standing.ts'

export interface Overview {
  readonly lanes: readonly Lane[]
  readonly abouts: Abouts
  readonly queued: readonly RunRow[]
  readonly live: readonly RunRow[]
  /** Those of them that no process has any more. */
  readonly dead: ReadonlySet<string>
  readonly concluded: readonly RunRow[]
  readonly failedReports: FailedReports
  /** Records that cannot be read: of what is unfinished, and of the newest. */
  readonly broken: readonly BrokenRun[]
  readonly limits: LimitsLook
  readonly slots: number
  readonly switchedOff: readonly Mechanism[]
  readonly refused: RefusedReload | null
  readonly nowMs: number
}

/** The service at a glance. */
export function overviewPage(view: Overview): Html {
  const { lanes, abouts, queued, live, slots, nowMs } = view
  const used = lanes.filter((lane) => !isIdle(lane)).length
  return html`<h1>Overview</h1>
  <div data-live="overview">
    <p class="summary"><span>${live.length} of ${slots} slots in use</span> <span>${queued.length} queued</span>
      <span>${used} ${used === 1 ? 'name' : 'names'} in use</span></p>
    ${standingSection(view)}
    ${failedReports(view)}
    ${brokenRuns(view)}
    ${limitsSection(view.limits, nowMs)}
    <section aria-labelledby="names"><h2 id="names">Names</h2>${lanesSection(lanes, abouts, nowMs)}</section>
    ${section(
      'queue',
      'Queue',
      'Nothing waits.',
      QUEUE_HEADS,
      queued.map((row, index) => queueRow(row, index, nowMs)),
    )}
    ${section(
      'live',
      'Under way',
      'Nothing runs.',
      LIVE_HEADS,
      live.map((row) => liveRow(row, view.dead.has(row.id), nowMs)),
    )}
    ${section(
      'concluded',
      'Last concluded',
      'No run has ended yet.',
      END_HEADS,
      view.concluded.map((row) => endRow(row, nowMs)),
    )}
  </div>`
}

const QUEUE_HEADS = ['Place', 'Run', 'Waits for', 'Domain', 'Asked by', 'Queued'] as const
const LIVE_HEADS = ['Run', 'State', 'Stage', 'Domain', 'Asked by', 'Started'] as const
const END_HEADS = ['Run', 'Conclusion', 'What happened', 'Took', 'Ended'] as const

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

function queueRow(row: RunRow, index: number, nowMs: number): readonly Html[] {
  const waitsFor =
    row.stop === null ? linked(row.waitsFor ?? 'its turn') : html`its end: to stop (${row.stop.reason})`
  return [
    html`${index + 1}`,
    runCell(row),
    html`${waitsFor}`,
    html`<code>${row.domain}</code>`,
    html`${row.actor}`,
    since(row.enqueuedAtMs, nowMs),
  ]
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
