import type { AccessStore } from './access.ts'
import type { ActionStore } from './action.ts'
import type { AlarmStore } from './alarm.ts'
import type { StopRequest } from './journal.ts'
import type { Name } from './names.ts'
import type { NewOrder, Order, OrderEnd } from './order.ts'
import type { PastStage } from './pastStage.ts'
import type { QueueNews } from './queued.ts'
import type { CrashLoop, Uses } from './rateLimits.ts'
import type { NewReply, NewReport, ReportStore } from './report.ts'
import type { Conclusion, RunState, Verdict } from './run.ts'

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

/** Where a run stands in the order of the newest. */
export type RunPlace = Pick<RunRow, 'id' | 'enqueuedAtMs'>

/** Which runs are asked for; what is left out lets all through. */
export interface RunFilter {
  readonly repository?: string
  readonly pr?: number
  readonly recipe?: string
  /** A domain or a resource that they wanted. */
  readonly name?: Name
  readonly actor?: string
  readonly state?: RunState
  readonly conclusion?: Conclusion
}

export interface RunPage {
  /** Newest first; those that cannot be read are left out. */
  readonly runs: readonly RunRow[]
  /** Where the next page begins, to be given as `after`; null = there is none. */
  readonly next: RunPlace | null
}

/** What a caller may change together with, or without, the state. */
export interface RunChange {
  readonly state?: RunState
  readonly waitsFor?: string | null
  readonly stage?: string | null
  readonly startedAtMs?: number
  readonly concludedAtMs?: number
  readonly verdict?: Verdict
  /** With an end: how its stages went. */
  readonly stages?: readonly PastStage[]
}

/** `changed` = this call won the swap; `already` = it is so already; `conflict` = somebody else moved it elsewhere; nothing was written then. */
export type Changed =
  | { readonly kind: 'changed' }
  | { readonly kind: 'already' }
  | { readonly kind: 'conflict'; readonly state: RunState | null }

/** A reply that tells less than is known by now. */
export interface StaleReply extends NewReply {
  /** The number of the change that it is to tell, from 1. */
  readonly change: number
  readonly runs: readonly RunRow[]
  readonly orders: readonly Order[]
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
  /** Replies that are kept up to date from here on; their first form is among the reports. */
  readonly replies: readonly NewReply[]
  readonly orders: readonly NewOrder[]
  readonly moves: readonly Move[]
  /** What is said to whoever asked where that is no comment; Markdown. */
  readonly said?: string
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

/** How far the comments of a repository have been looked at for webhooks that never came. Times are GitHub's clock, milliseconds. */
export interface Watch {
  readonly repositoryId: string
  /** When it was first looked at: what was written until then was there before, and starts nothing. */
  readonly sinceMs: number
  /** The newest change of a comment that was seen. */
  readonly cursorMs: number
  /** Of GitHub's last answer to the question that comes next; null = that question was not asked yet. */
  readonly etag: string | null
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

/**
 * The records, behind one port: SQLite now, PostgreSQL beside it later (docs/decisions has what that must do). For every call:
 * - It is one transaction, on disk when its promise resolves; where that is rejected nothing of it is there.
 * - It sees whatever was written before it began, by any process. Calls may overlap: of two that touch the same thing one comes after the other, and
 *   finds what the first has left.
 * - Numbers are whole and safe in JavaScript; times are milliseconds. Texts come back as they were given, whatever is in them.
 * - Order is as it is said here, never that of a table. `seq` says what was stored earlier, and no more: there are gaps.
 */
export interface Store extends AccessStore, ActionStore, AlarmStore, ReportStore {
  /**
   * False = this delivery id is known.
   * @param outcome a word for why nothing comes of it: it is decided with that, and its payload not kept; null = to be decided
   */
  addDelivery(delivery: Delivery, outcome?: string | null): Promise<boolean>
  /** All deliveries without a decision that are due at `nowMs`, in the order in which they were stored. */
  undecided(nowMs: number): Promise<readonly Pick<Delivery, 'id'>[]>
  delivery(id: string): Promise<Delivery | null>
  /** Forgets payloads of some that were decided before then, and keeps what came of them. Resolves to how many; 0 = there are no more. */
  forgetPayloads(beforeMs: number): Promise<number>
  /** A page of runs that were over before then, from one that was queued earlier to later ones; empty = there are no more. */
  runsOver(
    beforeMs: number,
    after: Pick<RunRow, 'id' | 'enqueuedAtMs'> | null,
  ): Promise<readonly Pick<RunRow, 'id' | 'enqueuedAtMs'>[]>
  /** Forgets these runs and their reports, as far as they are over and GitHub has been told; nothing of the others. Resolves to how many. */
  forgetRuns(ids: readonly string[]): Promise<number>
  /**
   * False = decided before, or one of its subjects was; then nothing is written but the delivery's end. Of two decisions at one moment that share a
   * subject one is written.
   */
  decide(decided: Decided): Promise<boolean>
  /** Deciding failed for now: counted, and due again at `notBeforeMs`. Resolves to the number of attempts so far. */
  putOff(deliveryId: string, error: string, notBeforeMs: number): Promise<number>

