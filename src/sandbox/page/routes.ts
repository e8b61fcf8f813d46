import { Hono, type MiddlewareHandler } from 'hono'
import { csrf } from 'hono/csrf'
import { etag } from 'hono/etag'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import { ApiError, notFound } from '../github/api/errors.ts'
import {
  checkRunsOf,
  commentsOf,
  findPull,
  fullName,
  pullsOf,
  reactionsOf,
  repositoryById,
} from '../github/memory.ts'
import type { Pull } from '../github/records.ts'
import { addActions } from './actions.ts'
import { addAssets } from './assets.ts'
import { checkCard } from './checks.ts'
import { deliveryList } from './deliveries.ts'
import { addFacts } from './facts.ts'
import { fileView } from './file.ts'
import { CONTENT_SECURITY_POLICY, layout } from './layout.ts'
import type { Html } from './markdown.ts'
import type { PageParts } from './parts.ts'
import { pullList, pullView } from './pulls.ts'

/** The pages for people: read without a script, kept fresh with one. */
export function pageRoutes(parts: PageParts): Hono {
  const { hub, repository } = parts
  const { memory } = hub
  const path = `/${fullName(repository)}`
  const page = (title: string, body: Html) => layout({ title, serviceUrl: memory.app.homepage, body })
  const routes = new Hono()
  routes.use(safeHeaders(), etag(), csrf())

  routes.get('/', (c) => c.html(page('Pull requests', pullList(path, listed(parts)))))

  routes.get(path, (c) => c.redirect('/'))

  routes.get(`${path}/pull/:number{[0-9]+}`, (c) => {
    const pull = findPull(memory, repository.id, Number(c.req.param('number')))
    if (pull === null) throw notFound()
    return c.html(page(`${pull.title} #${pull.number}`, pullBody(parts, path, pull)))
  })

  routes.get(`${path}/runs/:id{[0-9]+}`, (c) => {
    const run = memory.checkRuns.get(Number(c.req.param('id')))
    if (run === undefined) throw notFound()
    return c.html(page(run.name, html`<div data-live="run">${checkCard(path, run)}</div>`))
  })

  routes.get(`${path}/blob/:sha{[0-9a-f]{40}}/:file{.+}`, async (c) => {
    const { sha, file } = c.req.param()
    const view = await fileView(hub.git, repository, sha, file)
    if (view === null) throw notFound()
    return c.html(page(file, view))
  })

  routes.get('/deliveries', (c) => c.html(page('Deliveries', deliveryList(parts.deliveries.records()))))

  addAssets(routes)
  addFacts(routes, path, parts)
  addActions(routes, path, parts)
  routes.all('*', () => {
    throw notFound()
  })
  routes.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse()
    const status = error instanceof ApiError ? error.status : 500
    return c.html(page('Refused', html`<h1>${error.message}</h1><p><a href="/">Back</a></p>`), status)
  })
  return routes
}

function listed({ hub: { memory }, repository }: PageParts) {
  return pullsOf(memory, repository.id).map((pull) => ({
    pull,
    check: checkRunsOf(memory, repository.id, pull.head.sha)[0] ?? null,
  }))
}

function pullBody({ hub: { memory }, repository }: PageParts, path: string, pull: Pull): Html {
  return pullView({
    path,
    pull,
    head: repositoryById(memory, pull.head.repositoryId),
    comments: commentsOf(memory, repository.id, pull.number).map(
      (comment) => [comment, reactionsOf(memory, comment.id)] as const,
    ),
    checks: checkRunsOf(memory, repository.id, pull.head.sha),
    people: memory.roles.get(repository.id) ?? new Map(),
  })
}

function safeHeaders(): MiddlewareHandler {
  return async (c, next) => {
    await next()
    c.res.headers.set('content-security-policy', CONTENT_SECURITY_POLICY)
    c.res.headers.set('x-content-type-options', 'nosniff')
    c.res.headers.set('referrer-policy', 'same-origin')
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-cache')
  }
}
