import { html } from 'hono/html'
import type { DeliveryRecord, DeliveryStatus } from '../github/deliveries.ts'
import { duration, time } from './layout.ts'
import type { Html } from './markdown.ts'

/** What was told to the App, newest first, as on an App's page at GitHub. */
export function deliveryList(records: readonly DeliveryRecord[]): Html {
  return html`<h1>Deliveries</h1>
  <p>Every webhook that was sent. Redeliver sends the same bytes again, under the same delivery id.</p>
  <div data-live="deliveries">${
    records.length === 0
      ? html`<p class="empty">Nothing was sent yet.</p>`
      : html`<ul class="deliveries">${records.map(row)}</ul>`
  }</div>`
}

function row(record: DeliveryRecord): Html {
  return html`<li>
    <details data-key="delivery-${record.id}">
      <summary><span class="state" data-state="${toneOf(record.status)}">${wordsOf(record.status)}</span>
        <code>${record.event}.${record.action}</code>
        <span class="meta">${time(record.startedAtMs)}${record.tookMs === null ? '' : `, ${duration(record.tookMs)}`}${
          record.redelivery ? ', redelivery' : ''
        }</span></summary>
      <p class="meta">delivery <code>${record.guid}</code></p>
      <pre tabindex="0"><code>${JSON.stringify(JSON.parse(record.payload), null, 2)}</code></pre>
      <form method="post" action="/deliveries/${record.id}/redeliver"><button>Redeliver</button></form>
    </details>
  </li>`
}

function wordsOf(status: DeliveryStatus): string {
  if (status.kind === 'under_way') return 'Under way'
  return status.kind === 'answered' ? String(status.code) : status.reason
}

function toneOf(status: DeliveryStatus): string {
  if (status.kind === 'under_way') return 'in_progress'
  return status.kind === 'answered' && status.code < 300 ? 'success' : 'failure'
}
