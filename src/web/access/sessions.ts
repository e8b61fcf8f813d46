import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Session } from '../../model/access.ts'
import type { WebWorld } from '../ports.ts'
import { hashOf, newSecret } from './secret.ts'

/** A working day; whoever goes on signs in again. */
const SESSION_MS = 8 * 60 * 60_000

/** Somebody's session as a request brings it. */
export interface OpenSession extends Session {
  readonly hash: string
  /** What a form of this session has to carry: nobody else can make it. */
  readonly csrf: string
}

export interface Sessions {
  readonly of: (c: Context) => Promise<OpenSession | null>
  readonly begin: (
    c: Context,
    session: Omit<Session, 'endsAtMs'>,
    mostUntilMs: number | null,
  ) => Promise<void>
  readonly end: (c: Context) => Promise<void>
}

type SessionWorld = Pick<WebWorld, 'store' | 'now' | 'publicUrl'>

/** Cookies of pages: no script sees them, and no other page's request but a link followed carries them. */
export function sessionsOf({ store, now, publicUrl }: SessionWorld): Sessions {
  const isSecure = publicUrl.startsWith('https:')
  // A name with this prefix is taken by browsers only from the host itself, over TLS, and for all of its paths.
  const name = isSecure ? '__Host-berth' : 'berth'
  const options = { path: '/', httpOnly: true, sameSite: 'Lax', secure: isSecure } as const
  return {
    async of(c) {
      const secret = getCookie(c, name)
      if (secret === undefined) return null
      const hash = hashOf(secret)
      const session = await store.session(hash, now())
      return session === null ? null : { ...session, hash, csrf: csrfOf(secret) }
    },
    async begin(c, session, mostUntilMs) {
      const secret = newSecret()
      const endsAtMs = Math.min(now() + SESSION_MS, mostUntilMs ?? Number.POSITIVE_INFINITY)
      await store.addSession({ ...session, endsAtMs }, hashOf(secret), now())
      setCookie(c, name, secret, { ...options, maxAge: Math.floor((endsAtMs - now()) / 1000) })
    },
    async end(c) {
      const secret = getCookie(c, name)
      if (secret !== undefined) await store.endSession(hashOf(secret))
      deleteCookie(c, name, options)
    },
  }
}

export function isCsrfOf(session: OpenSession, given: string): boolean {
  const [own, other] = [Buffer.from(session.csrf), Buffer.from(given)]
  return own.length === other.length && timingSafeEqual(own, other)
}

/** Whoever has the cookie can make it; it shows nothing of the cookie, so that it may stand in a page. */
function csrfOf(secret: string): string {
  return createHmac('sha256', secret).update('form').digest('base64url')
}
