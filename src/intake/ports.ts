import type { Config, Permission } from '../model/config.ts'
import type { Hash } from '../model/domain.ts'
import type { PullRequestFacts } from '../model/policyFacts.ts'
import type { Delivery, NewRun, Store } from '../model/ports.ts'
import type { Recipe } from '../model/recipe.ts'
import type { RunPage } from '../model/reply.ts'
import type { NewReport } from '../model/report.ts'
import type { Wait } from '../model/wait.ts'
import type { Time } from '../report/time.ts'
import type { Actor, Repository } from './event.ts'

/** What only GitHub knows. Both throw GitHubFault. */
export interface GitHubFacts {
  /** What the actor may do in the repository; `none` for an unknown account. */
  permissionOf(repository: Repository, actor: Actor): Promise<Permission>
  pullRequest(repository: Repository, pr: number): Promise<PullRequestFacts>
}

/** What deciding needs of a delivery, once its payload is read. */
export interface DeliveryHead extends Pick<Delivery, 'id' | 'receivedAtMs'> {
  /** Of what GitHub has signed, SHA-256 in hex: the same under whatever id it comes. */
  readonly digest: string
}

/** All that deciding a delivery needs. */
export interface IntakeWorld {
  readonly store: Pick<
    Store,
    | 'undecided'
    | 'delivery'
    | 'decide'
    | 'putOff'
    | 'lastHead'
    | 'approvals'
    | 'usesSince'
    | 'crashLoops'
    | 'run'
    | 'runs'
    | 'runsAt'
    | 'queued'
    | 'unfinished'
    | 'live'
  >
  readonly github: GitHubFacts
  readonly config: Pick<
    Config,
    'repositories' | 'trust' | 'limits' | 'supersede' | 'runAs' | 'baseDomain' | 'runDomains'
  >
  readonly recipes: readonly Recipe[]
  /** SHA-256 in hex, for domains. */
  readonly hash: Hash
  /** The check run of a run that has just been queued. */
  readonly firstCheck: (run: NewRun) => NewReport
  readonly runPage: RunPage
  /** What a queued run waits for; null = it does not wait. */
  readonly waitOf: (runId: string) => Promise<Wait | null>
  /** The address of the page that explains reasons; null = there is none. */
  readonly reasons: string | null
  readonly newRunId: () => string
  readonly time: Time
}
