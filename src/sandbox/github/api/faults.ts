import type { MiddlewareHandler } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { ApiEnv } from './env.ts'

/**
 * A fault to come. `answer` = the request is refused with this status before anything happens; `lost` = it is carried out, and
 * the connection breaks before the answer.
 */
export interface Fault {
  readonly method: string
  /** Tested against the path after `/api/v3`. */
  readonly path: RegExp
  readonly times: number
  readonly effect:
    | {
        readonly kind: 'answer'
        readonly status: ContentfulStatusCode
        readonly headers?: Record<string, string>
      }
    | { readonly kind: 'lost' }
}

export interface Faults {
  readonly middleware: MiddlewareHandler<ApiEnv>
  add(fault: Fault): void
}

/** GitHub has bad days: tests say which. */
export function newFaults(prefix: string): Faults {
  const pending: Fault[] = []

  function take(method: string, path: string): Fault | null {
    const index = pending.findIndex((fault) => fault.method === method && fault.path.test(path))
    const fault = pending[index]
    if (fault === undefined) return null
    pending.splice(index, 1, ...(fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : []))
    return fault
  }

  return {
    add: (fault) => void pending.push(fault),
    middleware: async (c, next) => {
      const fault = take(c.req.method, c.req.path.slice(prefix.length))
      if (fault === null) return next()
      if (fault.effect.kind === 'answer')
        return c.json({ message: 'Server Error' }, fault.effect.status, fault.effect.headers)
      await next()
      c.env.incoming.socket.destroy()
      return undefined
    },
  }
}
