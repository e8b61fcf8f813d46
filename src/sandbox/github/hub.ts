import type { GitFolder } from './git/bare.ts'
import type { Memory } from './memory.ts'
import type { Account, CheckRun, Comment, Pull, Repository } from './records.ts'

/** Something that GitHub tells its Apps by webhook. */
export type HubEvent =
  | {
      readonly name: 'issue_comment'
      readonly action: 'created' | 'deleted'
      readonly comment: Comment
      readonly sender: Account
    }
  | {
      readonly name: 'issue_comment'
      readonly action: 'edited'
      readonly comment: Comment
      readonly before: string
      readonly sender: Account
    }
  | {
      readonly name: 'pull_request'
      readonly action: 'opened' | 'closed' | 'reopened'
      readonly pull: Pull
      readonly sender: Account
    }
  | {
      readonly name: 'pull_request'
      readonly action: 'synchronize'
      readonly pull: Pull
      readonly before: string
      readonly sender: Account
    }
  | {
      readonly name: 'check_run'
      readonly action: 'created' | 'completed' | 'rerequested'
      readonly checkRun: CheckRun
      readonly sender: Account
    }
  | {
      readonly name: 'check_run'
      readonly action: 'requested_action'
      readonly checkRun: CheckRun
      readonly identifier: string
      readonly sender: Account
    }
  | {
      readonly name: 'check_suite'
      readonly action: 'rerequested'
      /** One of the suite's. */
      readonly checkRun: CheckRun
      readonly sender: Account
    }
  | {
      readonly name: 'repository'
      readonly action: 'renamed'
      readonly repository: Repository
      /** Its name until then. */
      readonly before: string
      readonly sender: Account
    }
  | {
      readonly name: 'repository'
      readonly action: 'archived'
      readonly repository: Repository
      readonly sender: Account
    }
  | {
      readonly name: 'installation'
      readonly action: 'suspend' | 'unsuspend' | 'deleted'
      readonly sender: Account
    }

/** What every part of the stand-in works with. */
export interface Hub {
  readonly memory: Memory
  readonly git: GitFolder
  /** Wall clock in milliseconds. */
  now(): number
  emit(event: HubEvent): void
}

/** A hub that is reached by HTTP. */
export interface PublicHub extends Hub {
  /** `http://127.0.0.1:<port>`, without a slash at its end. */
  readonly url: string
}
