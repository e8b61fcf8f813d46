import { OpenAPIHono } from '@hono/zod-openapi'
import type { Hono, MiddlewareHandler } from 'hono'
import { etag } from 'hono/etag'
import { PROBLEM_TYPE, refuseInput } from './api/problem.ts'
import { addQueue } from './api/queue.ts'
import { addRecipes } from './api/recipes.ts'
import { addRuns } from './api/runs.ts'
import { addService } from './api/service.ts'
import type { WebWorld } from './ports.ts'

const API = '/api/v1'

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
export function addApi(app: Hono, world: WebWorld): void {
  const api = new OpenAPIHono({ defaultHook: refuseInput })
  app.use(`${API}/*`, etag(), inUtf8())
  addRuns(api, world)
  addQueue(api, world)
  addRecipes(api, world)
  addService(api, world)
  const description = api.getOpenAPI31Document(ABOUT)
  api.get('/openapi.json', (c) => c.json(description))
  app.route(API, api)
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
