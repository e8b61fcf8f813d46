import type { Arguments } from './arguments.ts'
import type { ApprovalCommand, CancelCommand, RetryCommand, RunCommand } from './command.ts'
import type { HoldCommand, ReleaseCommand } from './commandHold.ts'
import type { Config, Enrolment, Permission } from './config.ts'
import type { Name } from './names.ts'
import type { HeadSeen, RunRow } from './ports.ts'
import type { CrashLoop, Uses } from './rateLimits.ts'
import type { Recipe } from './recipe.ts'
import type { Refusal } from './refusal.ts'

/** A command that needs GitHub's word on who asks and on what. */
export type ActingCommand =
  | RunCommand
  | RetryCommand
  | ApprovalCommand
  | CancelCommand
  | HoldCommand
  | ReleaseCommand

export type PolicyConfig = Pick<Config, 'trust' | 'limits' | 'runAs'>

/** A pull request as GitHub's API has it. */
export interface PullRequestFacts {
  readonly open: boolean
  /** 40 hex digits. */
  readonly headSha: string
  /** GitHub's id of the repository that the commits come from; null = it is gone. */
  readonly headRepositoryId: string | null
  /** When anything was last pushed there (GitHub's clock, milliseconds); null = unknown. */
  readonly headPushedAtMs: number | null
  /** When GitHub last changed the pull request, so how new this answer is (GitHub's clock, milliseconds; whole seconds). */
  readonly updatedAtMs: number
}

/** What is known before GitHub is asked anything. */
export interface DoorFacts {
  readonly enrolment: Enrolment | null
  /** Commands of this actor within the last hour. */
  readonly actorUses: Uses
}

/** All that a decision is made from. */
export interface PolicyFacts {
  readonly enrolment: Enrolment
  readonly recipes: readonly Recipe[]
  readonly repositoryId: string
  readonly permission: Permission
  readonly pullRequest: PullRequestFacts
  /** GitHub's clock: when the comment was written; whole seconds. */
  readonly askedAtMs: number
  /** The commit that a check's button stands on; null for comments. */
  readonly namedSha: string | null
  /** The last push that was seen on the pull request. */
  readonly lastHead: HeadSeen | null
  /** Commits of this pull request that a writer's word stands for. */
  readonly approved: ReadonlySet<string>
  /** Those whose approval was taken back after this was asked. */
  readonly takenBack: ReadonlySet<string>
  /** Approved after this was asked. */
  readonly givenAfter: ReadonlySet<string>
  /** The comment that asks: GitHub numbers them in the order in which they were written; null = a button. */
  readonly askedIn: number | null
  /** Runs of this pull request within the last hour. */
  readonly pullRequestUses: Uses
  /** The same of the whole repository. */
  readonly repositoryUses: Uses
  /** By the line that asks: how often this actor has asked so at this head, within ten minutes. */
  readonly repeats: ReadonlyMap<string, Uses>
  /** Recipes that are suppressed at this head. */
  readonly crashLoops: readonly CrashLoop[]
  /** Runs of this pull request that are not over, oldest first. */
  readonly unfinished: readonly RunRow[]
  /** Its newest runs that are over. */
  readonly over: readonly RunRow[]
  /** Where its runs deploy: what may be held and released from its conversation. */
  readonly domains: readonly Name[]
}

/** One run to be queued. */
export interface RunPlan {
  readonly recipe: Recipe
  /** As asked for. */
  readonly given: Arguments
  /** Checked, with the recipe's defaults for the rest. */
  readonly arguments: Arguments
  readonly keepMs: number
}

export type Decision =
  | Refusal
  | {
      readonly kind: 'run'
      readonly plans: readonly RunPlan[]
      readonly sha: string
      readonly fork: boolean
      readonly pinnedAtMs: number
    }
  | { readonly kind: 'stop'; readonly runs: readonly RunRow[] }
  | { readonly kind: 'approve'; readonly sha: string }
  | { readonly kind: 'revoke'; readonly sha: string; readonly stops: readonly RunRow[] }
  | { readonly kind: 'hold'; readonly name: Name; readonly forMs: number; readonly reason: string }
  | { readonly kind: 'release'; readonly name: Name; readonly reason: string }
  | { readonly kind: 'note'; readonly detail: string }
