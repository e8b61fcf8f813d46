import type { StopRequest } from './journal.ts'
import type { Name } from './names.ts'
import type { CrashLoop, Uses } from './rateLimits.ts'
import type { RunState, Verdict } from './run.ts'

/** One webhook call, raw. */
export interface Delivery {
  readonly id: string
  readonly event: string
  /** The body, byte for byte as GitHub sent and signed it. */
  readonly payload: string
  readonly receivedAtMs: number
}

/** An accepted command: what the queue keeps of a run before it has a folder. */
export interface NewRun {
  readonly id: string
  readonly priority: number
  readonly enqueuedAtMs: number
  readonly repository: string
  readonly repositoryId: string
  readonly installationId: number
  readonly cloneUrl: string
  readonly pr: number
  readonly sha: string
  /** How new GitHub's word was that this is the head (its clock, milliseconds): what happened before then is known to it. */
  readonly pinnedAtMs: number
  /** `refs/pull/N/head`. */
  readonly ref: string
  readonly fork: boolean
  readonly recipe: string
  readonly arguments: Readonly<Record<string, string>>
  readonly keepMs: number
  readonly domain: string
  readonly names: readonly Name[]
  readonly actor: string
  /** The comment that asked; null for the check run's buttons. */
  readonly commentId: number | null
}

export interface RunRow extends NewRun {
  readonly state: RunState
  /** While queued: what it waits for, for people. */
  readonly waitsFor: string | null
  /** While it runs: the stage that is under way. */
  readonly stage: string | null
  readonly startedAtMs: number | null
  readonly concludedAtMs: number | null
  readonly verdict: Verdict | null
  /** A stop that was asked for; carried out by whoever has the run. */
  readonly stop: StopRequest | null
  readonly attempts: number
  /** GitHub's id of the check run, once known. */
  readonly checkRunId: number | null
  /** How many check reports it has had: the number, and so the key, of the next one. */
  readonly reports: number
}

/** A run whose record cannot be read, such as one with a word of a newer berth's. It is left as it is, and nothing is done about it. */
export interface BrokenRun {
  readonly id: string
  readonly state: RunState
  readonly fault: string
}

/** What a caller may change together with, or without, the state. */
export interface RunChange {
  readonly state?: RunState
  readonly waitsFor?: string | null
  readonly stage?: string | null
  readonly startedAtMs?: number
  readonly concludedAtMs?: number
  readonly verdict?: Verdict
}

/** `changed` = this call won the swap; `already` = it is so already; `conflict` = somebody else moved it elsewhere; nothing was written then. */
export type Changed =
  | { readonly kind: 'changed' }
  | { readonly kind: 'already' }
  | { readonly kind: 'conflict'; readonly state: RunState | null }

export const REPORT_KINDS = ['reaction', 'reply', 'check'] as const
export type ReportKind = (typeof REPORT_KINDS)[number]

/**
 * A state that GitHub is to be told. `body` is the request's body as text, written once: every attempt sends the same bytes.
 * A newer check of a run replaces its older pending ones.
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
  /** The comment, for reactions. */
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

/** An attempt at sending a report, noted on disk before it is made. */
export interface ReportTry {
  /** This one included. */
  readonly attempts: number
  /** GitHub's id of the run's check run, once known. */
  readonly checkRunId: number | null
  /** It, or another check of its run, was tried before and may have arrived: look before anything is created. */
  readonly tried: boolean
}

/** All that deciding one delivery writes: everything or nothing. */
export interface Decided {
  readonly deliveryId: string
  readonly atMs: number
  /** What was decided, for the log and the page: `run_queued`, a refusal's reason code, or `ignored`. */
  readonly outcome: string
  /** Things acted on, such as `comment:123`: if one of them was acted on before, nothing of this is written but the delivery's end. */
  readonly subjects: readonly string[]
  readonly runs: readonly NewRun[]
  readonly reports: readonly NewReport[]
  readonly stops: readonly { readonly runId: string; readonly stop: StopRequest }[]
  /** Keys whose use counts against limits, such as `actor:octocat`. */
  readonly uses: readonly string[]
  readonly heads: readonly HeadSeen[]
  readonly approvals: readonly Approval[]
  readonly moves: readonly Move[]
}

/** A repository has another name, or another owner: its runs and what GitHub is still to be told of them go with it. */
export interface Move {
  readonly repositoryId: string
  /** `owner/name`, as it was. */
  readonly from: string
  readonly to: string
  readonly cloneUrl: string
  readonly installationId: number
  /** GitHub's clock, milliseconds: of two, the younger counts, in whatever order they come. */
  readonly atMs: number
}

/** A push that was seen on a pull request. */
export interface HeadSeen {
  readonly repositoryId: string
  readonly pr: number
  readonly sha: string
  readonly atMs: number
}

