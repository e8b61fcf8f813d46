import { html } from 'hono/html'
import type { Change, CheckRun, Comment, Pull, Reaction, Repository, Role } from '../github/records.ts'
import { checkList, checkState } from './checks.ts'
import { byline, commentCard, commentForm } from './conversation.ts'
import { time } from './layout.ts'
import { type Html, markdown } from './markdown.ts'

export interface PullOnList {
  readonly pull: Pull
  /** The newest check run of its head commit. */
  readonly check: CheckRun | null
}

export function pullList(path: string, pulls: readonly PullOnList[]): Html {
  return html`<h1>Pull requests</h1>
  <ul class="pulls" data-live="pulls">${pulls.map(
    ({ pull, check }) => html`<li>
      <div><a class="name" href="${path}/pull/${pull.number}">${pull.title}</a>
      <span class="meta">#${pull.number} by ${pull.author.login} at <code>${pull.head.sha.slice(0, 7)}</code></span></div>
      <span class="row">${check === null ? html`<span class="meta">no check yet</span>` : checkState(check)} ${pullState(pull)}</span>
    </li>`,
  )}</ul>`
}

export interface PullParts {
  readonly path: string
  readonly pull: Pull
  readonly head: Repository
  readonly comments: readonly (readonly [Comment, readonly Reaction[]])[]
  readonly checks: readonly CheckRun[]
  readonly people: ReadonlyMap<string, Role>
}

/** A pull request: what it is, what was said, what its checks say, and a place to answer. */
export function pullView({ path, pull, head, comments, checks, people }: PullParts): Html {
  return html`<div data-live="head">${pullHead(path, pull, head)}${newestCheck(checks)}</div>
  <div class="columns">
    <section class="talk" aria-label="Conversation" data-live="talk">
      <article class="comment"><header>${byline(pull.author)} <span class="meta">${time(pull.createdAtMs)}</span></header>
        ${markdown(pull.body)}${changeView(pull.change)}</article>
      ${comments.map(([comment, reactions]) => commentCard(path, comment, reactions))}
    </section>
    ${commentForm(path, pull.number, people)}
    <section class="checks" aria-labelledby="checks">
      <h2 id="checks">Checks</h2>
      <div data-live="checks">${checkList(path, checks)}${rerunAll(path, pull, checks)}</div>
    </section>
  </div>`
}

/** GitHub offers it once something is over. */
function rerunAll(path: string, pull: Pull, checks: readonly CheckRun[]): Html {
  if (!checks.some(({ status }) => status === 'completed')) return html``
  return html`<form method="post" action="${path}/pull/${pull.number}/rerequest">
    <button title="GitHub’s own button: asks the App to run all checks of this commit again">Re-run all checks</button></form>`
}

function pullHead(path: string, pull: Pull, head: Repository): Html {
  const from = head.fork ? `${head.owner.login}:${pull.head.branch}` : pull.head.branch
  const button = (action: string, label: string) =>
    html`<form method="post" action="${path}/pull/${pull.number}/${action}"><button>${label}</button></form>`
  return html`<h1>${pull.title} <span class="number">#${pull.number}</span></h1>
  <p class="meta">${pullState(pull)} <code>${from}</code> into <code>main</code>, head
    <code class="sha">${pull.head.sha}</code>${head.fork ? html`, <strong>from a fork</strong>` : html``}</p>
  <div class="row">${button('commits', 'Push a commit')}
    ${pull.state === 'open' ? button('close', 'Close') : button('reopen', 'Reopen')}</div>`
}

/** On a phone the checks are far below: what the newest says stands above all, and leads there. */
function newestCheck([newest]: readonly CheckRun[]): Html {
  if (newest === undefined) return html``
  return html`<p class="newest"><a href="#checks">${checkState(newest)} <span>${newest.output.title ?? newest.name}</span></a></p>`
}

function pullState(pull: Pull): Html {
  return html`<span class="badge" data-state="${pull.state}">${pull.state === 'open' ? 'Open' : 'Closed'}</span>`
}

function changeView(change: Change): Html {
  const size = `${change.commits} ${change.commits === 1 ? 'commit' : 'commits'}, +${change.additions} −${change.deletions}`
  return html`<details data-key="change"><summary>${size}</summary><pre tabindex="0"><code>${change.diff}</code></pre></details>`
}
