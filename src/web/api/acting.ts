import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Token } from '../../model/access.ts'
import { ACTS, type Action } from '../../model/action.ts'
import { MOST_HOLD_MS } from '../../model/commandHold.ts'
import { formatDuration } from '../../model/duration.ts'
import { ORDER_OUTCOMES } from '../../model/order.ts'
import { refusalOf } from '../../model/problem.ts'
import type { Bearers } from '../access/bearer.ts'
import { holdMs, MOST_REASON, newAction, type Wish } from '../access/newAction.ts'
import type { WebWorld } from '../ports.ts'
import { AT_MS, TEXTS } from './fields.ts'
import { PROBLEM_ANSWER, problem } from './problem.ts'
import { wholeNumber } from './query.ts'
import { sent } from './sent.ts'

const ACTION = z
  .object({
    id: z.string(),
    act: z.enum(ACTS),
    run: z.string().nullable(),
    name: z.string().nullable(),
    reason: z.string(),
    by: z.string(),
    from: z.string().describe('The address that it came from.'),
    askedAtMs: AT_MS,
    end: z
      .object({ atMs: AT_MS, code: z.string(), detail: z.string(), runs: TEXTS })
      .nullable()
      .describe('How it was decided; null = it is not yet.'),
    order: z
      .object({ outcome: z.enum(ORDER_OUTCOMES), detail: z.string() })
      .nullable()
      .describe('What became of a hold or a release; null = nothing yet, or it is neither.'),
  })
  .openapi('Action')

const ACTIONS = z.object({ actions: z.array(ACTION) }).openapi('Actions')

const REASON = z
  .string()
  .max(MOST_REASON, `must have at most ${MOST_REASON} characters`)
  .describe('Why, for everybody who meets it.')

const HOLD_TIME = z
  .string()
  .default('1h')
  .refine(
    (text) => holdMs(text) !== null,
    `must be a duration such as 2h, at most ${formatDuration(MOST_HOLD_MS)}`,
  )
  .transform((text) => holdMs(text) ?? 0)
  .openapi({ type: 'string', example: '2h' })

const DONE = {
  200: {
    description: 'What came of it. A hold waits for its turn: `order` says later what became of it',
    content: { 'application/json': { schema: ACTION } },
  },
  202: {
    description: 'Stored, and not decided yet: GitHub does not answer, or deciding is switched off',
    content: { 'application/json': { schema: ACTION } },
  },
  ...PROBLEM_ANSWER,
} as const

const SECURITY = [{ token: [] }]

function bodyOf<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } } as const
}

const ON_RUN = { params: z.object({ id: z.string() }) }

const CANCEL = createRoute({
  method: 'post',
  path: '/runs/{id}/cancel',
  summary: 'Ask a run to stop; its teardown still comes',
  security: SECURITY,
  request: ON_RUN,
  responses: DONE,
})

const RETRY = createRoute({
  method: 'post',
  path: '/runs/{id}/retry',
  summary: 'Test the same again, at the head as it is now, by the rules that hold for the check’s button',
  security: SECURITY,
  request: ON_RUN,
  responses: DONE,
})

const HOLD = createRoute({
  method: 'post',
  path: '/locks/{name}/hold',
  summary: 'Keep a name free of runs for a while, from when it is free',
  security: SECURITY,
  request: {
    params: z.object({ name: z.string() }),
    body: bodyOf(
      z.strictObject({ reason: REASON.min(1, 'must say why'), for: HOLD_TIME }).openapi('HoldWish'),
    ),
  },
  responses: DONE,
})

const RELEASE = createRoute({
  method: 'post',
  path: '/locks/{name}/release',
  summary: 'End a hold, or declare a name clean that you have dealt with; never a live run',
  security: SECURITY,
  request: {
    params: z.object({ name: z.string() }),
    body: bodyOf(
      z
        .strictObject({ reason: REASON.min(1, 'must say what you have done about it') })
        .openapi('ReleaseWish'),
    ),
  },
  responses: DONE,
})

const LIST = createRoute({
  method: 'get',
  path: '/actions',
  summary: 'Who asked for what by a page or the API, newest first; needs a token of any scope',
  security: SECURITY,
  request: { query: z.strictObject({ limit: wholeNumber(1, 500).default(50) }) },
  responses: {
    200: { description: 'The newest', content: { 'application/json': { schema: ACTIONS } } },
    ...PROBLEM_ANSWER,
  },
})

const ONE = createRoute({
  method: 'get',
  path: '/actions/{id}',
  summary: 'One action, and what became of it',
  security: SECURITY,
  request: { params: z.object({ id: z.string() }) },
  responses: {
    200: { description: 'The action', content: { 'application/json': { schema: ACTION } } },
    ...PROBLEM_ANSWER,
  },
})

export function addActing(api: OpenAPIHono, world: WebWorld, bearers: Bearers): void {
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', { type: 'http', scheme: 'bearer' })

  async function acted(c: Context, { name }: Token, wish: Wish) {
    const action = await world.act(newAction(c, { kind: 'token', name }, wish, world.now()))
    const { end } = action
    const refusal = refusalOf(end?.code ?? '')
    if (refusal !== null) throw problem(c, refusal, plainDetail(end?.detail ?? ''), action.id)
    return c.json(sent(ACTION, action), end === null ? 202 : 200)
  }

  api.openapi(CANCEL, async (c) => {
    const token = await bearers.acting(c)
    return acted(c, token, { act: 'cancel', run: c.req.valid('param').id })
  })

  api.openapi(RETRY, async (c) => {
    const token = await bearers.acting(c)
    return acted(c, token, { act: 'retry', run: c.req.valid('param').id })
  })

  api.openapi(HOLD, async (c) => {
    const token = await bearers.acting(c)
    const { reason, for: forMs } = c.req.valid('json')
    return acted(c, token, { act: 'hold', name: c.req.valid('param').name, reason, forMs })
  })

  api.openapi(RELEASE, async (c) => {
    const token = await bearers.acting(c)
    const { reason } = c.req.valid('json')
    return acted(c, token, { act: 'release', name: c.req.valid('param').name, reason })
  })

  api.openapi(LIST, async (c) => {
    await bearers.looking(c)
    const actions = await world.store.actions(c.req.valid('query').limit)
    return c.json(sent(ACTIONS, { actions }), 200)
  })

  api.openapi(ONE, async (c) => {
    await bearers.looking(c)
    const action: Action | null = await world.store.action(c.req.valid('param').id)
    if (action === null) throw problem(c, 'no_such_action', 'There is no such action.')
    return c.json(sent(ACTION, action), 200)
  })
}

/** All other requests only look. */
export function isActing({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === 'POST' && ACTING.test(path)
}

const ACTING =
  /^\/(?:api\/v1\/(?:runs\/[^/]+\/(?:cancel|retry)|locks\/[^/]+\/(?:hold|release))|act|sign-in\/token|sign-out)$/

/** Replies are Markdown; here nobody renders it. */
function plainDetail(markdown: string): string {
  return markdown.replaceAll('`', '')
}
