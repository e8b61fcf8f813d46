import { html } from 'hono/html'
import type { Html } from './markdown.ts'

export interface Page {
  readonly title: string
  /** The service that this GitHub tells of everything; a link in the head. */
  readonly serviceUrl: string
  readonly body: Html
}

/** Nothing from elsewhere, no inline script or style: what a comment smuggles in has nothing to run with. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export function layout({ title, serviceUrl, body }: Page): Html {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${title}</title>
  <link rel="icon" href="/assets/avatar.svg">
  <link rel="stylesheet" href="/assets/style.css">
  <script type="module" src="/assets/live.js"></script>
</head>
<body>
  <a class="skip" href="#main">To the content</a>
  <header class="site">
    <a class="home" href="/">acme/site</a>
    <nav aria-label="Pages">
      <a href="/">Pull requests</a>
      <a href="/deliveries">Deliveries</a>
      <a href="${serviceUrl}">berth</a>
    </nav>
    <p class="hint">A stand-in for GitHub, on this machine only.</p>
  </header>
  <main id="main" tabindex="-1">${body}</main>
</body>
</html>`
}

/** A time of day, with the whole time where one asks for it. */
export function time(atMs: number): Html {
  const iso = new Date(atMs).toISOString()
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(11, 19)} UTC</time>`
}

export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${seconds % 60} s`
}
