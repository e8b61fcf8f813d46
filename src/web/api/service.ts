import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { MECHANISM_NAMES, MECHANISMS } from '../../model/mechanisms.ts'
import { reasonsOf } from '../health.ts'
import { HOURLY, limitsLook } from '../limits.ts'
import type { WebWorld } from '../ports.ts'
import { SWEEP, sweepsOf } from '../sweeps.ts'
import { AT_MS, TEXTS } from './fields.ts'
import { PROBLEM_ANSWER } from './problem.ts'
import { sent } from './sent.ts'

const LIMITS = z
  .object({
    limits: z.object({
      perActorPerHour: z.int(),
      perPullRequestPerHour: z.int(),
      perRepositoryPerHour: z.int(),
      repeatsPerTenMinutes: z.int(),
      crashesInARow: z.int(),
      crashPauseMs: z.int(),
    }),
    usedUp: z.array(
      z.object({
        kind: z.enum(HOURLY.map(({ kind }) => kind)),
        who: z.string(),
        limit: z.enum(HOURLY.map(({ limit }) => limit)),
        used: z.int(),
        most: z.int(),
        freeAtMs: AT_MS,
      }),
    ),
    crashLoops: z.array(
      z.object({
        repository: z.string(),
        pr: z.int(),
        recipe: z.string(),
        sha: z.string(),
        times: z.int(),
        lastAtMs: AT_MS,
        untilMs: AT_MS,
        title: z.string(),
      }),
    ),
  })
  .openapi('Limits')

const SERVICE = z
  .object({
    ready: TEXTS.describe('Why the service cannot do its work now; none = it can.'),
    switchedOff: z.array(z.object({ mechanism: z.enum(MECHANISM_NAMES), meaning: z.string() })),
    refusedReload: z.object({ atMs: AT_MS, faults: z.int() }).nullable(),
  })
  .openapi('Service')

const SWEEPS = z.object({ sweeps: z.array(SWEEP) }).openapi('Sweeps')

const GET_LIMITS = createRoute({
  method: 'get',
  path: '/limits',
  summary: 'The limits, whose are used up, and what is suppressed',
  responses: {
    200: { description: 'The limits', content: { 'application/json': { schema: LIMITS } } },
    ...PROBLEM_ANSWER,
  },
})

const GET_SERVICE = createRoute({
  method: 'get',
  path: '/service',
  summary: 'Whether the service can work, and what of it is switched off',
  responses: {
    200: { description: 'The service', content: { 'application/json': { schema: SERVICE } } },
    ...PROBLEM_ANSWER,
  },
})

const GET_SWEEPS = createRoute({
  method: 'get',
  path: '/sweeps',
  summary: 'The janitor’s last sweeps, newest first, and why it did what it did',
  responses: {
    200: { description: 'At most 20', content: { 'application/json': { schema: SWEEPS } } },
    ...PROBLEM_ANSWER,
  },
})

export function addService(api: OpenAPIHono, world: WebWorld): void {
  api.openapi(GET_LIMITS, async (c) => c.json(sent(LIMITS, await limitsLook(world)), 200))

  api.openapi(GET_SERVICE, async (c) => {
    const { switchedOff } = world.config()
    const off = switchedOff.map((mechanism) => ({ mechanism, meaning: MECHANISMS[mechanism] }))
    const told = { ready: await reasonsOf(world), switchedOff: off, refusedReload: world.refused() }
    return c.json(sent(SERVICE, told), 200)
  })

  api.openapi(GET_SWEEPS, (c) => c.json(sent(SWEEPS, { sweeps: sweepsOf(world) }), 200))
}
