import { type Context, Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import { messageOf } from '../errors.ts'
import { addActs } from './access/acts.ts'
import { bearersOf } from './access/bearer.ts'
import { readingGate } from './access/gate.ts'
import { sessionsOf } from './access/sessions.ts'
import { addSignIn } from './access/signIn.ts'
import { isActing } from './api/acting.ts'
import { problemAnswer } from './api/problem.ts'
import { addApi, isApi } from './api.ts'
import { addAssets } from './assets.ts'
import { addBadges } from './badges.ts'
import { addHealth } from './health.ts'
import { addLogs } from './logs.ts'
import { addOverview } from './overviewRoutes.ts'
import { addPages } from './pageRoutes.ts'
import { faultPage, missingPage } from './pages/faults.ts'
import { CONTENT_SECURITY_POLICY, layout } from './pages/layout.ts'
import type { WebWorld } from './ports.ts'
import { LOOK_EVERY_MS, remembered } from './remembered.ts'
import { addScreenshots } from './screenshots.ts'

/**
 * The service's pages, its API for programs, its metrics and its health checks. Reading only. Its `fetch` answers every path, so that
 * it is mounted last.
 */
export function createWeb(parts: WebWorld): Hono {
  const world = { ...parts, names: remembered(parts.names, LOOK_EVERY_MS, parts.now) }
  const app = new Hono()
  app.use(readingOnly(), safeHeaders())
  const [bearers, sessions] = [bearersOf(world), sessionsOf(world)]
  app.use(readingGate(world, bearers, sessions))
  for (const path of ['/act', '/sign-in/*', '/sign-out']) app.use(path, bodyLimit({ maxSize: MOST_FORM }))
  addHealth(app, world)
  addApi(app, world, bearers)
  addSignIn(app, world, sessions)
  addActs(app, world, sessions)
  addAssets(app)
  addBadges(app, world)
  addLogs(app, world)
  addOverview(app, world, sessions)
  addScreenshots(app, world)
  addPages(app, world, sessions)
  app.notFound((c) => {
    if (isApi(c.req.path))
      return problemAnswer(
        c,
        'no_such_page',
        'There is no such address here; /api/v1/runs lists the newest runs.',
      )
    return c.html(
      layout({ title: 'berth: not found', live: false, body: missingPage('There is no such page') }),
      404,
    )
  })
  app.onError((error, c) => {
    if (error instanceof HTTPException) return isApi(c.req.path) ? apiAnswer(c, error) : error.getResponse()
    world.log.error({ path: c.req.path, error: messageOf(error) }, 'web.failed')
    if (isApi(c.req.path)) return problemAnswer(c, 'fault', messageOf(error))
    return c.html(layout({ title: 'berth: fault', live: false, body: faultPage(messageOf(error)) }), 500)
  })
  return app
}

/** Where the framework has refused a body before any of our code saw it. */
function apiAnswer(c: Context, error: HTTPException): Response {
  return error.res ?? problemAnswer(c, 'bad_input', error.message)
}

function readingOnly(): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method === 'GET' || c.req.method === 'HEAD' || isActing(c.req)) return next()
    const answer = problemAnswer(
      c,
      'method_not_allowed',
      'This is for reading only; act with comments, or with `berth`.',
    )
    answer.headers.set('allow', 'GET, HEAD')
    return answer
  }
}

/** A route that has set one of them knows better. */
function safeHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next()
    if (isPersonal(c)) for (const [name, value] of FORM_HEADERS) c.res.headers.set(name, value)
    for (const [name, value] of SAFE_HEADERS) if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  }
}

/** A page with somebody's forms in it is nobody else's, whatever stands between. */
function isPersonal(c: Context): boolean {
  const type = c.res.headers.get('content-type') ?? ''
  return type.startsWith('text/html') && c.req.header('cookie') !== undefined
}

const MOST_FORM = 16 * 1024

/** Without a referrer policy that tells ourselves, browsers say of our own forms that they come from `null` (Fetch standard, "append a request Origin header"). */
const FORM_HEADERS = [
  ['cache-control', 'no-store'],
  ['referrer-policy', 'same-origin'],
] as const

const SAFE_HEADERS = [
  ['content-security-policy', CONTENT_SECURITY_POLICY],
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
  ['cross-origin-resource-policy', 'same-origin'],
  ['cache-control', 'no-cache'],
] as const
