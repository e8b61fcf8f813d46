import { randomUUID } from 'node:crypto'
import { Hono, type MiddlewareHandler } from 'hono'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { API_PREFIX } from '../answers/schemas.ts'
import type { PublicHub } from '../hub.ts'
import type { StandInLog } from '../log.ts'
import { appRoutes } from './apps.ts'
import { authenticate } from './auth.ts'
import { checkRunRoutes } from './checkRuns.ts'
import { commentRoutes, reactionRoutes } from './comments.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, notFound } from './errors.ts'
import type { Faults } from './faults.ts'
import type { Meter } from './limits.ts'
import { metaRoutes } from './meta.ts'
import { placesKept, repositoriesById } from './places.ts'
import { repositoryRoutes } from './repositories.ts'

/** A call that this GitHub has no answer for: what it stands in for may well have one. */
export interface UnknownCall {
  readonly method: string
  readonly path: string
}

export interface ApiParts {
  readonly hub: PublicHub
  readonly meter: Meter
  readonly faults: Faults
  readonly log: StandInLog
  noteUnknown(call: UnknownCall): void
}

/** The REST API: who calls, whether they may, then the routes; whatever goes wrong leaves in GitHub's words. */
export function restApi({ hub, meter, faults, log, noteUnknown }: ApiParts): Hono<ApiEnv> {
  const api = new Hono<ApiEnv>().basePath(API_PREFIX)
  api.use(headers(), faults.middleware, userAgentRequired(), authenticate(hub), meter.middleware)
  api.use(placesKept(hub))
  api.use(etag({ weak: true }))
  for (const routes of [
    metaRoutes(meter),
    appRoutes(hub),
    repositoryRoutes(hub),
    commentRoutes(hub),
    reactionRoutes(hub),
    checkRunRoutes(hub),
  ])
    api.route('/', routes)
  api.all('/repositories/:id{[0-9]+}/*', repositoriesById(api, hub))
  api.all('*', (c) => {
    noteUnknown({ method: c.req.method, path: c.req.path })
    log.warn({ method: c.req.method, path: c.req.path }, 'api.unknown_call')
    throw notFound()
  })
  api.onError((error, c) => {
    if (error instanceof ApiError) return c.json(error.body, error.status, error.headers)
    if (error instanceof HTTPException) return error.getResponse()
    log.warn({ path: c.req.path, error }, 'api.fault')
    return c.json({ message: 'Server Error' }, 500)
  })
  return api
}

function headers(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    await next()
    c.res.headers.set('x-github-request-id', randomUUID().replaceAll('-', '').slice(0, 20).toUpperCase())
    c.res.headers.set('x-github-media-type', 'github.v3; format=json')
    c.res.headers.set('x-github-api-version-selected', '2022-11-28')
  }
}

/** https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent-required */
function userAgentRequired(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (!c.req.header('user-agent'))
      throw new ApiError(
        403,
        'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
      )
    await next()
  }
}
