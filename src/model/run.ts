import { type Limits, NO_LIMITS, readLimits } from './limits.ts'
import type { Name } from './names.ts'
import {
  type Fields,
  fieldsOf,
  flagOf,
  listOf,
  numberOf,
  oneOf,
  optional,
  textMapOf,
  textOf,
  textsOf,
} from './read.ts'
import { readStage } from './readStage.ts'
import { DRIVERS, type DriverName, type Stage, type Teardown } from './recipe.ts'
import { NO_GRANT, readGrant, type SecretGrant } from './secrets.ts'
import { readStack, type StackRequest } from './stack.ts'

/** States of a run in the store; the finer truth is its journal. */
export const RUN_STATES = ['queued', 'starting', 'running', 'tearing_down', 'concluded'] as const
export type RunState = (typeof RUN_STATES)[number]

/** What people are shown: `dead` = under way by its records, and no process has it any more; it is to be recovered. */
export type ShownState = RunState | 'dead'

/** The one table of state changes. A run may be concluded from anywhere; it never goes back. */
const NEXT_STATES: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: ['starting', 'concluded'],
  starting: ['running', 'tearing_down', 'concluded', 'queued'],
  running: ['tearing_down', 'concluded'],
  tearing_down: ['concluded'],
  concluded: [],
}

export function mayBecome(from: RunState, to: RunState): boolean {
  return NEXT_STATES[from].includes(to)
}

/** States that nothing follows. */
type EndState = 'concluded'

/** The one place that asks "is it over?": nothing follows. */
export function isOver(state: RunState): state is EndState {
  return NEXT_STATES[state].length === 0
}

export type LiveState = Exclude<RunState, 'queued' | EndState>

/** It has been claimed, and is not over: it takes a slot, and somebody has to see it to its end. */
export function isLive(state: RunState): state is LiveState {
  return state !== 'queued' && !isOver(state)
}

/** GitHub's words, as far as a run can end with them. */
export const CONCLUSIONS = ['success', 'failure', 'cancelled', 'timed_out'] as const
export type Conclusion = (typeof CONCLUSIONS)[number]

