import { formatDuration } from '../../model/duration.ts'
import type { Entry } from '../../model/journal.ts'
import { type Html, html } from './html.ts'
import { table, time } from './parts.ts'

/** The run's own record, line by line: what everything else on the page is read from. */
export function journalSection(entries: readonly Entry[], nowMs: number): Html {
  if (entries.length === 0) return html``
  const rows = entries.map((entry) => rowOf(entry, entries[0], nowMs))
  return html`<section aria-labelledby="journal"><h2 id="journal">Journal</h2>
    <details data-key="journal"><summary>${entries.length} lines</summary>
    ${table('Journal', ['Time', 'After', 'Event', 'Data'], rows)}</details></section>`
}

/** By the monotonic clock, which no clock change touches; after a reboot it begins anew and says nothing. */
function rowOf(
  { at, mono, event, ...data }: Entry,
  first: Entry | undefined,
  nowMs: number,
): readonly Html[] {
  const afterMs = mono - (first?.mono ?? mono)
  return [
    time(at, nowMs),
    html`${afterMs < 0 ? '' : formatDuration(afterMs)}`,
    html`<code>${event}</code>`,
    html`<span class="text mono">${JSON.stringify(data)}</span>`,
  ]
}
