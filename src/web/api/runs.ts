import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { RunFilter, RunPlace } from '../../model/ports.ts'
import { CONCLUSIONS, RUN_STATES } from '../../model/run.ts'
import { isRunId } from '../../store/runId.ts'
import type { WebWorld } from '../ports.ts'
import { type RunView, shownState, viewOfRun } from '../runView.ts'
import { logOf } from '../timeline.ts'
import { cursorOf, readCursor } from './cursor.ts'
import { BROKEN, RUN } from './fields.ts'
import { PROBLEM_ANSWER, problem } from './problem.ts'
import { wholeNumber } from './query.ts'
import { RUN_VIEW } from './runView.ts'
import { sent } from './sent.ts'
import { aboutOf, shownOf } from './shown.ts'

const DEFAULT_RUNS = 50
const MOST_RUNS = 500

const RUNS = z
  .object({
    runs: z.array(RUN),
    next: z.string().nullable().describe('The cursor of the page after this one; null = there is none.'),
    broken: z.array(BROKEN),
  })
  .openapi('Runs')

const FILTER = z.strictObject({
  limit: wholeNumber(1, MOST_RUNS).default(DEFAULT_RUNS),
  cursor: z
    .string()
    .refine((text) => readCursor(text) !== null, 'must be the "next" of an earlier answer')
    .optional(),
  repository: z.string().optional(),
  pr: wholeNumber(0, 999_999_999).optional(),
  recipe: z.string().optional(),
  name: z.string().optional().describe('A domain, or a resource such as r:gpu, that they wanted.'),
  actor: z.string().optional(),
  state: z.enum(RUN_STATES).optional(),
  conclusion: z.enum(CONCLUSIONS).optional(),
})

const LIST = createRoute({
  method: 'get',
  path: '/runs',
  summary: 'Runs, newest first, page by page',
  request: { query: FILTER },
  responses: {
    200: { description: 'One page', content: { 'application/json': { schema: RUNS } } },
    ...PROBLEM_ANSWER,
  },
})

const ONE = createRoute({
  method: 'get',
  path: '/runs/{id}',
  summary: 'One run: its stages with their logs, its teardown, and what shows that all of it is gone',
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: 'The run', content: { 'application/json': { schema: RUN_VIEW } } },
    ...PROBLEM_ANSWER,
  },
})

export function addRuns(api: OpenAPIHono, world: WebWorld): void {
  const { store } = world

  api.openapi(LIST, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query')
    const { runs, next } = await store.runPage(given(filter), placeOf(cursor), limit)
    const page = { runs: shownOf(world, runs), next: next === null ? null : cursorOf(next) }
    return c.json(sent(RUNS, { ...page, broken: await store.broken() }), 200)
  })

  api.openapi(ONE, async (c) => {
    const { id } = c.req.valid('param')
    const view = isRunId(id) ? await viewOfRun(world, id) : null
    if (view === null) throw problem(c, 'no_such_run', 'There is no such run. /api/v1/runs lists the newest.')
    const wait = view.state === 'queued' ? await world.waits.of(id) : null
    return c.json(sent(RUN_VIEW, { ...toldOf(view), wait }), 200)
  })
}

/** With a key that is there and says nothing SQL would look for nothing. */
function given(filter: { readonly [K in keyof RunFilter]: RunFilter[K] | undefined }): RunFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

function placeOf(cursor: string | undefined): RunPlace | null {
  return cursor === undefined ? null : readCursor(cursor)
}

function toldOf(view: RunView) {
  const { about, timeline, logs, id } = view
  const steps = timeline.map((step) => {
    const log = logOf(step, timeline, logs)
    return Object.assign({ log: log === null ? null : linkOf(id, log) }, step)
  })
  const told = { timeline: steps, logs: logs.map((log) => linkOf(id, log)) }
  return { ...view, ...told, state: shownState(view), about: about === null ? null : aboutOf(about) }
}

function linkOf(id: string, name: string) {
  return { name, url: `/runs/${id}/logs/${encodeURIComponent(name)}` }
}
