import { Hono, type MiddlewareHandler } from 'hono'
import { messageOf } from '../errors.ts'
import { API_PREFIX, addApi, refuse } from './api.ts'
import { addAssets } from './assets.ts'
import { addHealth } from './health.ts'
import { addLogs } from './logs.ts'
import { addPages } from './pageRoutes.ts'
import { faultPage, missingPage } from './pages/faults.ts'
import { CONTENT_SECURITY_POLICY, layout } from './pages/layout.ts'
import type { WebWorld } from './ports.ts'
import { LOOK_EVERY_MS, remembered } from './remembered.ts'

/**
 * The service's pages, its API for programs, its metrics and its health checks. Reading only. Its `fetch` answers every path, so that
 * it is mounted last.
 */
export function createWeb(parts: WebWorld): Hono {
  const world = { ...parts, names: remembered(parts.names, LOOK_EVERY_MS, parts.now) }
  const app = new Hono()
  app.use(readingOnly(), safeHeaders())
  addHealth(app, world)
  addApi(app, world)
  addAssets(app)
  addLogs(app, world)
  addPages(app, world)
  app.notFound((c) => {
    const message = 'There is no such page'
    if (isApi(c.req.path))
      return refuse(c, 404, 'no_such_page', `${message}. ${API_PREFIX}runs lists the newest runs.`)
    return c.html(layout({ title: 'berth: not found', live: false, body: missingPage(message) }), 404)
  })
  app.onError((error, c) => {
    world.log.error({ path: c.req.path, error: messageOf(error) }, 'web.failed')
    if (isApi(c.req.path)) return refuse(c, 500, 'fault', messageOf(error))
    return c.html(layout({ title: 'berth: fault', live: false, body: faultPage(messageOf(error)) }), 500)
  })
  return app
}

function isApi(path: string): boolean {
  return path.startsWith(API_PREFIX)
}

function readingOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    return c.text(
      'These pages are for reading only; act with comments, or with `berth` on the machine\n',
      405,
      {
        allow: 'GET, HEAD',
      },
    )
  }
}

/** A route that has set one of them knows better. */
function safeHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next()
    for (const [name, value] of SAFE_HEADERS) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  }
}

const SAFE_HEADERS = [
  ['content-security-policy', CONTENT_SECURITY_POLICY],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cache-control', 'no-cache'],
] as const
