import type { RunRow } from '../../model/ports.ts'
import type { Wait } from '../../model/wait.ts'
import { type Html, html } from './html.ts'
import { linked, runCell, since, table, time } from './parts.ts'

/** A queued run and its place in the whole queue, from 1. */
export interface Placed {
  readonly row: RunRow
  readonly place: number
}

interface Queue {
  readonly queued: readonly Placed[]
  readonly queueLength: number
  readonly waits: ReadonlyMap<string, Wait>
  readonly asked: { readonly all: boolean }
  readonly nowMs: number
}

/** As many as a person reads; who looks for one finds it by its words. */
const MOST_ROWS = 100
const HEADS = ['Place', 'Run', 'Waits for', 'Likely start', 'Domain', 'Asked by', 'Queued']

/** What waits, in the order in which it will start: for whom, and until about when. */
export function queueSection({ queued, queueLength, waits, asked, nowMs }: Queue): Html {
  const shown = asked.all ? queued : queued.slice(0, MOST_ROWS)
  const hidden = queued.length - shown.length
  const none = queueLength === 0 ? 'Nothing waits.' : 'None has these words in it.'
  const rows = shown.map((placed) => queueRow(placed, waits.get(placed.row.id) ?? null, nowMs))
  return html`<section aria-labelledby="queue"><h2 id="queue">Queue</h2>
    ${rows.length === 0 ? html`<p class="quiet">${none}</p>` : table('Queue', HEADS, rows)}
    ${hidden === 0 ? null : html`<p>${hidden} more wait behind these; their words find them.</p>`}</section>`
}

function queueRow({ row, place }: Placed, wait: Wait | null, nowMs: number): readonly Html[] {
  const waitsFor =
    row.stop === null ? linked(row.waitsFor ?? 'its turn') : html`its end: to stop (${row.stop.reason})`
  return [
    html`${place}`,
    runCell(row),
    html`<span class="text">${waitsFor}${wait === null ? null : html`<br><span class="quiet">${holderWords(wait, nowMs)}</span>`}</span>`,
    startOf(wait, nowMs),
    html`<code>${row.domain}</code>`,
    html`${row.actor}`,
    since(row.enqueuedAtMs, nowMs),
  ]
}

/** Beside what it waits for, which names the run: its own place, and how long somebody has had the name. */
function holderWords({ place, holder }: Wait, nowMs: number): Html {
  if (holder === null) return html`Place ${place} for its names`
  const by =
    holder.run === null ? `kept by hand by ${holder.by ?? 'somebody'}` : `held for ${holder.by ?? 'somebody'}`
  const from = holder.sinceMs === null ? null : html` since ${since(holder.sinceMs, nowMs)}`
  return html`Place ${place} for its names, ${by}${from}`
}

function startOf(wait: Wait | null, nowMs: number): Html {
  if (wait === null || wait.startsAtMs === null) return html`<span class="quiet">not known</span>`
  return html`about ${time(wait.startsAtMs, nowMs)}`
}
