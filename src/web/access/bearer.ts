import type { Context } from 'hono'
import type { HTTPException } from 'hono/http-exception'
import type { Token } from '../../model/access.ts'
import { problem } from '../api/problem.ts'
import type { WebWorld } from '../ports.ts'
import { addressOf } from './address.ts'
import { paced } from './pace.ts'
import { hashOf } from './secret.ts'

const MINUTE_MS = 60_000
/** Of one token; a person and most programs need a few. */
const MOST_ACTS = 60
/** Of one address: whoever has lost a token is told, and whoever tries out texts gets nowhere. */
const MOST_BAD = 20

/** Who sends a token, and whether it is good for what is asked. Cookies are not looked at: no other page can make a browser send a token. */
export interface Bearers {
  /** Null = there is none. @throws HTTPException bad_token */
  readonly of: (c: Context) => Promise<Token | null>
  /** @throws HTTPException not_signed_in, bad_token, scope_missing, too_many_requests */
  readonly acting: (c: Context) => Promise<Token>
  /** @throws HTTPException not_signed_in, bad_token */
  readonly looking: (c: Context) => Promise<Token>
}

export function bearersOf({ store, now }: Pick<WebWorld, 'store' | 'now'>): Bearers {
  const acts = paced(MOST_ACTS, MINUTE_MS, now)
  const bad = paced(MOST_BAD, MINUTE_MS, now)

  async function of(c: Context): Promise<Token | null> {
    const header = c.req.header('authorization')
    if (header === undefined) return null
    const [, text = ''] = /^Bearer +(\S{1,200})$/i.exec(header) ?? []
    const token = text === '' ? null : await store.useToken(hashOf(text), now())
    if (token !== null) return token
    wait(c, bad(addressOf(c)))
    throw challenged(c, 'bad_token', 'It was revoked, has ended, or never was.')
  }

  async function looking(c: Context): Promise<Token> {
    const token = await of(c)
    if (token === null) throw challenged(c, 'not_signed_in', 'Send "authorization: Bearer TOKEN".')
    return token
  }

  return {
    of,
    looking,
    async acting(c) {
      const token = await looking(c)
      if (token.scope !== 'act')
        throw problem(c, 'scope_missing', `Token ${token.name} has the scope "${token.scope}".`)
      wait(c, acts(token.name))
      return token
    },
  }
}

/** RFC 9110, 11.6.1: whoever is told 401 is told by what way to come. */
function challenged(c: Context, code: 'bad_token' | 'not_signed_in', detail: string): HTTPException {
  const refusal = problem(c, code, detail)
  refusal.res?.headers.set('www-authenticate', 'Bearer realm="berth"')
  return refusal
}

function wait(c: Context, waitMs: number): void {
  if (waitMs === 0) return
  const seconds = Math.ceil(waitMs / 1000)
  const refusal = problem(c, 'too_many_requests', `Come again in ${seconds} s.`)
  refusal.res?.headers.set('retry-after', String(seconds))
  throw refusal
}
