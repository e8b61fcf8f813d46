import { html } from 'hono/html'
import type { Annotation, CheckRun } from '../github/records.ts'
import { isWebUrl } from '../webUrl.ts'
import { duration, time } from './layout.ts'
import { type Html, markdown } from './markdown.ts'

const WORDS: Readonly<Record<string, string>> = {
  queued: 'Queued',
  in_progress: 'In progress',
  success: 'Successful',
  failure: 'Failed',
  timed_out: 'Timed out',
  cancelled: 'Cancelled',
  action_required: 'Action required',
  neutral: 'Neutral',
  skipped: 'Skipped',
}

const SHOWN = 5

/** The check runs of one commit: the newest of each name open, earlier ones folded away. */
export function checkList(path: string, newestFirst: readonly CheckRun[]): Html {
  if (newestFirst.length === 0)
    return html`<p class="empty">No checks on this commit yet. A comment with <code>!testme</code> starts one.</p>`
  const isNewest = (run: CheckRun) => newestFirst.find((other) => other.name === run.name) === run
  const earlier = newestFirst.filter((run) => !isNewest(run))
  return html`
    ${newestFirst.filter(isNewest).map((run) => checkCard(path, run))}
    ${
      earlier.length === 0
        ? html``
        : html`<details class="earlier" data-key="earlier"><summary>Earlier runs (${earlier.length})</summary>
          ${earlier.map((run) => checkCard(path, run))}</details>`
    }`
}

/** One check run with its report, its log and its buttons. */
export function checkCard(path: string, run: CheckRun): Html {
  const { title, summary, text } = run.output
  return html`<article class="check" data-state="${stateOf(run)}">
    <header>
      ${checkState(run)}
      <h3><a href="${path}/runs/${run.id}">${run.name}</a></h3>
      <span class="meta">${lasted(run)}</span>
    </header>
    ${title === null ? html`` : html`<p class="title">${title}</p>`}
    ${summary === null ? html`` : markdown(summary)}
    ${
      text === null
        ? html``
        : html`<details data-key="text-${run.id}"><summary>Details</summary>${markdown(text)}</details>`
    }
    ${annotations(run)}
    ${buttons(path, run)}
  </article>`
}

/** What a check run is, as a dot and a word. */
export function checkState(run: CheckRun): Html {
  const state = stateOf(run)
  return html`<span class="state" data-state="${state}">${WORDS[state] ?? state}</span>`
}

function stateOf(run: CheckRun): string {
  return run.conclusion ?? run.status
}

function lasted(run: CheckRun): Html {
  return run.completedAtMs === null
    ? html`since ${time(run.startedAtMs)}`
    : html`${duration(Math.max(0, run.completedAtMs - run.startedAtMs))}`
}

/** As GitHub shows them beside the changes: a few at once, the others folded away. */
function annotations({ id, annotations: all }: CheckRun): Html {
  if (all.length === 0) return html``
  const shown = all.map((one, index) => annotation(one, `annotation-${id}-${index}`))
  const [first, more] = [shown.slice(0, SHOWN), shown.slice(SHOWN)]
  return html`<section class="annotations">
    <h4>Annotations (${all.length})</h4>
    ${first}
    ${
      more.length === 0
        ? html``
        : html`<details data-key="annotations-${id}"><summary>${more.length} more</summary>${more}</details>`
    }
  </section>`
}

function annotation(one: Annotation, key: string): Html {
  return html`<article class="annotation" data-level="${one.annotation_level}">
    <p class="meta"><span class="badge">${LEVELS[one.annotation_level]}</span> <code>${one.path}${placeOf(one)}</code></p>
    ${one.title === undefined ? html`` : html`<p class="title">${one.title}</p>`}
    <p class="message" tabindex="0">${one.message}</p>
    ${
      one.raw_details === undefined
        ? html``
        : html`<details data-key="${key}"><summary>Raw output</summary><pre tabindex="0">${one.raw_details}</pre></details>`
    }
  </article>`
}

/** GitHub's words for the levels. */
const LEVELS: Readonly<Record<Annotation['annotation_level'], string>> = {
  failure: 'Failure',
  warning: 'Warning',
  notice: 'Notice',
}

function placeOf({ start_line, end_line, start_column }: Annotation): string {
  if (start_line !== end_line) return `:${start_line}-${end_line}`
  return start_column === undefined ? `:${start_line}` : `:${start_line}:${start_column}`
}

/** The App's own buttons, then GitHub's; pressed by somebody who may. */
function buttons(path: string, run: CheckRun): Html {
  return html`<footer>
    ${run.actions.map(
      (action) => html`<form method="post" action="${path}/runs/${run.id}/action">
        <button name="identifier" value="${action.identifier}" title="${action.description}">${action.label}</button>
      </form>`,
    )}
    ${
      run.status === 'completed'
        ? html`<form method="post" action="${path}/runs/${run.id}/rerequest">
          <button title="GitHub’s own button: asks the App to run this check again">Re-run</button></form>`
        : html``
    }
    ${isWebUrl(run.detailsUrl) ? html`<a class="meta" href="${run.detailsUrl}">Details at berth</a>` : html``}
    ${run.externalId === '' ? html`` : html`<span class="meta">run <code>${run.externalId}</code></span>`}
  </footer>`
}