/** A writer's word that one commit of a fork may run. */
export interface Approval {
  readonly repositoryId: string
  readonly pr: number
  readonly sha: string
  readonly actor: string
  readonly revoked: boolean
  /** When it was given or taken back (GitHub's clock, milliseconds): of two words, the younger counts. */
  readonly atMs: number
}

/** The records, behind one port: SQLite now, PostgreSQL beside it later. Each call is one transaction. */
export interface Store {
  /** False = this delivery id is known. On disk when the promise resolves. */
  addDelivery(delivery: Delivery): Promise<boolean>
  /** All deliveries without a decision that are due at `nowMs`, oldest first. */
  undecided(nowMs: number): Promise<readonly Pick<Delivery, 'id'>[]>
  delivery(id: string): Promise<Delivery | null>
  /** Forgets payloads of some that were decided before then, and keeps what came of them. Resolves to how many; 0 = there are no more. */
  forgetPayloads(beforeMs: number): Promise<number>
  /** A page of runs that were over before then, from one that was queued earlier to later ones; empty = there are no more. */
  runsOver(
    beforeMs: number,
    after: Pick<RunRow, 'id' | 'enqueuedAtMs'> | null,
  ): Promise<readonly Pick<RunRow, 'id' | 'enqueuedAtMs'>[]>
  /** Forgets these runs and their reports, as far as they are over and GitHub has been told. Resolves to how many. */
  forgetRuns(ids: readonly string[]): Promise<number>
  /** False = decided before, or one of its subjects was; then nothing is written but the delivery's end. */
  decide(decided: Decided): Promise<boolean>
  /** Deciding failed for now: counted, and due again at `notBeforeMs`. Resolves to the number of attempts so far. */
  putOff(deliveryId: string, error: string, notBeforeMs: number): Promise<number>

  lastHead(repositoryId: string, pr: number): Promise<HeadSeen | null>
  approval(repositoryId: string, pr: number, sha: string): Promise<Approval | null>
  /** Of this pull request; those that were taken back, too. */
  approvals(repositoryId: string, pr: number): Promise<readonly Approval[]>
  /** Times, newest first. */
  usesSince(key: string, sinceMs: number): Promise<Uses>
  /** Keys that begin so and have been used that often since, with the times of their uses. */
  usedUp(
    prefix: string,
    most: number,
    sinceMs: number,
  ): Promise<readonly { readonly key: string; readonly uses: Uses }[]>
  /** Recipes whose last runs at a commit, so many, all ended in a fault of the harness, the last of them since then. */
  crashLoops(times: number, sinceMs: number): Promise<readonly CrashLoop[]>

  /** The same as before = nothing was written since, by this process or another: whoever looks often reads nothing then. */
  version(): Promise<string>
  /** @throws HarnessError RUN_UNREADABLE */
  run(id: string): Promise<RunRow | null>
  /** Those that `runs`, `queued` and `live` have met and left out, as far as they still cannot be read. */
  broken(): Promise<readonly BrokenRun[]>
  /** Newest first; `name` = those that wanted this domain or resource. */
  runs(filter: {
    readonly limit: number
    readonly repository?: string
    readonly pr?: number
    readonly name?: Name
  }): Promise<readonly RunRow[]>
  /** All of this commit, newest first; the repository by its id. */
  runsAt(repositoryId: string, sha: string): Promise<readonly RunRow[]>
  /** In claim order: priority (higher first), enqueued at, id. */
  queued(): Promise<readonly RunRow[]>
  /** starting, running, tearing_down. */
  live(): Promise<readonly RunRow[]>
  /** Compare-and-swap on the state; the reports are written in the same transaction, or not at all. */
  change(runId: string, from: RunState, change: RunChange, reports: readonly NewReport[]): Promise<Changed>
  /** Notes a stop; the first one stands. */
  requestStop(runId: string, stop: StopRequest): Promise<'noted' | 'already' | 'over' | 'unknown'>

  addReports(reports: readonly NewReport[]): Promise<void>
  /** Due reports: at most one per run (its newest check, and only after its earlier reports), terminal ones first. */
  dueReports(nowMs: number, limit: number): Promise<readonly Report[]>
  /** Counts an attempt before it is made; without an answer the report is due again at `dueAgainMs`. Null = replaced by now. */
  beginReport(seq: number, dueAgainMs: number): Promise<ReportTry | null>
  reportSent(seq: number, atMs: number, checkRunId: number | null): Promise<void>
  reportPutOff(seq: number, error: string, notBeforeMs: number): Promise<void>
  /** Given up: visible as `report_failed`. */
  reportFailed(seq: number, error: string, atMs: number): Promise<void>
  /** How many were given up, and the newest of them. */
  failedReports(limit: number): Promise<FailedReports>
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

  close(): Promise<void>
}
