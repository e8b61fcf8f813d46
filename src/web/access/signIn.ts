import type { Context, Hono } from 'hono'
import { problemAnswer } from '../api/problem.ts'
import { layout } from '../pages/layout.ts'
import { type SignInPage, signInPage } from '../pages/signIn.ts'
import type { WebWorld } from '../ports.ts'
import { addressOf } from './address.ts'
import { textIn } from './form.ts'
import { addGitHubFlow, type Refuse } from './gitHubFlow.ts'
import { localPath } from './localPath.ts'
import { isFromOwnPage } from './origin.ts'
import { paced } from './pace.ts'
import { hashOf } from './secret.ts'
import { isCsrfOf, type Sessions } from './sessions.ts'

const MINUTE_MS = 60_000
const MOST_TRIES = 20

/** Signing in, with GitHub or with a token, and out again. */
export function addSignIn(app: Hono, world: WebWorld, sessions: Sessions): void {
  const withGitHub = world.gitHubSignIn !== null
  const refuse: Refuse = (c, fault, status, to = '/') => {
    c.header('referrer-policy', 'same-origin')
    return c.html(shown({ withGitHub, fault, to }), status)
  }

  app.get('/sign-in', (c) => {
    const to = localPath(c.req.query('to') ?? '/')
    c.header('referrer-policy', 'same-origin')
    return c.html(shown({ withGitHub, fault: null, to }))
  })
  addGitHubFlow(app, world, sessions, refuse)
  addTokenForm(app, world, sessions, refuse)
  addSignOut(app, world, sessions)
}

function shown(view: SignInPage) {
  return layout({ title: 'berth: sign in', live: false, body: signInPage(view) })
}

/** Only a page of ours: else another could sign somebody in as whom it likes. */
function addTokenForm(app: Hono, world: WebWorld, sessions: Sessions, refuse: Refuse): void {
  const { store, publicUrl, now } = world
  const tries = paced(MOST_TRIES, MINUTE_MS, now)
  app.post('/sign-in/token', async (c) => {
    if (!isFromOwnPage(c, publicUrl)) return problemAnswer(c, 'cross_site', 'Sign in from the page itself.')
    const form = await c.req.parseBody()
    const to = localPath(textIn(form, 'to'))
    if (tries(addressOf(c)) > 0) return refuse(c, 'Too many tries. Wait a minute.', 429, to)
    const token = await store.useToken(hashOf(textIn(form, 'token').trim()), now())
    if (token === null) return refuse(c, 'This is no token of this service, or none any more.', 401, to)
    const { name, scope, endsAtMs } = token
    const may = { mayRead: true, mayAct: scope === 'act' }
    await sessions.begin(c, { person: { kind: 'token', name }, ...may }, endsAtMs)
    return c.redirect(to, 303)
  })
}

function addSignOut(app: Hono, { publicUrl }: WebWorld, sessions: Sessions): void {
  async function isAsked(c: Context): Promise<boolean> {
    const [session, form] = [await sessions.of(c), await c.req.parseBody()]
    return session === null || (isFromOwnPage(c, publicUrl) && isCsrfOf(session, textIn(form, 'csrf')))
  }

  app.post('/sign-out', async (c) => {
    if (!(await isAsked(c))) return problemAnswer(c, 'cross_site', 'Sign out from the page itself.')
    await sessions.end(c)
    return c.redirect('/', 303)
  })
}
