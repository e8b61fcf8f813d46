import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { lanesOf } from '../lanes.ts'
import type { WebWorld } from '../ports.ts'
import { AT_MS, BROKEN, MAYBE_AT_MS, NAME_STATE, RUN, WAIT } from './fields.ts'
import { PROBLEM_ANSWER, problem } from './problem.ts'
import { sent } from './sent.ts'
import { shownOf } from './shown.ts'

const QUEUED = RUN.extend({
  position: z.int().describe('Its place in the whole queue, from 1.'),
  wait: WAIT.nullable().describe('What it waits for; null = it is asked to stop.'),
}).openapi('QueuedRun')

const QUEUE = z
  .object({
    slots: z.int().describe('Runs at a time.'),
    queued: z.array(QUEUED),
    live: z.array(RUN),
    broken: z.array(BROKEN),
  })
  .openapi('Queue')

const HOLD = z
  .object({ by: z.string(), reason: z.string(), untilMs: AT_MS, order: z.string().nullable() })
  .openapi('Hold')

const LANE = z
  .object({
    name: z.string(),
    state: NAME_STATE,
    run: z.string().nullable().describe('The run that is, or was last, there.'),
    sinceMs: MAYBE_AT_MS,
    pids: z.array(z.int()).describe('Processes that have its lock, by the kernel.'),
    waiters: z.array(z.object({ what: z.string(), run: z.string().nullable() })),
    hold: HOLD.nullable().describe('Somebody keeps it by hand.'),
  })
  .openapi('Lane')

const LANES = z.object({ names: z.array(LANE) }).openapi('Lanes')

const THE_QUEUE = createRoute({
  method: 'get',
  path: '/queue',
  summary: 'What waits, in the order in which it will start, and what is under way',
  responses: {
    200: { description: 'The queue', content: { 'application/json': { schema: QUEUE } } },
    ...PROBLEM_ANSWER,
  },
})

const LOCKS = createRoute({
  method: 'get',
  path: '/locks',
  summary: 'Names that somebody has, wants or has left something at',
  responses: {
    200: { description: 'The lanes', content: { 'application/json': { schema: LANES } } },
    ...PROBLEM_ANSWER,
  },
})

const LOCK = createRoute({
  method: 'get',
  path: '/locks/{name}',
  summary: 'One name',
  request: { params: z.object({ name: z.string() }) },
  responses: {
    200: { description: 'Its lane', content: { 'application/json': { schema: LANE } } },
    ...PROBLEM_ANSWER,
  },
})

export function addQueue(api: OpenAPIHono, world: WebWorld): void {
  const { store, waits } = world

  api.openapi(THE_QUEUE, async (c) => {
    const [queued, live] = [await store.queued(), await store.live()]
    const waitOf = queued.length === 0 ? new Map() : await waits.all()
    const placed = shownOf(world, queued).map((run, index) => {
      return Object.assign({ position: index + 1, wait: waitOf.get(run.id) ?? null }, run)
    })
    const rest = { live: shownOf(world, live), broken: await store.broken() }
    return c.json(sent(QUEUE, { slots: world.config().slots, queued: placed, ...rest }), 200)
  })

  api.openapi(LOCKS, async (c) =>
    c.json(sent(LANES, { names: lanesOf(world.names(), await store.queued()) }), 200),
  )

  api.openapi(LOCK, async (c) => {
    const { name } = c.req.valid('param')
    const lane = lanesOf(world.names(), await store.queued()).find((one) => one.name === name)
    if (lane === undefined)
      throw problem(c, 'no_such_name', 'Nobody has it, wants it, or has left anything at it.')
    return c.json(sent(LANE, lane), 200)
  })
}
