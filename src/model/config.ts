import type { Limits } from './limits.ts'
import type { Switches } from './mechanisms.ts'
import type { RateLimits } from './rateLimits.ts'
import type { RunAs } from './run.ts'
import type { EngineRule } from './stack.ts'

/** Repository permission levels, weakest first, as GitHub's API names them. */
export const PERMISSIONS = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const
export type Permission = (typeof PERMISSIONS)[number]

export interface Enrolment {
  /** `owner/name`, or `owner/*`. */
  readonly pattern: string
  readonly recipes: readonly string[]
  /** What a bare `!testme` means; null = the only recipe, or the writer must say which. */
  readonly default: string | null
  /** Null = as everywhere. */
  readonly supersede: Supersede | null
  /** Of its runs in the queue: higher goes first. */
  readonly priority: number
}

/** Which runs of a pull request a new push ends: none; those that are still queued; those that are under way, too. */
export const SUPERSEDE = ['queued', 'all', 'none'] as const
export type Supersede = (typeof SUPERSEDE)[number]

/** Who may look: everybody, or only who could run something in one of the repositories, or has a token. */
export const READING = ['public', 'members'] as const
export type Reading = (typeof READING)[number]

export interface Trust {
  readonly run: Permission
  readonly cancel: Permission
  readonly hold: Permission
  /** Forks: `approve` = each commit needs a writer's `!testme ok SHA`; `never` = refused. */
  readonly forks: 'approve' | 'never'
}

/** The configuration, read once, checked as a whole, frozen. Times in milliseconds, sizes in bytes, paths absolute. */
export interface Config extends Switches {
  /** The file it came from, or null for built-in defaults. */
  readonly file: string | null
  readonly stateDir: string
  readonly recipesDir: string
  /** The operator's folder of secrets; null = there is none. */
  readonly secretsDir: string | null
  readonly baseDomain: string
  /** The only domains ever deployed to, probed or swept. */
  readonly runDomains: RegExp
  readonly instance: string
  readonly slots: number
  /** One user per slot; empty = the service's own user. */
  readonly runAs: readonly RunAs[]
  readonly repositories: readonly Enrolment[]
  readonly trust: Trust
  readonly limits: RateLimits
  readonly supersede: Supersede
  readonly budgets: { readonly deadlineMs: number; readonly teardownMs: number; readonly killGraceMs: number }
  /** What any run may use. */
  readonly stageLimits: Limits
  readonly retention: {
    readonly days: number
    /** Of run folders. */
    readonly sizeBytes: number
    /** Of images that runs have pulled. */
    readonly imageBytes: number
  }
  /** How often GitHub is asked for what its webhooks did not tell; 0 = never. */
  readonly reconcileMs: number
  readonly docker: EngineRule
  readonly web: { readonly reading: Reading }
  readonly notify: { readonly webhook: string | null }
  /** Runs are told to an OpenTelemetry collector. */
  readonly traced: boolean
}
