import type { Store } from '../model/ports.ts'

/** What the outbox needs of the store. */
export type OutboxStore = Pick<
  Store,
  | 'dueReports'
  | 'settleReports'
  | 'nextReportAtMs'
  | 'beginReport'
  | 'reportSent'
  | 'reportPutOff'
  | 'reportFailed'
  | 'pauseReports'
  | 'noteLimit'
  | 'staleReplies'
  | 'tellReply'
>

/** Where a call goes. */
export interface Target {
  readonly installationId: number
  /** `owner/name`. */
  readonly repository: string
}

/** What identifies a run's check run on GitHub. */
export interface CheckKey {
  readonly sha: string
  readonly name: string
  readonly externalId: string
}

export interface FoundReply {
  readonly id: number
  /** As GitHub has it now. */
  readonly text: string
}

/**
 * The few things that are said to GitHub. Each makes one request (a search one per page), never repeats it by itself, and sends
 * `body` byte for byte. Faults are thrown as they come; `faultOf` tells them apart.
 */
export interface GitHubWriter {
  /** GitHub's id of our first check run with this key, among all of the commit; null = there is none. */
  findCheck(target: Target, key: CheckKey, signal: AbortSignal): Promise<number | null>
  /** A check run as GitHub shows it. */
  checkRun(target: Target, checkRunId: number, signal: AbortSignal): Promise<unknown>
  /** Resolves to GitHub's id. */
  createCheck(target: Target, body: string, signal: AbortSignal): Promise<number>
  updateCheck(target: Target, checkRunId: number, body: string, signal: AbortSignal): Promise<void>
  /** Our comment on this pull request that carries the marker and was not written before `sinceMs`; null = there is none. */
  findReply(
    target: Target,
    search: { readonly pr: number; readonly marker: string; readonly sinceMs: number },
    signal: AbortSignal,
  ): Promise<FoundReply | null>
  /** Resolves to GitHub's id. */
  createReply(target: Target, pr: number, body: string, signal: AbortSignal): Promise<number>
  updateReply(target: Target, replyId: number, body: string, signal: AbortSignal): Promise<void>
  react(target: Target, commentId: number, body: string, signal: AbortSignal): Promise<void>
}