/** Of a stage, before policy. */
export const OUTCOMES = ['success', 'failure', 'timed_out', 'cancelled', 'fault'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Why a run ended as it did; stable, for machines and for the page that explains each. */
export const END_REASONS = [
  'passed',
  'stage_failed',
  'teardown_unverified',
  'harness_fault',
  'lock_lost',
  'not_started',
  'not_cleaned',
  'domain_dirty',
  'lock_timeout',
  'deadline',
  'interrupted',
  'cancelled',
] as const
export type EndReason = (typeof END_REASONS)[number]

/** Ends that say nothing about what was tested: the harness, or the machine under it, has failed. */
export const CRASHES = [
  'harness_fault',
  'lock_lost',
  'not_started',
  'not_cleaned',
] as const satisfies readonly EndReason[]

/** How a run ended: GitHub's conclusion, our reason, one line for people, and `berth run`'s exit code. */
export interface Verdict {
  readonly conclusion: Conclusion
  readonly reason: EndReason
  readonly title: string
  readonly exitCode: number
}

export function readVerdict(value: unknown): Verdict {
  const fields = fieldsOf(value, 'verdict')
  return {
    conclusion: oneOf(fields, 'conclusion', CONCLUSIONS),
    reason: oneOf(fields, 'reason', END_REASONS),
    title: textOf(fields, 'title'),
    exitCode: numberOf(fields, 'exitCode'),
  }
}

export interface Budgets {
  readonly deadlineMs: number
  readonly teardownMs: number
  readonly killGraceMs: number
  /** deadline + longest uninterruptible stage + teardown + grace: past it a run process is ended by force. */
  readonly ceilingMs: number
}

/** The user and group that stages run as. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
}

/**
 * What was asked, resolved, as `request.json` keeps it: everything a process needs to conduct, tear down and explain the run
 * after the recipe, the configuration and the service are gone.
 */
export interface RunRequest {
  readonly version: 1
  readonly run: string
  readonly recipe: string
  readonly recipeDigest: string
  readonly driver: DriverName
  readonly domain: string
  /** Domain and resources, sorted: the locks, in the order of their descriptors. */
  readonly names: readonly Name[]
  /** `owner/name`, or a folder's name for a run of a local repository. */
  readonly repository: string
  /** Names the mirror: GitHub's numeric id, or a hash of the folder or URL. */
  readonly repositoryId: string
  /** Where the mirror fetches from; carries no credentials. */
  readonly cloneUrl: string
  readonly pr: number
  /** The commit, 40 hex digits, pinned when the command was decided. */
  readonly sha: string
  /** A ref that holds the commit when it was pinned, tried when the commit alone cannot be fetched; null = none. */
  readonly ref: string | null
  readonly actor: string
  readonly arguments: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  readonly stages: readonly Stage[]
  readonly teardown: Teardown
  readonly budgets: Budgets
  readonly limits: Limits
  readonly runAs: RunAs | null
  /** Names only: whoever conducts the run reads the values from the operator's folder. */
  readonly secrets: SecretGrant
  /** A foreground run stops when its caller is gone. */
  readonly foreground: boolean
  /** Hold a red run for inspection so long before teardown; 0 = not at all. */
  readonly keepMs: number
  readonly instance: string
  /** Wall clock, milliseconds. */
  readonly requestedAtMs: number
  /** Only with the drivers `compose` and `swarm`. */
  readonly stack?: StackRequest
  /** Stages are told which trace they are part of. */
  readonly traced?: true
}

export function readRunRequest(value: unknown): RunRequest {
  const fields = fieldsOf(value, 'request.json')
  if (fields['version'] !== 1)
    throw new TypeError(
      `request.json has version ${String(fields['version'])}, and this berth reads version 1`,
    )
  return {
    version: 1,
    ...whatToRun(fields),
    ...whatToTest(fields),
    ...howToRun(fields),
  }
}

function whatToRun(fields: Fields) {
  return {
    run: textOf(fields, 'run'),
    recipe: textOf(fields, 'recipe'),
    recipeDigest: textOf(fields, 'recipeDigest'),
    driver: oneOf(fields, 'driver', DRIVERS),
    domain: textOf(fields, 'domain'),
    names: textsOf(fields, 'names'),
    stages: listOf(fields, 'stages', readStage),
    teardown: readTeardown(fields['teardown']),
  }
}

function whatToTest(fields: Fields) {
  return {
    repository: textOf(fields, 'repository'),
    repositoryId: textOf(fields, 'repositoryId'),
    cloneUrl: textOf(fields, 'cloneUrl'),
    pr: numberOf(fields, 'pr'),
    sha: textOf(fields, 'sha'),
    ref: optional(fields, 'ref', textOf),
    actor: textOf(fields, 'actor'),
  }
}

function howToRun(fields: Fields) {
  return {
    arguments: textMapOf(fields, 'arguments'),
    env: textMapOf(fields, 'env'),
    budgets: readBudgets(fields['budgets']),
    // Requests of older berths have none.
    limits: optional(fields, 'limits', readLimits) ?? NO_LIMITS,
    runAs: optional(fields, 'runAs', readRunAs),
    secrets: optional(fields, 'secrets', readGrant) ?? NO_GRANT,
    foreground: flagOf(fields, 'foreground'),
    keepMs: numberOf(fields, 'keepMs'),
    instance: textOf(fields, 'instance'),
    requestedAtMs: numberOf(fields, 'requestedAtMs'),
    ...(fields['stack'] === undefined ? {} : { stack: readStack(fields, 'stack') }),
    ...(fields['traced'] === true ? { traced: true as const } : {}),
  }
}

function readTeardown(value: unknown): Teardown {
  const fields = fieldsOf(value, 'teardown')
  return { run: textOf(fields, 'run'), timeoutMs: numberOf(fields, 'timeoutMs') }
}

function readBudgets(value: unknown): Budgets {
  const fields = fieldsOf(value, 'budgets')
  return {
    deadlineMs: numberOf(fields, 'deadlineMs'),
    teardownMs: numberOf(fields, 'teardownMs'),
    killGraceMs: numberOf(fields, 'killGraceMs'),
    ceilingMs: numberOf(fields, 'ceilingMs'),
  }
}

function readRunAs(fields: Fields, key: string): RunAs {
  const user = fieldsOf(fields[key], key)
  return { uid: numberOf(user, 'uid'), gid: numberOf(user, 'gid') }
}

/** In the place of a stage: the run is over but for its teardown, and held for inspection. */
export const KEPT = 'kept'
