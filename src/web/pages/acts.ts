import type { Act } from '../../model/action.ts'
import { isOver } from '../../model/run.ts'
import type { RunView } from '../runView.ts'
import { type Html, html } from './html.ts'

/** Who looks, as far as a page has to know: nobody can act without the word that a form of theirs carries. */
export interface Viewer {
  readonly who: string
  readonly csrf: string
  readonly mayAct: boolean
  /** Signed in with a token: all names may be held and released. */
  readonly isOperator: boolean
}

/** What can be done about a run. */
export function runActs(run: RunView, viewer: Viewer | null): Html | null {
  if (viewer === null || !viewer.mayAct || run.about === null) return null
  const { id, about } = run
  const simple = isOver(run.state)
    ? button(viewer, 'retry', id, 'Retry')
    : button(viewer, 'cancel', id, 'Cancel')
  return html`<section aria-labelledby="acts"><h2 id="acts">Act</h2>
    ${simple}
    <details><summary>Hold or release <code>${about.domain}</code></summary>
      ${holdForm(viewer, html`<input type="hidden" name="run" value="${id}">`)}
      ${releaseForm(viewer, html`<input type="hidden" name="run" value="${id}">`)}
    </details></section>`
}

/** What the operator can do about any name. */
export function nameActs(viewer: Viewer | null): Html | null {
  if (viewer === null || !viewer.mayAct || !viewer.isOperator) return null
  const name = (id: string) =>
    html`<label for="${id}">Name</label> <input id="${id}" name="name" required autocomplete="off"> `
  return html`<section aria-labelledby="acts"><h2 id="acts">Hold or release a name</h2>
    ${holdForm(viewer, name('hold-name'))}${releaseForm(viewer, name('release-name'))}</section>`
}

/** Who is signed in, and the way in and out. */
export function viewerPart(viewer: Viewer | null): Html {
  if (viewer === null) return html`<a href="/sign-in">sign in</a>`
  return html`<a href="/actions">actions</a>
    <form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${viewer.csrf}">
      <button>sign out ${viewer.who}</button></form>`
}

function button(viewer: Viewer, act: Act, run: string, words: string): Html {
  return form(viewer, act, html`<input type="hidden" name="run" value="${run}"><button>${words}</button>`)
}

function holdForm(viewer: Viewer, what: Html): Html {
  return form(
    viewer,
    'hold',
    html`<p>${what}<label for="hold-for">For</label> <input id="hold-for" name="for" value="1h" size="6" required>
      <label for="hold-reason">Reason</label> <input id="hold-reason" name="reason" maxlength="500" required> <button>Hold</button></p>`,
  )
}

function releaseForm(viewer: Viewer, what: Html): Html {
  return form(
    viewer,
    'release',
    html`<p>${what}<label for="release-reason">What you have done about it</label>
      <input id="release-reason" name="reason" maxlength="500" required> <button>Release</button></p>`,
  )
}

function form({ csrf }: Viewer, act: Act, inputs: Html): Html {
  return html`<form method="post" action="/act"><input type="hidden" name="csrf" value="${csrf}">
    <input type="hidden" name="act" value="${act}">${inputs}</form>`
}
