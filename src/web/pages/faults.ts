import { type Html, html } from './html.ts'

/** What was asked for is not there; says where else to look. */
export function missingPage(what: string): Html {
  return html`<h1>${what}</h1>
  <p>Runs are kept for a limited time; what is there now is on the <a href="/">overview</a>. For programs there is
    <a href="/api/v1/runs">the list of runs</a>.</p>`
}

export function faultPage(message: string): Html {
  return html`<h1>This page could not be made</h1>
  <p class="alarm text">${message}</p>
  <p>Runs go on without the pages. Try again, or go to the <a href="/">overview</a>; on the machine itself <code>berth runs</code>,
    <code>berth queue</code> and <code>berth locks</code> show the same.</p>`
}
