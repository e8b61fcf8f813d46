import { createHash } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { messageOf } from '../../errors.ts'
import { problemAnswer } from '../api/problem.ts'
import { layout } from '../pages/layout.ts'
import { type SignInPage, signInPage } from '../pages/signIn.ts'
import type { WebWorld } from '../ports.ts'
import { addressOf } from './address.ts'
import { textIn } from './form.ts'
import { isFromOwnPage } from './origin.ts'
import { paced } from './pace.ts'
import { hashOf, newSecret } from './secret.ts'
import { isCsrfOf, type Sessions } from './sessions.ts'

const CALLBACK = '/sign-in/callback'
const FLOW_COOKIE = 'berth-sign-in'
/** GitHub's codes last as long. */
const FLOW_SECONDS = 600
const MINUTE_MS = 60_000
const MOST_TRIES = 20

/** Signing in, with GitHub or with a token, and out again. */
export function addSignIn(app: Hono, world: WebWorld, sessions: Sessions): void {
  const { store, gitHubSignIn, publicUrl, now } = world
  const tries = paced(MOST_TRIES, MINUTE_MS, now)
  const flow = {
    path: '/sign-in',
    httpOnly: true,
    sameSite: 'Lax',
    secure: publicUrl.startsWith('https:'),
  } as const

  function page(
    c: Context,
    view: Partial<SignInPage>,
    status: 200 | 401 | 403 | 502 = 200,
  ): Response | Promise<Response> {
    const to = localPath(view.to ?? c.req.query('to') ?? '/')
    const body = signInPage({ withGitHub: gitHubSignIn !== null, fault: null, ...view, to })
    return c.html(layout({ title: 'berth: sign in', live: false, body }), status)
  }

  app.get('/sign-in', (c) => page(c, {}))

  app.get('/sign-in/github', (c) => {
    if (gitHubSignIn === null) return c.notFound()
    const [state, verifier] = [newSecret(), newSecret()]
    const kept = JSON.stringify({ state, verifier, to: localPath(c.req.query('to') ?? '/') })
    setCookie(c, FLOW_COOKIE, kept, { ...flow, maxAge: FLOW_SECONDS })
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    return c.redirect(gitHubSignIn.addressOf({ state, challenge, back: `${publicUrl}${CALLBACK}` }), 302)
  })

  app.get(CALLBACK, async (c) => {
    const begun = readFlow(getCookie(c, FLOW_COOKIE))
    deleteCookie(c, FLOW_COOKIE, flow)
    const { code = '', state = '' } = c.req.query()
    if (gitHubSignIn === null || begun === null || code === '' || begun.state !== state)
      return page(c, { fault: 'This sign-in was not begun here, or too long ago. Begin again.' }, 403)
    try {
      const came = { code, verifier: begun.verifier, back: `${publicUrl}${CALLBACK}` }
      const person = await gitHubSignIn.personOf(came)
      const isPublic = world.config().web.reading === 'public'
      if (!isPublic && !(await gitHubSignIn.isMember(person)))
        return page(c, { fault: `${person.login} may run nothing here, and so may not look either.` }, 403)
      await sessions.begin(
        c,
        {
          person: { kind: 'github', ...person },
          mayRead: world.config().web.reading !== 'public',
          mayAct: true,
        },
        null,
      )
      return c.redirect(begun.to, 303)
    } catch (error) {
      world.log.error({ path: CALLBACK, error: messageOf(error) }, 'web.failed')
      return page(c, { fault: 'GitHub did not say who you are. Try again.' }, 502)
    }
  })

  app.post('/sign-in/token', async (c) => {
    if (!isFromOwnPage(c, publicUrl)) return problemAnswer(c, 'cross_site', 'Sign in from the page itself.')
    const form = await c.req.parseBody()
    const to = localPath(textIn(form, 'to'))
    if (tries(addressOf(c)) > 0) return page(c, { to, fault: 'Too many tries. Wait a minute.' }, 403)
    const token = await store.useToken(hashOf(textIn(form, 'token').trim()), now())
    if (token === null)
      return page(c, { to, fault: 'This is no token of this service, or none any more.' }, 401)
    const { name, scope, endsAtMs } = token
    const may = { mayRead: true, mayAct: scope === 'act' }
    await sessions.begin(c, { person: { kind: 'token', name }, ...may }, endsAtMs)
    return c.redirect(to, 303)
  })

  app.post('/sign-out', async (c) => {
    const [session, form] = [await sessions.of(c), await c.req.parseBody()]
    if (session !== null && !(isFromOwnPage(c, publicUrl) && isCsrfOf(session, textIn(form, 'csrf'))))
      return problemAnswer(c, 'cross_site', 'Sign out from the page itself.')
    await sessions.end(c)
    return c.redirect('/', 303)
  })
}

/** Never to another site: `//` and `/\` begin addresses of others. */
function localPath(text: string): string {
  return /^\/(?![/\\])[\x21-\x7e]*$/.test(text) ? text : '/'
}

interface Flow {
  readonly state: string
  readonly verifier: string
  readonly to: string
}

function readFlow(cookie: string | undefined): Flow | null {
  try {
    const value: unknown = JSON.parse(cookie ?? '')
    if (typeof value !== 'object' || value === null) return null
    if (!('state' in value && 'verifier' in value && 'to' in value)) return null
    const { state, verifier, to } = value
    if (typeof state !== 'string' || typeof verifier !== 'string' || typeof to !== 'string') return null
    return { state, verifier, to: localPath(to) }
  } catch {
    return null
  }
}
