import { createHash } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { messageOf } from '../../errors.ts'
import { fieldsOf, textOf } from '../../model/read.ts'
import type { GitHubSignIn, WebWorld } from '../ports.ts'
import { localPath } from './localPath.ts'
import { newSecret } from './secret.ts'
import type { Sessions } from './sessions.ts'

const CALLBACK = '/sign-in/callback'
const FLOW_COOKIE = 'berth-sign-in'
/** GitHub's codes last as long. */
const FLOW_SECONDS = 600

/** The page of signing in, with what is wrong. */
export type Refuse = (
  c: Context,
  fault: string,
  status: 401 | 403 | 429 | 502,
  to?: string,
) => Response | Promise<Response>

/** What the browser that began keeps until it comes back. */
interface Flow {
  readonly state: string
  readonly verifier: string
  readonly to: string
}

/** To GitHub, and back with a code that only the browser that began can use: `state` (RFC 6749, 10.12) and PKCE (RFC 7636). */
export function addGitHubFlow(app: Hono, world: WebWorld, sessions: Sessions, refuse: Refuse): void {
  const { gitHubSignIn, publicUrl } = world
  if (gitHubSignIn === null) return
  const secure = publicUrl.startsWith('https:')
  const cookie = { path: '/sign-in', httpOnly: true, sameSite: 'Lax', secure } as const
  const back = `${publicUrl}${CALLBACK}`

  app.get('/sign-in/github', (c) => {
    const flow: Flow = { state: newSecret(), verifier: newSecret(), to: localPath(c.req.query('to') ?? '/') }
    setCookie(c, FLOW_COOKIE, JSON.stringify(flow), { ...cookie, maxAge: FLOW_SECONDS })
    const challenge = createHash('sha256').update(flow.verifier).digest('base64url')
    return c.redirect(gitHubSignIn.addressOf({ state: flow.state, challenge, back }), 302)
  })

  app.get(CALLBACK, async (c) => {
    const flow = readFlow(getCookie(c, FLOW_COOKIE))
    deleteCookie(c, FLOW_COOKIE, cookie)
    const { code = '', state = '' } = c.req.query()
    if (flow === null || code === '' || flow.state !== state)
      return refuse(c, 'This sign-in was not begun here, or too long ago. Begin again.', 403)
    try {
      const person = await gitHubSignIn.personOf({ code, verifier: flow.verifier, back })
      const isMember = await memberOf(person, world, gitHubSignIn)
      if (isMember === false)
        return refuse(c, `${person.login} may run nothing here, and so may not look either.`, 403)
      const may = { mayRead: isMember === true, mayAct: true }
      await sessions.begin(c, { person: { kind: 'github', ...person }, ...may }, null)
      return c.redirect(flow.to, 303)
    } catch (error) {
      world.log.error({ path: CALLBACK, error: messageOf(error) }, 'web.failed')
      return refuse(c, 'GitHub did not say who you are. Try again.', 502)
    }
  })
}

/** Null = it is not asked: everybody may look. */
async function memberOf(
  person: { readonly id: number; readonly login: string },
  { config }: WebWorld,
  { isMember }: GitHubSignIn,
): Promise<boolean | null> {
  return config().web.reading === 'public' ? null : isMember(person)
}

function readFlow(cookie: string | undefined): Flow | null {
  try {
    const fields = fieldsOf(JSON.parse(cookie ?? ''), 'cookie')
    const to = localPath(textOf(fields, 'to'))
    return { state: textOf(fields, 'state'), verifier: textOf(fields, 'verifier'), to }
  } catch {
    return null
  }
}
