import type { Action } from '../../model/action.ts'
import { type Html, html } from './html.ts'
import { linked, runLink, table, time } from './parts.ts'

/** What came of one action. */
export function actionPage(action: Action, nowMs: number): Html {
  const { act, end, by, from, askedAtMs, run, name, reason } = action
  return html`<p class="crumbs"><a href="/">Overview</a> <a href="/actions">Actions</a></p>
  <h1>${act} ${name ?? run ?? ''}</h1>
  <p class="verdict text" role="status">${outcomeOf(action)}</p>
  <dl class="facts">
    <div><dt>Asked by</dt><dd>${by}, from ${from}</dd></div>
    <div><dt>Asked at</dt><dd>${time(askedAtMs, nowMs)}</dd></div>
    ${reason === '' ? null : html`<div><dt>Reason</dt><dd class="text">${reason}</dd></div>`}
    ${run === null ? null : html`<div><dt>Run</dt><dd>${runLink(run)}</dd></div>`}
    ${end === null || end.runs.length === 0 ? null : html`<div><dt>Concerns</dt><dd>${end.runs.map((id) => html`${runLink(id)} `)}</dd></div>`}
  </dl>
  ${end === null ? html`<p>It is stored, and decided when GitHub answers; load this page again.</p>` : html`<p><a href="/reasons#${end.code}">What the words mean</a></p>`}`
}

/** Who did what, newest first. */
export function actionsPage(actions: readonly Action[], nowMs: number): Html {
  const rows = actions.map((action) => [
    html`<a href="/actions/${action.id}">${action.act}</a>`,
    html`${linked(action.name ?? (action.run === null ? '' : `run ${action.run}`))}`,
    html`<span class="text">${outcomeOf(action)}</span>`,
    html`${action.by}, from ${action.from}`,
    time(action.askedAtMs, nowMs),
  ])
  return html`<p class="crumbs"><a href="/">Overview</a></p>
  <h1>Actions</h1>
  <p>What people and programs have asked for by a page or the API. What was asked in comments stands there.</p>
  ${rows.length === 0 ? html`<p class="quiet">Nothing yet.</p>` : table('Actions', ['What', 'Of', 'What came of it', 'Who', 'When'], rows)}`
}

function outcomeOf({ end, order }: Action): string {
  if (order !== null) return wordsOf(order.outcome, order.detail)
  return end === null ? 'not decided yet' : wordsOf(end.code, end.detail)
}

function wordsOf(code: string, detail: string): string {
  const words = code.replaceAll('_', ' ')
  return detail === '' ? words : `${words}: ${detail.replaceAll('`', '')}`
}
