import { Hono } from 'hono'
import type { Schemas } from '../answers/schemas.ts'
import type { ApiEnv } from './env.ts'
import type { Meter } from './limits.ts'

/** What anybody may ask. */
export function metaRoutes(meter: Meter): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()

  routes.get('/meta', (c) =>
    c.json({ verifiable_password_authentication: false } satisfies Schemas['api-overview']),
  )

  routes.get('/rate_limit', (c) => {
    const core = meter.standing()
    const search = { limit: 30, used: 0, remaining: 30, reset: core.reset }
    return c.json({ resources: { core, search }, rate: core } satisfies Schemas['rate-limit-overview'])
  })

  return routes
}
