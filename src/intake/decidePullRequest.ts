import { inCode } from '../model/commandText.ts'
import type { Config, Supersede } from '../model/config.ts'
import type { StopReason } from '../model/journal.ts'
import { enrolmentOf } from '../model/policy.ts'
import { shortSha } from '../model/policyFork.ts'
import type { Approval, Decided, RunRow } from '../model/ports.ts'
import type { NewReport } from '../model/report.ts'
import { emptyDecided } from './decided.ts'
import type { PullRequestEvent } from './event.ts'
import { unfinishedRuns } from './gather.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'
import { newsReport } from './reports.ts'

/**
 * What a push, a closing or a reopening leads to: the same whatever the order in which GitHub tells of them, and however often. Closing
 * stops every run; a push ends those that the configuration says, and says so.
 */
export async function decidePullRequest(
  delivery: DeliveryHead,
  event: PullRequestEvent,
  world: IntakeWorld,
): Promise<Decided> {
  const nothing = emptyDecided(delivery, OUTCOMES[event.kind], world)
  const unfinished = await runsBefore(event, world)
  const isEnrolled = enrolmentOf(world.config.repositories, event.repository.fullName) !== null
  if (!isEnrolled && unfinished.length === 0) return { ...nothing, outcome: 'not_enrolled' }
  const decided = { ...nothing, subjects: [subjectOf(event)] }
  if (event.kind === 'closed') return { ...decided, stops: stopsOf(unfinished, 'pr_closed', event, world) }
  const heads = [{ repositoryId: event.repository.id, pr: event.pr, sha: event.sha, atMs: event.atMs }]
  const replaced = replacedOf(unfinished, event, supersedeOf(world.config, event))
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

/**
 * The runs whose commit was pinned before it happened. GitHub says with the head when it last changed the pull request: what has happened
 * by then is behind the run, whenever its delivery comes. Within one second nobody can tell, and the event counts.
 */
async function runsBefore(event: PullRequestEvent, world: IntakeWorld): Promise<readonly RunRow[]> {
  const unfinished = await unfinishedRuns(event, world)
  return unfinished.filter((run) => run.stop === null && run.pinnedAtMs <= event.atMs)
}

function replacedOf(unfinished: readonly RunRow[], event: PullRequestEvent, supersede: Supersede) {
  if (supersede === 'none') return []
  return unfinished.filter((run) => run.sha !== event.sha && (supersede === 'all' || run.state === 'queued'))
}

function supersedeOf(
  { repositories, supersede }: Pick<Config, 'repositories' | 'supersede'>,
  { repository }: PullRequestEvent,
): Supersede {
  return enrolmentOf(repositories, repository.fullName)?.supersede ?? supersede
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

/** An approval dies with the next push, also where that, or a later one, brings its commit back. */
async function endedApprovals(event: PullRequestEvent, { store }: IntakeWorld): Promise<readonly Approval[]> {
  if (event.kind !== 'pushed') return []
  const { repository, pr, actor, atMs } = event
  const approvals = await store.approvals(repository.id, pr)
  const ended = approvals.filter((approval) => !approval.revoked && approval.atMs <= atMs)
  return ended.map(({ repositoryId, pr: number, sha }) => {
    return { repositoryId, pr: number, sha, actor: actor.login, revoked: true, atMs }
  })
}

function supersededReply(replaced: readonly RunRow[], event: PullRequestEvent): NewReport {
  const runs = replaced.map((run) => {
    const how = run.state === 'queued' ? '' : ' (it is stopped and taken down)'
    return `${inCode(run.id)} of ${inCode(run.recipe)} at ${shortSha(run.sha)}${how}`
  })
  const what = replaced.some((run) => run.state !== 'queued')
    ? 'what was not over yet'
    : 'what was still queued'
  const text = `A push to ${event.sha} replaces ${what}: run ${runs.join(', run ')}. Comment again to test the new head.`
  return newsReport(`push:${event.repository.id}:${event.pr}:${event.sha}:${event.atMs}`, text, event)
}
