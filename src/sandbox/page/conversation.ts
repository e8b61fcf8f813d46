import { html } from 'hono/html'
import type { Account, Comment, Reaction, ReactionContent, Role } from '../github/records.ts'
import { time } from './layout.ts'
import { type Html, markdown } from './markdown.ts'

const SIGNS: Readonly<Record<ReactionContent, string>> = {
  '+1': '👍',
  '-1': '👎',
  laugh: '😄',
  confused: '😕',
  heart: '❤️',
  hooray: '🎉',
  rocket: '🚀',
  eyes: '👀',
}

const QUICK_COMMANDS = ['!testme', '!testme status', '!testme cancel', '!testme help'] as const

/** One comment with what others think of it; people may change their own. */
export function commentCard(path: string, comment: Comment, reactions: readonly Reaction[]): Html {
  const edited = comment.updatedAtMs !== comment.createdAtMs
  return html`<article class="comment" id="issuecomment-${comment.id}">
    <header>${byline(comment.author)}
      <span class="meta">${time(comment.createdAtMs)}${edited ? ', edited' : ''}</span></header>
    ${markdown(comment.body)}
    ${reactions.length === 0 ? html`` : html`<p class="reactions">${reactions.map(reactionChip)}</p>`}
    ${comment.author.kind === 'Bot' ? html`` : editForm(path, comment)}
  </article>`
}

/** Who says something. */
export function byline(account: Account): Html {
  return html`<span class="avatar" aria-hidden="true">${account.login.slice(0, 1).toUpperCase()}</span>
    <strong>${account.login}</strong>${account.kind === 'Bot' ? html` <span class="badge">App</span>` : html``}`
}

/** Anybody here may write; without a script the buttons do the same. */
export function commentForm(path: string, number: number, people: ReadonlyMap<string, Role>): Html {
  return html`<form class="say" method="post" action="${path}/pull/${number}/comments">
    <fieldset>
      <legend>As</legend>
      ${[...people].map(
        ([login, role], index) => html`<label>
          <input type="radio" name="as" value="${login}" ${index === 0 ? 'checked' : ''}>
          ${login} <span class="meta">${role}</span></label>`,
      )}
    </fieldset>
    <label class="hidden" for="body">Comment</label>
    <textarea id="body" name="body" rows="3" placeholder="!testme"></textarea>
    <p class="row">
      <button class="main">Comment</button>
      ${QUICK_COMMANDS.map((command) => html`<button name="quick" value="${command}"><code>${command}</code></button>`)}
    </p>
  </form>`
}

function editForm(path: string, comment: Comment): Html {
  return html`<details class="edit" data-key="edit-${comment.id}"><summary>Edit</summary>
    <form method="post" action="${path}/comments/${comment.id}">
      <label class="hidden" for="edit-${comment.id}">Comment</label>
      <textarea id="edit-${comment.id}" name="body" rows="3">${comment.body}</textarea>
      <p class="row"><button name="do" value="edit">Save</button>
      <button name="do" value="delete">Delete</button></p>
    </form></details>`
}

function reactionChip(reaction: Reaction): Html {
  return html`<span class="chip" title="${reaction.author.login}">${SIGNS[reaction.content]}</span>`
}
