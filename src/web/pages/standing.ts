import type { RefusedReload } from '../../model/inForce.ts'
import { MECHANISMS, type Mechanism } from '../../model/mechanisms.ts'
import { type Html, html } from './html.ts'
import { table, time } from './parts.ts'

export interface Standing {
  readonly switchedOff: readonly Mechanism[]
  readonly refused: RefusedReload | null
  readonly nowMs: number
}

/** What of the service does not go as it would by itself: nothing where all does. */
export function standingSection(standing: Standing): Html {
  return html`${refusedSection(standing)}${switchedOffSection(standing)}`
}

/** Nothing where what is in force is what was read last. */
export function refusedSection({ refused, nowMs }: Pick<Standing, 'refused' | 'nowMs'>): Html | null {
  if (refused === null) return null
  const { faults, atMs } = refused
  return html`<section class="alarm" aria-labelledby="refused"><h2 id="refused">The changed configuration is not in force</h2>
    <p>It was refused at ${time(atMs, nowMs)} for ${faults} ${faults === 1 ? 'fault' : 'faults'}, which the service’s log names
      (<code>config.refused</code>). What was in force before still is.</p></section>`
}

function switchedOffSection({ switchedOff }: Standing): Html | null {
  if (switchedOff.length === 0) return null
  const rows = switchedOff.map((mechanism) => [
    html`<code>${mechanism}</code>`,
    html`<span class="text">${MECHANISMS[mechanism]}</span>`,
  ])
  return html`<section class="alarm" aria-labelledby="switched-off"><h2 id="switched-off">Switched off by the operator (${switchedOff.length})</h2>
    ${table('What is switched off', ['What', 'Until it is on again'], rows)}</section>`
}