  /** Null = the repository was never looked at. */
  watch(repositoryId: string): Promise<Watch | null>
  /** Notes how far a look has come together with the deliveries that it has made up for. Resolves to how many of them are new. */
  noteWatched(watch: Watch, missed: readonly Delivery[]): Promise<number>
  /** Has something been acted on, such as `comment:123`. */
  hasActed(subject: string): Promise<boolean>
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

  /**
   * Of what can be seen now. Whoever takes it, then reads, and later finds it the same has missed nothing that anybody wrote: it reads nothing then. It may
   * change without a write, but not by looking.
   */
  version(): Promise<string>
  /** What is wrong with records that were met damaged, and the way out; null = none were, so far. */
  damage(): string | null
  /** @throws HarnessError RUN_UNREADABLE */
  run(id: string): Promise<RunRow | null>
  /** Those that this store has met and left out in `runs`, `queued` and `live`, as far as they still cannot be read. */
  broken(): Promise<readonly BrokenRun[]>
  /** Newest first; `name` = those that wanted this domain or resource. */
  runs(filter: {
    readonly limit: number
    readonly repository?: string
    readonly pr?: number
    readonly name?: Name
  }): Promise<readonly RunRow[]>
  /** One page of those that the filter lets through, newest first: no run is on two pages, whatever is queued meanwhile. */
  runPage(filter: RunFilter, after: RunPlace | null, limit: number): Promise<RunPage>
  /** All of this commit, newest first; the repository by its id. */
  runsAt(repositoryId: string, sha: string): Promise<readonly RunRow[]>
  /** In claim order: priority (higher first), enqueued at, id (by its bytes, in no language's order). */
  queued(): Promise<readonly RunRow[]>
  /** Those of a pull request that are not over, the repository by its id: live ones first, then queued ones in claim order. */
  unfinished(repositoryId: string, pr: number): Promise<readonly RunRow[]>
  /** What has happened to queued runs since then, in no order; null = all that are queued. Costs what is new, not what waits. */
  queueSince(since: number | null): Promise<QueueNews>
  /** starting, running, tearing_down. */
  live(): Promise<readonly RunRow[]>
  /**
   * How long the newest finished runs of a recipe in a repository (by its id) have lasted, milliseconds, newest first: green and red ones, and
   * none that were stopped.
   */
  durations(repositoryId: string, recipe: string, limit: number): Promise<readonly number[]>
  /** How the stages of these runs went, as it was written with their ends; without those of which nothing is known. */
  pastStages(ids: readonly string[]): Promise<ReadonlyMap<string, readonly PastStage[]>>
  /**
   * Compare-and-swap on the state; the reports are written in the same transaction, or not at all. Nothing of a run that is over changes any more.
   * @throws HarnessError RUN_CHANGE for a step outside the table of src/model/run.ts, and for an end without verdict, time or report: faults of
   * the caller, whatever the run's state is
   */
  change(runId: string, from: RunState, change: RunChange, reports: readonly NewReport[]): Promise<Changed>
  /** Notes a stop; the first one stands, whatever becomes of the run. */
  requestStop(runId: string, stop: StopRequest): Promise<'noted' | 'already' | 'over' | 'unknown'>

  /** Orders that are still to be carried out, oldest first. */
  openOrders(): Promise<readonly Order[]>
  /** Claims an order before it is carried out. False = that was done before. */
  beginOrder(id: string, atMs: number): Promise<boolean>
  /** False = it has ended before. */
  endOrder(id: string, end: OrderEnd): Promise<boolean>

  /** Replies some of whose runs or orders have ended since their newest form; a few. */
  staleReplies(): Promise<readonly StaleReply[]>
  /** Stores the form that tells this change. False = another one was told meanwhile; nothing was written. */
  tellReply(reply: Pick<StaleReply, 'commentId' | 'change'>, report: NewReport): Promise<boolean>

  close(): Promise<void>
}
