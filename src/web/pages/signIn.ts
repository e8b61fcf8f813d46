import { type Html, html } from './html.ts'

export interface SignInPage {
  readonly withGitHub: boolean
  /** Where to go then; a path of this service. */
  readonly to: string
  readonly fault: string | null
}

/** Works without a script; the token goes into a cookie that no script sees. */
export function signInPage({ withGitHub, to, fault }: SignInPage): Html {
  const github = html`<p><a href="/sign-in/github?to=${encodeURIComponent(to)}">Sign in with GitHub</a></p>`
  return html`<h1>Sign in</h1>
  ${fault === null ? null : html`<p class="alarm" role="alert">${fault}</p>`}
  <p>Whoever signs in may act: cancel, retry, hold and release, as far as their permission on the repository, or their token, goes.</p>
  ${withGitHub ? github : null}
  <form method="post" action="/sign-in/token">
    <input type="hidden" name="to" value="${to}">
    <p><label for="token">A token, made with <code>berth token new</code></label><br>
      <input id="token" name="token" type="password" autocomplete="off" required> <button>Sign in</button></p>
  </form>`
}
