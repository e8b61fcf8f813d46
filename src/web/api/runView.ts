import { z } from '@hono/zod-openapi'
import { LEVELS } from '../../model/annotation.ts'
import { CONDUCTOR_STANDS } from '../../model/conductor.ts'
import { PROOFS } from '../../model/ending.ts'
import { RUNG_STATES, RUNGS } from '../../model/level.ts'
import { STEP_KINDS, STEP_STATES } from '../timeline.ts'
import { ABOUT, AT_MS, MAYBE_AT_MS, NAME_STATE, STATE, STOP, TEXTS, VERDICT, WAIT } from './fields.ts'

const LOG = z
  .object({ name: z.string(), url: z.string().describe('Plain text; with ?from=BYTE only from there on.') })
  .openapi('Log')

const STEP = z
  .object({
    kind: z.enum(STEP_KINDS),
    name: z.string(),
    state: z.enum(STEP_STATES),
    startedAtMs: MAYBE_AT_MS,
    endedAtMs: MAYBE_AT_MS,
    detail: z.string(),
    log: LOG.nullable(),
  })
  .openapi('Step')

const ENDING = z
  .object({
    asked: z.int().describe('Processes that were asked to end (TERM).'),
    killed: z.int().describe('Those that were still there after the grace (KILL).'),
    graceMs: z.number(),
    tookMs: z.number(),
    proofs: z
      .array(z.object({ kind: z.enum(PROOFS), count: z.int() }))
      .describe('What the kernel has shown; none = nothing.'),
    left: TEXTS,
  })
  .openapi('Ending')

const TEARDOWN = z
  .object({
    verified: z.boolean(),
    ended: z.int(),
    ending: ENDING.nullable(),
    tookMs: z.number(),
    left: TEXTS.describe('Each thing that is left; empty when verified.'),
  })
  .openapi('Teardown')

const PROOF = z
  .object({ what: z.string(), name: z.string().nullable(), words: z.string(), things: TEXTS })
  .openapi('ProofOfDeath', { description: 'One thing that was ended, and what shows that it is gone.' })

const ANNOTATION = z
  .object({
    level: z.enum(LEVELS),
    path: z.string().nullable(),
    line: z.int(),
    endLine: z.int(),
    startColumn: z.int().nullable(),
    endColumn: z.int().nullable(),
    title: z.string().nullable(),
    message: z.string(),
    details: z.string().nullable(),
  })
  .openapi('Annotation')

const ANNOTATIONS = z
  .object({
    placed: z.array(ANNOTATION),
    unplaced: z.array(ANNOTATION),
    found: z.object({ failure: z.int(), warning: z.int(), notice: z.int() }),
    faults: TEXTS,
    faultCount: z.int(),
  })
  .openapi('Annotations')

const CONDUCTOR = z
  .object({
    pid: z.int(),
    wrapper: z.int(),
    sinceMs: AT_MS,
    nth: z.int().describe('Which of the run’s processes it is, from 1.'),
    recoveredBy: z.string().nullable(),
    stands: z.enum(CONDUCTOR_STANDS),
  })
  .openapi('Conductor', { description: 'The process that has the run, or had it last.' })

const LEVEL = z
  .object({ height: z.int(), rungs: z.record(z.enum(RUNGS), z.enum(RUNG_STATES)) })
  .openapi('Level')

/** Whatever a berth of another age has written: its event, its time, and the rest as it is. */
const ENTRY = z.looseObject({ at: z.number(), mono: z.number(), event: z.string() }).openapi('JournalEntry')

export const RUN_VIEW = z
  .object({
    id: z.string(),
    state: STATE,
    about: ABOUT.nullable(),
    verdict: VERDICT.nullable(),
    cleaned: z.boolean().describe('False = it is over, and its teardown has not been proved.'),
    position: z.int().nullable().describe('Its place in the whole queue, from 1.'),
    waitsFor: z.string().nullable(),
    wait: WAIT.nullable(),
    stop: STOP.nullable(),
    deferredBy: z.string().nullable().describe('The stage that a stop has to wait for.'),
    conductor: CONDUCTOR.nullable(),
    queuedAtMs: MAYBE_AT_MS,
    startedAtMs: MAYBE_AT_MS,
    concludedAtMs: MAYBE_AT_MS,
    containment: z.string().nullable(),
    level: LEVEL.nullable().describe('How far its stack has come; null = no stage was about one.'),
    names: z.array(z.object({ name: z.string(), state: NAME_STATE.nullable() })),
    timeline: z.array(STEP),
    teardown: TEARDOWN.nullable(),
    cleanings: z.array(TEARDOWN),
    proof: z.array(PROOF),
    annotations: ANNOTATIONS.nullable(),
    journal: z.array(ENTRY),
    logs: z.array(LOG),
    artefacts: z.object({ files: TEXTS, faults: TEXTS }).describe('The names of what its stages have left.'),
    fault: z.string().nullable().describe('What of it cannot be read.'),
  })
  .openapi('RunInFull')
