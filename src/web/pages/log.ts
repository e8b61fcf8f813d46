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
  const stages = steps.filter(({ log }) => log !== 'teardown')
  const chosen =
    steps.find(({ state }) => state === 'under_way') ??
    steps.find(({ state }) => state !== 'success') ??
    stages.at(-1) ??
    steps.at(-1)
  return chosen?.log ?? logs.at(-1) ?? null
}

/** The end of one log, to be followed by the script; the others are one click away, all of them as plain text. */
export function logSection(run: RunView, log: LogPane | null): Html {
  return html`<section aria-labelledby="log"><h2 id="log">Log${log === null ? '' : ` of ${log.name}`}</h2>
    ${run.logs.length < 2 ? null : html`<p class="logs">${run.logs.map((name) => html`<a href="?log=${encodeURIComponent(name)}#log" ${name === log?.name ? html`aria-current="true"` : null}>${name}</a> `)}</p>`}
    ${log === null ? html`<p class="quiet">Nothing has been said yet.</p>` : pane(run.id, log)}</section>`
}

function pane(id: string, { name, part }: LogPane): Html {
  const url = `/runs/${id}/logs/${encodeURIComponent(name)}`
  const hidden = part.from === 0 ? '' : `The first ${part.from} bytes are left out here. `
  return html`<p class="quiet">${hidden}<a href="${url}">The whole log as plain text</a></p>
    <pre class="log" tabindex="0" role="region" aria-label="Log of ${name}" data-log="${url}" data-next="${part.next}">${harmlessLog(part.text)}</pre>`
}
