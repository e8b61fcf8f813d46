import { TEARDOWN } from '../../model/stageLog.ts'
import { newlines } from '../logIndex.ts'
import { type LogPane, PAGE_LINES } from '../logPane.ts'
import type { Found, Match } from '../logSearch.ts'
import type { RunView } from '../runView.ts'
import { logOf } from '../timeline.ts'
import { type Html, html, markup } from './html.ts'
import { lineUrl, logLines } from './logLines.ts'

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

/** A page of one log, or the end of it, which the script makes grow; the others are one click away. */
export function logSection(run: RunView, log: LogPane | null): Html {
  return html`<section class="log-section" aria-labelledby="log"><h2 id="log">Log</h2>
    <div data-live="logs">${run.logs.length === 0 ? null : tabs(run.logs, log)}</div>
    <div data-live="log" data-key="${log === null ? '' : keyOf(log)}">${log === null ? html`<p class="quiet">Nothing has been said yet.</p>` : pane(run.id, log)}</div>
  </section>`
}

/** What is shown under the same key stays as it is when the page is looked at again: it grows by itself. */
function keyOf({ name, line, first, atEnd, find }: LogPane): string {
  return [name, atEnd ? 'end' : first, line ?? '', find].join(' ')
}

function tabs(logs: readonly string[], log: LogPane | null): Html {
  const links = logs.map((name) => {
    const current = name === log?.name ? html` aria-current="true"` : null
    return html`<a href="?log=${encodeURIComponent(name)}#log"${current}>${name}</a> `
  })
  return html`<p class="logs">${links}</p>`
}

function pane(id: string, log: LogPane): Html {
  return html`${tools(id, log)}${log.find === '' ? lines(id, log) : results(log)}`
}

function tools(id: string, { name, find, atEnd, grows }: LogPane): Html {
  const url = logUrl(id, name)
  const hidden = html`<input type="hidden" name="log" value="${name}">`
  const button = html`<button type="button" class="follow" aria-pressed="true" hidden>Follow</button>`
  return html`<div class="log-tools">
    <form method="get" action="#log" role="search" data-in-place>${hidden}<label for="find">Search in <code>${name}</code></label>
      <input id="find" name="find" type="search" value="${find}" maxlength="200" required autocomplete="off"> <button>Search</button></form>
    <form method="get" action="#log" data-in-place>${hidden}<label for="line">Line</label>
      <input id="line" name="line" inputmode="numeric" pattern="[1-9][0-9]*" maxlength="9" required autocomplete="off"> <button>Go</button></form>
    <p class="log-links">${atEnd && find === '' && grows ? button : null}
      <a href="${url}?download">Download</a> <a href="${url}">As plain text</a></p>
  </div>`
}

function lines(id: string, log: LogPane): Html {
  const { name, part, first, atEnd, grows, line } = log
  const shown = logLines(name, part.text, first)
  const last = shown.next - (part.text.endsWith('\n') ? 1 : 0)
  const follow =
    atEnd && grows
      ? html` data-follow="${logUrl(id, name)}/events" data-next="${part.next}" data-line="${shown.next}"`
      : null
  return html`${pager(log, last)}
    <pre class="log" tabindex="0" role="region" aria-label="Log of ${name}"${line === null ? null : html` data-at="L${line}"`}${follow}>${markup(shown.markup)}</pre>
    ${atEnd || part.next >= part.size ? null : pager(log, last)}`
}

/** What is shown of the log, and the way to what comes before and after. */
function pager({ name, part, first, atEnd }: LogPane, last: number): Html | null {
  if (part.from === 0 && part.next >= part.size) return null
  const url = `?log=${encodeURIComponent(name)}`
  // A line that fills a page by itself goes on nowhere.
  const after = last < first || newlines(part.text) === 0 ? first + 1 : last + 1
  const link = (words: string, query: string) =>
    html`<a href="${url}${query}#log" data-in-place>${words}</a> `
  return html`<nav class="log-pages" aria-label="Pages of the log"><span>Lines ${first} to ${Math.max(first, last)}</span>
    ${first === 1 ? null : html`${link('First', '&from=1')}${link('Earlier', `&from=${Math.max(1, first - PAGE_LINES)}`)}`}
    ${atEnd || part.next >= part.size ? null : html`${link('Later', `&from=${after}`)}${link('End', '')}`}</nav>`
}

function results({ name, found, find }: LogPane): Html {
  if (found === null) return html``
  const { matches, next } = found
  const count = `${matches.length} ${matches.length === 1 ? 'line' : 'lines'}${next === null ? '' : ' so far'}`
  const heading = matches.length === 0 ? `No line has it${next === null ? '' : ' so far'}.` : `${count}.`
  return html`<p role="status">Lines with <q>${find}</q>: ${heading} <a href="?log=${encodeURIComponent(name)}#log" data-in-place>Back to the log</a></p>
    ${matches.length === 0 ? null : html`<div class="log found" tabindex="0" role="region" aria-label="Lines that were found"><ol>${matches.map((match) => result(name, match))}</ol></div>`}
    ${next === null ? null : searchOn(name, found, next)}`
}

function result(name: string, { line, before, found, after }: Match): Html {
  return html`<li><a href="${lineUrl(name, line)}" data-in-place>${line}</a> <span class="text">${before}<mark>${found}</mark>${after}</span></li>`
}

function searchOn(name: string, { text }: Found, next: number): Html {
  const query = new URLSearchParams({ log: name, find: text, from: String(next) })
  return html`<p><a href="?${query.toString()}#log" data-in-place>Search on from line ${next}</a></p>`
}

function logUrl(id: string, name: string): string {
  return `/runs/${id}/logs/${encodeURIComponent(name)}`
}
