import { inCode } from '../model/commandText.ts'
import type { StopReason } from '../model/journal.ts'
import { enrolmentOf } from '../model/policy.ts'
import { shortSha } from '../model/policyFork.ts'
import type { Approval, Decided, NewReport, RunRow } from '../model/ports.ts'
import { emptyDecided } from './decided.ts'
import type { PullRequestEvent } from './event.ts'
import { unfinishedRuns } from './gather.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'
import { newsReport } from './reports.ts'

/** What a push, a closing or a reopening leads to. Closing stops every run; a push replaces queued ones, and says so. */
export async function decidePullRequest(
  delivery: DeliveryHead,
  event: PullRequestEvent,
  world: IntakeWorld,
): Promise<Decided> {
  const nothing = emptyDecided(delivery, OUTCOMES[event.kind], world)
  if (enrolmentOf(world.config.repositories, event.repository.fullName) === null)
    return { ...nothing, outcome: 'not_enrolled' }
  const decided = { ...nothing, subjects: [subjectOf(event)] }
  const unfinished = await runsBefore(event, world)
  if (event.kind === 'closed') return { ...decided, stops: stopsOf(unfinished, 'pr_closed', event, world) }
  const heads = [{ repositoryId: event.repository.id, pr: event.pr, sha: event.sha, atMs: event.atMs }]
  const replaced = unfinished.filter((run) => run.state === 'queued' && run.sha !== event.sha)
  return {
    ...decided,
    heads,
    stops: stopsOf(replaced, 'superseded', event, world),
    approvals: await endedApprovals(event, world),
    reports: replaced.length === 0 ? [] : [supersededReply(replaced, event)],
  }
}

const OUTCOMES: Readonly<Record<PullRequestEvent['kind'], string>> = {
  pushed: 'head_seen',
  closed: 'pr_closed',
  reopened: 'head_seen',
}

/** GitHub delivers within seconds, and its clock and ours differ by no more than this. */
const MOST_SKEW_MS = 5 * 60_000

/**
 * The runs that stood when it happened. A delivery that was missed and is made again later, by hand, says nothing about younger ones:
 * GitHub had the pull request open, with the head that they run, when they were queued.
 */
async function runsBefore(event: PullRequestEvent, world: IntakeWorld): Promise<readonly RunRow[]> {
  const latestMs = event.atMs + MOST_SKEW_MS
  const unfinished = await unfinishedRuns(event, world)
  return unfinished.filter((run) => run.stop === null && run.enqueuedAtMs <= latestMs)
}

/** The delivery's header is not signed: what happened, to what and when, by GitHub's clock, tells a replay. */
function subjectOf({ kind, repository, pr, sha, atMs }: PullRequestEvent): string {
  return `pr:${kind}:${repository.id}:${pr}:${sha}:${atMs}`
}

function stopsOf(
  runs: readonly RunRow[],
  reason: StopReason,
  { actor }: PullRequestEvent,
  { time }: IntakeWorld,
): Decided['stops'] {
  return runs.map((run) => ({ runId: run.id, stop: { reason, by: actor.login, atMs: time.now() } }))
}

/**
 * An approval dies with the next push, also where a later push brings its commit back: that one ends it as well, since the push that took
 * the commit away may have come while the pull request was closed, of which GitHub tells nothing.
 */
async function endedApprovals(event: PullRequestEvent, { store }: IntakeWorld): Promise<readonly Approval[]> {
  if (event.kind !== 'pushed') return []
  const { before, sha, repository, pr, actor } = event
  const shas = before === null ? [sha] : [before, sha]
  const approvals = await Promise.all(shas.map((one) => store.approval(repository.id, pr, one)))
  return approvals.flatMap((approval) =>
    approval === null || approval.revoked ? [] : [{ ...approval, actor: actor.login, revoked: true }],
  )
}

function supersededReply(replaced: readonly RunRow[], event: PullRequestEvent): NewReport {
  const runs = replaced.map((run) => `${inCode(run.id)} of ${inCode(run.recipe)} at ${shortSha(run.sha)}`)
  const text = `A push to ${event.sha} replaces what was still queued: run ${runs.join(', run ')}. Comment again to test the new head.`
  return newsReport(`push:${event.repository.id}:${event.pr}:${event.sha}:${event.atMs}`, text, event)
}
