export const REPORT_KINDS = ['reaction', 'reply', 'check'] as const
export type ReportKind = (typeof REPORT_KINDS)[number]

/**
 * A state that GitHub is to be told. `body` is the request's body as text, written once: every attempt sends the same bytes.
 * A newer check of a run replaces its older pending ones, and so does a newer form of a comment's reply.
 */
export interface NewReport {
  /** Idempotency key, unique for ever, such as `check:<run>:<n>` or `reaction:<comment>`. */
  readonly key: string
  readonly kind: ReportKind
  readonly runId: string | null
  readonly repository: string
  readonly installationId: number
  /** The pull request, for replies. */
  readonly pr: number
  /**
   * The comment that is reacted to, or answered. The reply to a comment is one: a newer form of it replaces its older pending ones, and
   * edits what GitHub shows.
   */
  readonly commentId: number | null
  readonly body: string
  /** Says that the run is over: never dropped, sent before progress. */
  readonly terminal: boolean
}

export interface Report extends NewReport {
  readonly seq: number
  readonly attempts: number
  readonly createdAtMs: number
  /** GitHub was told something of its run's check before, or may have been. */
  readonly told: boolean
  /** When it was last asked for once more, after it had been given up; 0 = it never was. */
  readonly againAtMs: number
}

/** What people are shown of reports that were given up: no bodies. */
export interface FailedReports {
  readonly count: number
  /** Newest first. */
  readonly newest: readonly FailedReport[]
}

export interface FailedReport
  extends Pick<Report, 'key' | 'kind' | 'runId' | 'repository' | 'pr' | 'attempts' | 'createdAtMs'> {
  readonly error: string
}

/** A report that waits or was given up, for people: no body. Times are wall clock, milliseconds. */
export interface UnsentReport
  extends Pick<
    Report,
    'key' | 'kind' | 'runId' | 'repository' | 'pr' | 'terminal' | 'attempts' | 'createdAtMs'
  > {
  readonly state: 'pending' | 'failed'
  /** Pending: not tried before then. */
  readonly notBeforeMs: number
  /** Why the last attempt failed; null = none has. */
  readonly error: string | null
}

/** `again` = it goes out once more; `outdated` = GitHub knows, or will be told, something newer of its run; the rest is how it stood already. */
export type Retried = 'again' | 'pending' | 'sent' | 'outdated' | 'unknown'

/** An attempt at sending a report, noted on disk before it is made. */
export interface ReportTry {
  /** This one included. */
  readonly attempts: number
  /** GitHub's id of the run's check run, or of the reply, once known. */
  readonly knownId: number | null
  /** It, or another state of the same thing, was tried before and may have arrived: look before anything is created. */
  readonly tried: boolean
  /** When GitHub may have heard of the thing first; wall clock, milliseconds. */
  readonly sinceMs: number
}

/** What one command is answered with: text that stands, and the runs whose state is told below it. */
export interface ReplyPart {
  /** Markdown; what came from outside is in code spans. */
  readonly text: string
  /** Ids of runs. */
  readonly runs: readonly string[]
  /** Ids of orders. */
  readonly orders: readonly string[]
}

/** The reply to a comment, whose runs' states it tells for as long as they change. */
export interface NewReply extends Pick<NewReport, 'repository' | 'installationId' | 'pr'> {
  /** The comment that is answered. */
  readonly commentId: number
  readonly parts: readonly ReplyPart[]
}
