import { type Viewer, viewerPart } from './acts.ts'
import { type Html, html } from './html.ts'

export interface Page {
  readonly title: string
  /** What it shows may change: a script fetches it again. */
  readonly live: boolean
  readonly body: Html
  /** Who looks; left out where a page is the same for all. */
  readonly viewer?: Viewer | null
  /** Its address, where the head has a link to it. */
  readonly path?: string
  /** Style sheets of its own among the assets, after the common one. */
  readonly styles?: readonly string[]
}

/** Nothing from elsewhere, no inline script or style: what a log or a name smuggles in has nothing to run with. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const PAGES = [
  ['/', 'Overview'],
  ['/recipes', 'Recipes'],
  ['/sweeps', 'Sweeps'],
  ['/limits', 'Limits'],
  ['/reasons', 'Reasons'],
] as const

export function layout({ title, live, body, viewer, path, styles = [] }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="icon" href="/assets/berth.svg" type="image/svg+xml">
  ${['style.css', ...styles].map((file) => html`<link rel="stylesheet" href="/assets/${file}">`)}
  <script type="module" src="/assets/live.js"></script>
</head>
<body data-refresh="${live ? 'yes' : 'no'}">
  <a class="skip" href="#main">To the content</a>
  <header class="site">
    <nav aria-label="Pages">
      <a class="home" href="/">berth</a>
      ${PAGES.map(([to, name]) => html`<a href="${to}"${to === path ? html` aria-current="page"` : null}>${name}</a>`)}
    </nav>
    ${viewer === undefined ? null : html`<div class="viewer">${viewerPart(viewer)}</div>`}
  </header>
  <main id="main" tabindex="-1">${body}</main>
  <footer class="site">
    <nav aria-label="For programs">
      <span>For programs:</span>
      <a href="/api/v1/runs">runs</a>
      <a href="/api/v1/queue">queue</a>
      <a href="/api/v1/locks">locks</a>
      <a href="/api/v1/openapi.json">OpenAPI</a>
      <a href="/metrics">metrics</a>
    </nav>
  </footer>
</body>
</html>`
}
