import { createHash, randomBytes } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import { CONTENT_SECURITY_POLICY } from '../page/layout.ts'
import { clientIdOf } from './app.ts'
import type { PublicHub } from './hub.ts'
import type { OAuthClient } from './records.ts'

/** GitHub's codes end after ten minutes, its tokens for people after eight hours. */
const CODE_LIFE_MS = 10 * 60_000
const TOKEN_LIFE_MS = 8 * 60 * 60_000

interface Code {
  readonly login: string
  readonly back: string
  readonly challenge: string | null
  readonly endsAtMs: number
}

/**
 * The web flow of an App, with PKCE, as GitHub has it; who signs in is chosen, since there are no passwords here.
 * https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
 */
export function oauthRoutes(hub: PublicHub, client: OAuthClient): Hono {
  const codes = new Map<string, Code>()
  const routes = new Hono()
  addAuthorize(routes, hub, client, codes)
  addAccessToken(routes, hub, client, codes)
  return routes
}

function addAuthorize(routes: Hono, hub: PublicHub, client: OAuthClient, codes: Map<string, Code>): void {
  const { memory, now } = hub
  routes.get('/login/oauth/authorize', (c) => {
    const asked = c.req.query()
    const { login = '', state = '' } = asked
    if (asked['client_id'] !== clientIdOf(memory.app.id)) return c.text('Not Found', 404)
    const back = asked['redirect_uri'] ?? client.callbackUrl
    if (back !== client.callbackUrl)
      return c.redirect(withQuery(client.callbackUrl, { ...MISMATCH, state }), 302)
    if (memory.accounts.get(login)?.kind !== 'User') return choose(c, hub, asked)
    const code = randomBytes(10).toString('hex')
    codes.set(code, { login, back, challenge: challengeIn(asked), endsAtMs: now() + CODE_LIFE_MS })
    return c.redirect(withQuery(back, { code, state }), 302)
  })
}

/** Errors come with 200, as GitHub has them. */
function addAccessToken(routes: Hono, hub: PublicHub, client: OAuthClient, codes: Map<string, Code>): void {
  const { memory, now } = hub
  routes.post('/login/oauth/access_token', async (c) => {
    const given = textsOf(await c.req.parseBody())
    const isClient =
      given['client_id'] === clientIdOf(memory.app.id) && given['client_secret'] === client.secret
    if (!isClient) return answer(c, BAD_CLIENT)
    const code = codes.get(given['code'] ?? '')
    codes.delete(given['code'] ?? '')
    if (code === undefined || code.endsAtMs <= now() || !isProved(code, given)) return answer(c, BAD_CODE)
    if ((given['redirect_uri'] ?? code.back) !== code.back) return answer(c, MISMATCH)
    const value = `ghu_${randomBytes(27).toString('base64url').replaceAll(/[-_]/g, '0')}`
    memory.userTokens.set(value, { value, login: code.login, expiresAtMs: now() + TOKEN_LIFE_MS })
    const expires = String(TOKEN_LIFE_MS / 1000)
    return answer(c, { access_token: value, expires_in: expires, scope: '', token_type: 'bearer' })
  })
}

function isProved({ challenge }: Code, given: Texts): boolean {
  const made = createHash('sha256')
    .update(given['code_verifier'] ?? '')
    .digest('base64url')
  return challenge === null || challenge === made
}

type Texts = Readonly<Record<string, string>>

const BAD_CODE: Texts = {
  error: 'bad_verification_code',
  error_description: 'The code passed is incorrect or expired.',
}
const BAD_CLIENT: Texts = {
  error: 'incorrect_client_credentials',
  error_description: 'The client_id and/or client_secret passed are incorrect.',
}
const MISMATCH: Texts = {
  error: 'redirect_uri_mismatch',
  error_description: 'The redirect_uri MUST match the registered callback URL for this application.',
}

function challengeIn(asked: Texts): string | null {
  return asked['code_challenge_method'] === 'S256' ? (asked['code_challenge'] ?? null) : null
}

/** Encoded like a form, unless JSON is asked for. */
function answer(c: Context, value: Texts): Response {
  if ((c.req.header('accept') ?? '').includes('application/json')) return c.json(value)
  return c.body(String(new URLSearchParams(value)), 200, {
    'content-type': 'application/x-www-form-urlencoded',
  })
}

function choose(c: Context, { memory }: PublicHub, asked: Texts): Response | Promise<Response> {
  const people = [...memory.accounts.values()].filter(({ kind }) => kind === 'User')
  const link = (login: string) => withQuery('/login/oauth/authorize', { ...asked, login })
  c.header('content-security-policy', CONTENT_SECURITY_POLICY)
  return c.html(html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title>
    <link rel="stylesheet" href="/assets/style.css"></head>
    <body><main><h1>Who are you?</h1><p>${memory.app.slug} would like to know.</p>
    <ul>${people.map(({ login }) => html`<li><a href="${link(login)}">${login}</a></li>`)}</ul></main></body></html>`)
}

function withQuery(address: string, query: Texts): string {
  return `${address}?${new URLSearchParams(query)}`
}

function textsOf(form: Readonly<Record<string, unknown>>): Texts {
  return Object.fromEntries(
    Object.entries(form).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  )
}
