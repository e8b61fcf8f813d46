import { z } from '@hono/zod-openapi'
import { NAME_STATES } from '../../lock/look.ts'
import { STOP_REASONS } from '../../model/journal.ts'
import { CONCLUSIONS, END_REASONS, RUN_STATES } from '../../model/run.ts'

const moment = z.int().nullable()

/** Wall clock. */
export const AT_MS = z.int().describe('Milliseconds since 1970, UTC.')
export const MAYBE_AT_MS = moment.describe('Milliseconds since 1970, UTC; null = not yet, or not known.')

export const STATE = z
  .enum([...RUN_STATES, 'dead'])
  .describe('dead = under way by its records, and no process has it any more')

export const CONCLUSION = z.enum(CONCLUSIONS)

export const VERDICT = z
  .object({ conclusion: CONCLUSION, reason: z.enum(END_REASONS), title: z.string(), exitCode: z.int() })
  .openapi('Verdict')

export const STOP = z
  .object({ reason: z.enum(STOP_REASONS), by: z.string(), atMs: AT_MS })
  .openapi('Stop', { description: 'A stop that was asked for; its teardown comes all the same.' })

export const NAME_STATE = z.enum(NAME_STATES)

export const TEXTS = z.array(z.string())

export const WAIT = z
  .object({
    place: z.int().describe('Its place among those who want the same name, from 1.'),
    holder: z
      .object({
        name: z.string(),
        run: z.string().nullable(),
        pr: z.int().nullable(),
        by: z.string().nullable(),
        sinceMs: MAYBE_AT_MS,
      })
      .nullable()
      .describe(
        'Who has the first of its names that somebody has; null = nobody: it waits for those ahead, or for a slot.',
      ),
    startsAtMs: MAYBE_AT_MS.describe(
      'When it starts, if everything lasts as long as before; null = nobody knows.',
    ),
  })
  .openapi('Wait')

const aboutShape = {
  recipe: z.string(),
  repository: z.string(),
  pr: z.int().describe('0 = no pull request.'),
  pullUrl: z.string().nullable(),
  sha: z.string(),
  domain: z.string(),
  names: TEXTS.describe('Domain and resources: what it locks.'),
  actor: z.string(),
  arguments: z.record(z.string(), z.string()),
  keepMs: z.int(),
}

export const ABOUT = z.object(aboutShape).openapi('About')

export const RUN = z
  .object({
    id: z.string(),
    state: STATE,
    ...aboutShape,
    ref: z.string(),
    fork: z.boolean(),
    waitsFor: z.string().nullable(),
    stage: z.string().nullable(),
    priority: z.int(),
    attempts: z.int(),
    verdict: VERDICT.nullable(),
    stop: STOP.nullable(),
    queuedAtMs: AT_MS,
    startedAtMs: MAYBE_AT_MS,
    concludedAtMs: MAYBE_AT_MS,
  })
  .openapi('Run')

export const BROKEN = z
  .object({ id: z.string(), state: z.enum(RUN_STATES), fault: z.string() })
  .openapi('BrokenRun', { description: 'A run whose record cannot be read; it is left as it is.' })
