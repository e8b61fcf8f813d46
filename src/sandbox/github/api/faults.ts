import { setTimeout as pause } from 'node:timers/promises'
import type { Context, MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ApiEnv } from './env.ts'

interface Answer {
  readonly status: ContentfulStatusCode
  readonly headers?: Record<string, string>
  /** As JSON; GitHub's words for its own faults unless it is given. */
  readonly body?: object
}

/**
 * What befalls a request. `answer` = it is refused before anything happens; `after` = it is carried out, and answered so all the same; `broken`
 * and `lost` = the connection breaks before it is carried out, and after; `silent` and `deaf` = nobody ever answers, after it is carried out,
 * and without that; `late` = it is carried out so many milliseconds later.
 */
export type FaultEffect =
  | ({ readonly kind: 'answer' | 'after' } & Answer)
  | { readonly kind: 'broken' | 'lost' | 'silent' | 'deaf' }
  | { readonly kind: 'late'; readonly ms: number }

/** A fault to come. */
export interface Fault {
  readonly method: string
  /** Tested against the path after `/api/v3`. */
  readonly path: RegExp
  readonly times: number
  readonly effect: FaultEffect
}

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits */
export function secondaryLimit(retryAfterSeconds: number): FaultEffect {
  const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.'
  const headers = { 'retry-after': String(retryAfterSeconds) }
  return { kind: 'answer', status: 403, headers, body: { message } }
}

/** A fault that was ordered. */
export interface Ordered {
  /** Resolves when it has befallen its first request, whatever of that is carried out included. */
  readonly struck: Promise<void>
}

export interface Faults {
  readonly middleware: MiddlewareHandler<ApiEnv>
  add(fault: Fault): Ordered
}

/** GitHub has bad days: tests say which. */
export function newFaults(prefix: string): Faults {
  const pending: { readonly fault: Fault; readonly strike: () => void }[] = []

  function take(method: string, path: string) {
    const index = pending.findIndex(({ fault }) => fault.method === method && fault.path.test(path))
    const found = pending[index]
    if (found === undefined) return null
    const { fault, strike } = found
    const rest = fault.times > 1 ? [{ fault: { ...fault, times: fault.times - 1 }, strike }] : []
    pending.splice(index, 1, ...rest)
    return found
  }

  return {
    add(fault) {
      const { promise, resolve } = Promise.withResolvers<void>()
      pending.push({ fault, strike: resolve })
      return { struck: promise }
    },
    middleware: async (c, next) => {
      const found = take(c.req.method, c.req.path.slice(prefix.length))
      if (found === null) return next()
      return befall(c, next, found.fault.effect, found.strike)
    },
  }
}

async function befall(
  c: Context<ApiEnv>,
  next: () => Promise<void>,
  effect: FaultEffect,
  strike: () => void,
): Promise<Response | undefined> {
  if (effect.kind === 'late') await pause(effect.ms)
  if (['after', 'lost', 'silent', 'late'].includes(effect.kind)) await next()
  strike()
  switch (effect.kind) {
    case 'answer':
      return refusal(c, effect)
    case 'after':
      // What a middleware returns after the route is not heard (hono); what stands in `res` is, once it is empty.
      c.res = undefined
      c.res = refusal(c, effect)
      return undefined
    case 'broken':
    case 'lost':
      c.env.incoming.socket.destroy()
      return undefined
    // The answer waits for ever: whoever asks ends the connection, or the stand-in does at its end.
    case 'silent':
    case 'deaf':
      return new Promise(() => undefined)
    case 'late':
      return undefined
  }
}

function refusal(c: Context<ApiEnv>, { status, headers, body }: Answer): Response {
  return c.json(body ?? { message: 'Server Error' }, status, headers)
}
