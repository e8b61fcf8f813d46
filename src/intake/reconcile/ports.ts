import type { Config } from '../../model/config.ts'
import type { EventLog } from '../../model/events.ts'
import type { Delivery, Store } from '../../model/ports.ts'
import type { GitHubParts } from '../../report/github.ts'
import type { Repository } from '../event.ts'

export type Octokit = Awaited<ReturnType<GitHubParts['octokitFor']>>

/** All that looking for missed webhooks needs. */
export interface ReconcileWorld extends Pick<GitHubParts, 'octokitFor' | 'time'> {
  /** A client of the App itself: it tells where the App is installed. */
  readonly appClient: () => Promise<Octokit>
  readonly store: Pick<
    Store,
    | 'watch'
    | 'noteWatched'
    | 'addDelivery'
    | 'hasActed'
    | 'lastHead'
    | 'live'
    | 'queued'
    | 'run'
    | 'runs'
    | 'endReport'
    | 'resendEnd'
    | 'limitedUntil'
    | 'noteLimit'
  >
  readonly appId: number
  /** Asked anew for each look. */
  readonly config: () => Pick<Config, 'repositories' | 'reconcileMs'>
  /** New deliveries are in the store. */
  readonly stored: () => void
  /** GitHub is to be told something once more. */
  readonly reportsChanged: () => void
  /** Monotonic clock, milliseconds: when a look is due. */
  readonly monotonic: () => number
  readonly log: EventLog
}

/** An enrolled repository where the App is installed. */
export type Place = Repository

/** An answer of GitHub's. */
export interface Told {
  readonly data: unknown
  /** Names this state of what was asked for; null = GitHub gave none. */
  readonly etag: string | null
  /** GitHub's clock, whole seconds in milliseconds. */
  readonly atMs: number
}

/** The questions of a look. They throw GitHubFault, and whatever cuts them. */
export interface Asking {
  asApp(route: string, parameters: Record<string, unknown>): Promise<Told>
  /** Null = nothing has changed since the answer that this etag came with; such an answer costs none of GitHub's limit. */
  ask(
    of: Pick<Place, 'installationId'>,
    route: string,
    parameters: Record<string, unknown>,
    etag: string | null,
  ): Promise<Told | null>
}

/** What a look has found that GitHub did not deliver. */
export interface Missed {
  readonly what: 'comment' | 'push' | 'closing'
  readonly delivery: Delivery
}
