import type { Context, Hono } from 'hono'
import { MECHANISMS } from '../model/mechanisms.ts'
import { plainText } from '../model/plainText.ts'
import type { RunRow } from '../model/ports.ts'
import type { ShownState } from '../model/run.ts'
import { isRunId } from '../store/runId.ts'
import { reasonsOf } from './health.ts'
import { lanesOf } from './lanes.ts'
import { limitsLook } from './limits.ts'
import type { WebWorld } from './ports.ts'
import { pullUrl } from './repositoryUrls.ts'
import { deadRows, type RunAbout, shownState, viewOfRun } from './runView.ts'

export const API_PREFIX = '/api/v1/'
const DEFAULT_RUNS = 50
const MOST_RUNS = 500

/** Codes of the API's refusals; stable. */
type ApiCode = 'no_such_run' | 'no_such_page' | 'bad_argument' | 'fault'

/** What the pages show, for programs. Times are wall clock in milliseconds (`…AtMs`), durations milliseconds (`…Ms`). */
export function addApi(app: Hono, world: WebWorld): void {
  app.get('/api/v1/runs', async (c) => {
    const filter = filterOf(c)
    if ('fault' in filter) return refuse(c, 400, 'bad_argument', filter.fault)
    const runs = shownOf(world, await world.store.runs(filter))
    return json(c, 200, { runs, broken: await world.store.broken() })
  })

  app.get('/api/v1/runs/:id', async (c) => {
    const id = c.req.param('id')
    const view = isRunId(id) ? await viewOfRun(world, id) : null
    if (view === null)
      return refuse(c, 404, 'no_such_run', `There is no such run. ${API_PREFIX}runs lists the newest.`)
    const { about, dead, ...rest } = view
    const state = shownState({ ...rest, dead })
    return json(c, 200, { ...rest, state, about: about === null ? null : aboutOf(about) })
  })

  app.get('/api/v1/queue', async (c) => {
    const [queued, live] = [await world.store.queued(), await world.store.live()]
    return json(c, 200, {
      slots: world.config().slots,
      queued: shownOf(world, queued).map(placeOf),
      live: shownOf(world, live),
      broken: await world.store.broken(),
    })
  })

  app.get('/api/v1/locks', async (c) =>
    json(c, 200, { names: lanesOf(world.names(), await world.store.queued()) }),
  )

  app.get('/api/v1/limits', async (c) => json(c, 200, await limitsLook(world)))

  app.get('/api/v1/service', async (c) => {
    const { switchedOff } = world.config()
    const off = switchedOff.map((mechanism) => ({ mechanism, meaning: MECHANISMS[mechanism] }))
    return json(c, 200, { ready: await reasonsOf(world), switchedOff: off, refusedReload: world.refused() })
  })
}

/** An answer that is no success: a stable code and a sentence that says the way out. */
export function refuse(c: Context, status: 400 | 404 | 405 | 500, code: ApiCode, message: string): Response {
  return json(c, status, { error: { code, message } })
}

/** Text from outside is as harmless here as on a page: an answer is read in terminals, too. */
function json(c: Context, status: 200 | 400 | 404 | 405 | 500, value: object): Response {
  const text = JSON.stringify(harmless(value), null, 2)
  return c.body(`${text}\n`, status, { 'content-type': 'application/json; charset=utf-8' })
}

function harmless(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value)
  if (Array.isArray(value)) return value.map(harmless)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [plainText(key), harmless(part)]))
}

type Filter = Parameters<WebWorld['store']['runs']>[0]

function filterOf(c: Context): Filter | { readonly fault: string } {
  const { limit = String(DEFAULT_RUNS), pr, repository, name } = c.req.query()
  if (!isWhole(limit) || Number(limit) < 1 || Number(limit) > MOST_RUNS)
    return { fault: `limit must be 1 to ${MOST_RUNS}, and is ${limit}` }
  if (pr !== undefined && !isWhole(pr))
    return { fault: `pr must be the number of a pull request, and is ${pr}` }
  return {
    limit: Number(limit),
    ...(pr === undefined ? {} : { pr: Number(pr) }),
    ...(repository === undefined ? {} : { repository }),
    ...(name === undefined ? {} : { name }),
  }
}

function isWhole(text: string): boolean {
  return /^\d{1,9}$/.test(text)
}

function shownOf(world: WebWorld, rows: readonly RunRow[]) {
  const dead = deadRows(world, rows)
  return rows.map((row) => runOf(row, shownState({ state: row.state, dead: dead.has(row.id) })))
}

/** What of a row is for everybody: not where it was cloned from, nor GitHub's inner numbers. */
function runOf(row: RunRow, state: ShownState) {
  const { id, waitsFor, stage, fork, ref, priority, attempts, verdict, stop } = row
  const { enqueuedAtMs: queuedAtMs, startedAtMs, concludedAtMs } = row
  const what = { id, state, ...aboutOf(row), ref, fork }
  return {
    ...what,
    waitsFor,
    stage,
    priority,
    attempts,
    verdict,
    stop,
    queuedAtMs,
    startedAtMs,
    concludedAtMs,
  }
}

function placeOf(run: ReturnType<typeof runOf>, index: number) {
  return { position: index + 1, ...run }
}

function aboutOf(about: RunAbout) {
  const { recipe, repository, pr, sha, domain, names, actor, keepMs } = about
  return {
    recipe,
    repository,
    pr,
    pullUrl: pullUrl(about),
    sha,
    domain,
    names,
    actor,
    arguments: about.arguments,
    keepMs,
  }
}
