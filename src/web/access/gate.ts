import type { Context, MiddlewareHandler } from 'hono'
import { problemAnswer } from '../api/problem.ts'
import type { WebWorld } from '../ports.ts'
import type { Bearers } from './bearer.ts'
import type { Sessions } from './sessions.ts'

/** Who is asked for nothing: whoever watches the service, whoever is to sign in, and what pages are made of. */
const OPEN = /^\/(?:healthz|readyz|assets\/[^/]+|sign-in(?:\/.*)?|sign-out)$/

/** Keeps those out who may not look, where not everybody may. Acting asks for more by itself. */
export function readingGate(world: WebWorld, bearers: Bearers, sessions: Sessions): MiddlewareHandler {
  return async (c, next) => {
    if (world.config().web.reading === 'public' || OPEN.test(c.req.path)) return next()
    if ((await bearers.of(c)) !== null || (await sessions.of(c))?.mayRead === true) return next()
    return shutOut(c)
  }
}

/** A browser is led to where one signs in, a program is told. */
function shutOut(c: Context): Response {
  const isPage = c.req.method === 'GET' && (c.req.header('accept') ?? '').includes('text/html')
  if (isPage) return c.redirect(`/sign-in?to=${encodeURIComponent(c.req.path)}`, 303)
  const refusal = problemAnswer(c, 'not_signed_in', 'Only who has a token, or has signed in, may look here.')
  refusal.headers.set('www-authenticate', 'Bearer realm="berth"')
  return refusal
}
