import { TEARDOWN } from '../../model/stageLog.ts'
import { harmlessLog } from '../logFile.ts'
import type { LogPart } from '../ports.ts'
import type { RunView } from '../runView.ts'
import { logOf } from '../timeline.ts'
import { type Html, html } from './html.ts'

/** The log that a run's page shows, or the end of it. */
export interface LogPane {
  readonly name: string
  readonly part: LogPart
}

/** The log that matters most: of what is under way, else of what went wrong, else of the last stage. */
export function mainLog({ timeline, logs }: RunView): string | null {
  const steps = timeline
    .map((step) => ({ state: step.state, log: logOf(step, timeline, logs) }))
    .filter(({ log }) => log !== null)
  const stages = steps.filter(({ log }) => log !== TEARDOWN)
  const chosen =
    steps.find(({ state }) => state === 'under_way') ??
    steps.find(({ state }) => state !== 'success') ??
    stages.at(-1) ??
    steps.at(-1)
  return chosen?.log ?? logs.at(-1) ?? null
}

/** The end of one log, which the script makes grow; the others are one click away, all of them as plain text. */
export function logSection(run: RunView, log: LogPane | null): Html {
  return html`<section aria-labelledby="log"><h2 id="log">Log</h2>
    <div data-live="logs">${run.logs.length === 0 ? null : tabs(run.logs, log)}</div>
    <div data-live="log" data-key="${log?.name ?? ''}">${log === null ? html`<p class="quiet">Nothing has been said yet.</p>` : pane(run.id, log)}</div>
  </section>`
}

function tabs(logs: readonly string[], log: LogPane | null): Html {
  const links = logs.map((name) => {
    const current = name === log?.name ? html` aria-current="true"` : null
    return html`<a href="?log=${encodeURIComponent(name)}#log"${current}>${name}</a> `
  })
  return html`<p class="logs">${links}</p>`
}

function pane(id: string, { name, part }: LogPane): Html {
  const url = `/runs/${id}/logs/${encodeURIComponent(name)}`
  const hidden = part.from === 0 ? '' : `The first ${part.from} bytes are left out here. `
  return html`<p class="quiet">${hidden}<a href="${url}">The whole log as plain text</a></p>
    <pre class="log" tabindex="0" role="region" aria-label="Log of ${name}" data-log="${url}" data-next="${part.next}">${harmlessLog(part.text)}</pre>`
}
