import type { NewAlarm } from './alarm.ts'

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

/** The records of reports: of what GitHub is still to be told. */
export interface ReportStore {
  /** @throws HarnessError REPORT_KEY where a key is stored with another body; then none of them is written */
  addReports(reports: readonly NewReport[]): Promise<void>
  /** The newest state of a run's check that was stored, whether GitHub was told of it or not. */
  lastCheck(runId: string): Promise<Pick<Report, 'body' | 'createdAtMs'> | null>
  /**
   * Due reports: at most one per run (its newest check, and only after its earlier reports), terminal ones first.
   * @param except none of these installations
   */
  dueReports(nowMs: number, limit: number, except?: readonly number[]): Promise<readonly Report[]>
  /**
   * What may be on its way since a service died, or stands in the place of that, is due at `notBeforeMs` at the earliest. Reactions may come twice. For
   * the one sender there is, before it begins: nothing else tells reports of a dead one from those of a live one.
   */
  settleReports(notBeforeMs: number): Promise<void>
  /** Counts an attempt before it is made, and claims nothing; without an answer the report is due again at `dueAgainMs`. Null = replaced by now. */
  beginReport(seq: number, dueAgainMs: number): Promise<ReportTry | null>
  /** `id` = GitHub's id of the check run or of the reply, if it is one. */
  reportSent(seq: number, atMs: number, id: number | null): Promise<void>
  reportPutOff(seq: number, error: string, notBeforeMs: number): Promise<void>
  /**
   * Given up: visible as `report_failed`. The alarm is raised in the same transaction; null = nobody wants any. False = it had been replaced by
   * then: nothing is given up, and nothing raised.
   */
  reportFailed(seq: number, error: string, atMs: number, alarm?: NewAlarm | null): Promise<boolean>
  /** How many were given up, and the newest of them. */
  failedReports(limit: number): Promise<FailedReports>
  /** What was given up, oldest first, then what waits, ends first; no more than `limit` of each. */
  unsentReports(limit: number): Promise<readonly UnsentReport[]>
  /** Sends a report once more that was given up: a run's check only while it is the newest state of it. */
  retryReport(key: string, atMs: number): Promise<Retried>
  /** How it stands with the report of a run's end; null = it has none. */
  endReport(runId: string): Promise<'pending' | 'sent' | 'failed' | null>
  /** Sends the end of a run once more, in the same words, if it was sent or given up. False = it was not. */
  resendEnd(runId: string, atMs: number): Promise<boolean>
  /** Of how many runs and comments GitHub is still to be told something. */
  pendingReports(): Promise<number>
  /** Nothing of this installation is due before `untilMs`: GitHub's limits count per installation. */
  pauseReports(installationId: number, untilMs: number): Promise<void>
  /** GitHub limits the installation: nothing of it is due, and nothing of it is asked, before `untilMs`. */
  noteLimit(installationId: number, untilMs: number): Promise<void>
  /** Until when GitHub limits the installation, as far as it has said so; 0 = it does not at `nowMs`. */
  limitedUntil(installationId: number, nowMs: number): Promise<number>
  /** When the next report that is not due at `afterMs` becomes due, or null. */
  nextReportAtMs(afterMs: number): Promise<number | null>
}
