import type { Limits } from './limits.ts'

/** One step of a run as its recipe declares it. Times in milliseconds. */
export interface Stage {
  readonly name: string
  /** A `sh -eu` command line. */
  readonly run: string
  readonly timeoutMs: number
  /** Cancel and deadline wait until the stage has ended; its own timeout holds all the same. */
  readonly uninterruptible: boolean
}

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
}
