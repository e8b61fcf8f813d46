import type { Allow } from './enginePolicy/allow.ts'
import type { Limits } from './limits.ts'
import type { StackRule } from './stack.ts'

/** One step of a run as its recipe declares it. Times in milliseconds. */
export type Stage = StageWork & {
  readonly name: string
  readonly timeoutMs: number
  /** Cancel and deadline wait until the stage has ended; its own timeout holds all the same. */
  readonly uninterruptible: boolean
}

/** A command line of the recipe's own, or something that its driver does with the stack. */
export type StageWork = Command | StackWork

interface Command {
  /** A `sh -eu` command line. */
  readonly run: string
}

/** Which code of the repository is deployed: that of the pull request, or the last release before it. */
export const VERSIONS = ['pr', 'released'] as const

/** What the drivers `compose` and `swarm` do in a stage. */
export type StackWork =
  | { readonly deploy: DeployRule }
  | { readonly ready: Readiness }
  | { readonly exec: { readonly service: string; readonly run: string } }
  /** By the labels of the stack's services. */
  | { readonly backup: NoFurtherWords }
  | { readonly restore: NoFurtherWords }
  | { readonly screenshot: Screenshot }

export type NoFurtherWords = Readonly<Record<string, never>>

export interface DeployRule {
  readonly version: (typeof VERSIONS)[number]
  /** Of `released`: without a release the stage is green, and deploys nothing. */
  readonly optional: boolean
}

/** Whether a run of these stages deploys the last release, at any time. */
export function deploysRelease(stages: readonly Stage[]): boolean {
  return stages.some((stage) => 'deploy' in stage && stage.deploy.version === 'released')
}

/** A picture of a page as a browser on the engine's host shows it. */
export interface Screenshot {
  /** `http://SERVICE:PORT/PATH`, at one task of the service. */
  readonly http: string
  /** The stage is red where this machine can take none. */
  readonly required: boolean
}

/** What has to answer, `tries` times in a row. */
export type Readiness = Probe & { readonly tries: number; readonly everyMs: number }

type Probe =
  /** `http://SERVICE:PORT/PATH`, at each task of the service; the status is that of the first answer. */
  | { readonly http: string; readonly status: number }
  /** `SERVICE:PORT`, at each task of the service. */
  | { readonly tcp: string }

export interface Teardown {
  readonly run: string
  readonly timeoutMs: number
}

export const DRIVERS = ['process', 'compose', 'swarm'] as const
export type DriverName = (typeof DRIVERS)[number]

export interface ArgumentRule {
  readonly values: readonly string[]
  readonly default: string
}

export interface SecretRule {
  /** May a fork's code have this secret. */
  readonly forks: boolean
}

/** A recipe as read from `recipes/<name>/recipe.yml`, checked, with defaults filled in. */
export interface Recipe {
  readonly name: string
  /** Absolute path of the recipe's folder. */
  readonly folder: string
  /** SHA-256 (hex) of recipe.yml's bytes: recorded with every run. */
  readonly digest: string
  readonly description: string
  readonly driver: DriverName
  /** Template with {owner} {repo} {recipe} {pr} {base} {run} {hash}. */
  readonly domain: string
  readonly deadlineMs: number
  readonly limits: Limits
  /** Words; locked as `r:<word>`. */
  readonly resources: readonly string[]
  readonly arguments: Readonly<Record<string, ArgumentRule>>
  readonly env: Readonly<Record<string, string>>
  readonly secrets: Readonly<Record<string, SecretRule>>
  readonly stages: readonly Stage[]
  readonly teardown: Teardown
  /** Null with the driver `process`. */
  readonly stack: StackRule | null
  readonly allow: Allow
}
