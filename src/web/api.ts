import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { etag } from 'hono/etag'
import type { Bearers } from './access/bearer.ts'
import { addActing } from './api/acting.ts'
import { PROBLEM_TYPE, problemAnswer, refuseInput } from './api/problem.ts'
import { addQueue } from './api/queue.ts'
import { addRecipes } from './api/recipes.ts'
import { addRuns } from './api/runs.ts'
import { addService } from './api/service.ts'
import type { WebWorld } from './ports.ts'

const API = '/api/v1'
const MOST_BODY = 16 * 1024

const ABOUT = {
  openapi: '3.1.0',
  info: {
    title: 'berth',
    version: '1',
    description:
      'What the pages show, for programs. Times are milliseconds since 1970 (`…AtMs`), durations milliseconds (`…Ms`). Answers have an `ETag`, and `If-None-Match` saves those that have not changed. New fields may come; none goes within a version.',
  },
  servers: [{ url: API }],
}

/** What the pages show, for programs. The schemas that describe it are those that what comes and what leaves is held against. */
export function addApi(app: Hono, world: WebWorld, bearers: Bearers): void {
  const api = new OpenAPIHono({ defaultHook: refuseInput })
  app.use(`${API}/*`, etag(), inUtf8(), bodyLimit({ maxSize: MOST_BODY, onError: tooLarge }), onlyJson())
  addRuns(api, world)
  addQueue(api, world)
  addRecipes(api, world)
  addService(api, world)
  addActing(api, world, bearers)
  const description = api.getOpenAPI31Document(ABOUT)
  api.get('/openapi.json', (c) => c.json(description))
  app.route(API, api)
}

function tooLarge(c: Context): Response {
  return problemAnswer(c, 'too_large', `The body has more than ${MOST_BODY} bytes.`)
}

/** Types that a form can have are refused: no page of others can make a browser send what is taken here. */
function onlyJson(): MiddlewareHandler {
  return async (c, next) => {
    const type = c.req.header('content-type') ?? ''
    if (c.req.method !== 'POST' || type === '' || /^application\/json\s*(?:;|$)/i.test(type)) return next()
    return problemAnswer(c, 'wrong_type', `The body is sent as ${type}.`)
  }
}

/** JSON is UTF-8, and some who read it want to be told. */
function inUtf8(): MiddlewareHandler {
  return async (c, next) => {
    await next()
    const type = c.res.headers.get('content-type')
    if (type === 'application/json' || type === PROBLEM_TYPE)
      c.res.headers.set('content-type', `${type}; charset=utf-8`)
  }
}

export function isApi(path: string): boolean {
  return path.startsWith(`${API}/`)
}
