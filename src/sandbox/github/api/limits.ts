import type { MiddlewareHandler } from 'hono'
import type { Hub } from '../hub.ts'
import type { ApiEnv } from './env.ts'
import { ApiError } from './errors.ts'

/** GitHub's limits for one installation. */
export interface Limits {
  readonly requestsPerHour: number
  /** Secondary limits for requests that make content: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
  readonly writesPerMinute: number
  readonly writesPerHour: number
}

export const GITHUB_LIMITS: Limits = { requestsPerHour: 5000, writesPerMinute: 80, writesPerHour: 500 }

/** What is left to the installation. */
export interface Meter {
  readonly middleware: MiddlewareHandler<ApiEnv>
  standing(): {
    readonly limit: number
    readonly used: number
    readonly remaining: number
    readonly reset: number
  }
}

/** Asking for what is left costs nothing. */
const FREE = '/rate_limit'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Counts the installation's requests and refuses those over the limits; there is one installation, so there is one count. */
export function newMeter(hub: Hub, limits: Limits): Meter {
  let windowEndsAtMs = 0
  let used = 0
  let writes: readonly number[] = []

  function standing() {
    if (hub.now() >= windowEndsAtMs) {
      windowEndsAtMs = hub.now() + HOUR_MS
      used = 0
    }
    const limit = limits.requestsPerHour
    return { limit, used, remaining: Math.max(0, limit - used), reset: Math.ceil(windowEndsAtMs / 1000) }
  }

  function noteWrite(): void {
    const nowMs = hub.now()
    writes = writes.filter((atMs) => atMs > nowMs - HOUR_MS)
    const inMinute = writes.filter((atMs) => atMs > nowMs - MINUTE_MS)
    if (inMinute.length >= limits.writesPerMinute) throw tooManyWrites(inMinute[0], MINUTE_MS, nowMs)
    if (writes.length >= limits.writesPerHour) throw tooManyWrites(writes[0], HOUR_MS, nowMs)
    writes = [...writes, nowMs]
  }

  const middleware: MiddlewareHandler<ApiEnv> = async (c, next) => {
    if (c.get('caller').kind !== 'installation' || c.req.path.endsWith(FREE)) return next()
    if (standing().remaining === 0)
      throw new ApiError(
        403,
        `API rate limit exceeded for installation ID ${hub.memory.app.installationId}.`,
        {
          headers: limitHeaders(standing()),
        },
      )
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') noteWrite()
    await next()
    if (c.res.status !== 304) used += 1
    for (const [name, value] of Object.entries(limitHeaders(standing()))) c.res.headers.set(name, value)
  }

  return { middleware, standing }
}

function limitHeaders(standing: ReturnType<Meter['standing']>): Record<string, string> {
  return {
    'x-ratelimit-limit': String(standing.limit),
    'x-ratelimit-remaining': String(standing.remaining),
    'x-ratelimit-used': String(standing.used),
    'x-ratelimit-reset': String(standing.reset),
    'x-ratelimit-resource': 'core',
  }
}

function tooManyWrites(oldestAtMs: number | undefined, windowMs: number, nowMs: number): ApiError {
  const waitMs = (oldestAtMs ?? nowMs) + windowMs - nowMs
  return new ApiError(
    403,
    'You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.',
    { headers: { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) } },
  )
}
