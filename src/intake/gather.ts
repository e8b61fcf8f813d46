import type { Enrolment } from '../model/config.ts'
import { domainFor, mentions } from '../model/domain.ts'
import type { Name } from '../model/names.ts'
import { enrolmentOf } from '../model/policy.ts'
import type { DoorFacts, PolicyFacts } from '../model/policyFacts.ts'
import type { RunRow } from '../model/ports.ts'
import { isOver } from '../model/run.ts'
import type { Asked } from './asked.ts'
import type { IntakeWorld } from './ports.ts'

const HOUR_MS = 60 * 60_000
/** Newest runs of a pull request that an answer may speak of. */
const MOST_RUNS = 20

type PullRequest = Pick<Asked, 'repository' | 'pr'>

/** What is known before GitHub is asked anything. */
export async function gatherDoorFacts(
  asked: Asked,
  { store, config, time }: IntakeWorld,
): Promise<DoorFacts> {
  return {
    enrolment: enrolmentOf(config.repositories, asked.repository.fullName),
    actorUses: await store.usesSince(actorKey(asked), time.now() - HOUR_MS),
  }
}

/** All that a decision is made from. @throws GitHubFault */
export async function gatherPolicyFacts(
  asked: Asked,
  enrolment: Enrolment,
  world: IntakeWorld,
): Promise<PolicyFacts> {
  const { store, github, recipes, time } = world
  const { repository, pr, actor } = asked
  const [permission, pullRequest] = await Promise.all([
    github.permissionOf(repository, actor),
    github.pullRequest(repository, pr),
  ])
  const [newest, unfinished] = [await newestRuns(asked, world), await unfinishedRuns(asked, world)]
  return {
    enrolment,
    recipes,
    repositoryId: repository.id,
    permission,
    pullRequest,
    askedAtMs: asked.askedAtMs,
    namedSha: asked.namedSha,
    lastHead: await store.lastHead(repository.id, pr),
    approved: await approvedAmong([pullRequest.headSha, ...shasOf(asked)], asked, world),
    pullRequestUses: await store.usesSince(pullRequestKey(asked), time.now() - HOUR_MS),
    unfinished,
    over: newest.filter((run) => isOver(run.state)),
    domains: domainsOf(asked, enrolment, unfinished, world),
  }
}

/** Where the enrolled recipes deploy this pull request, and where runs of it are: each domain once. */
function domainsOf(
  { repository, pr }: PullRequest,
  enrolment: Enrolment,
  unfinished: readonly RunRow[],
  { recipes, config, hash }: IntakeWorld,
): readonly Name[] {
  const facts = { owner: repository.owner, repo: repository.name, pr, run: '' }
  const own = recipes.filter(
    ({ name, domain }) => enrolment.recipes.includes(name) && !mentions(domain, 'run'),
  )
  const made = own.map((recipe) => domainFor(recipe, facts, config, hash))
  const planned = made.flatMap((one) => ('domain' in one ? [one.domain] : []))
  return [...new Set([...planned, ...unfinished.map(({ domain }) => domain)])]
}

/** Newest first. */
export async function newestRuns(
  { repository, pr }: PullRequest,
  { store }: IntakeWorld,
): Promise<readonly RunRow[]> {
  const runs = await store.runs({ limit: MOST_RUNS, repository: repository.fullName, pr })
  return runs.filter((run) => run.repositoryId === repository.id)
}

/** Queued and live runs, oldest first; found by id, which a renamed repository keeps. */
export async function unfinishedRuns(
  { repository, pr }: PullRequest,
  { store }: Pick<IntakeWorld, 'store'>,
): Promise<readonly RunRow[]> {
  const [live, queued] = await Promise.all([store.live(), store.queued()])
  return [...live, ...queued].filter((run) => run.repositoryId === repository.id && run.pr === pr)
}

/** What an actor's commands are counted under. */
export function actorKey({ actor }: Pick<Asked, 'actor'>): string {
  return `actor:${actor.login.toLowerCase()}`
}

/** What a pull request's runs are counted under: only what somebody was permitted to start. */
export function pullRequestKey({ repository, pr }: PullRequest): string {
  return `pr:${repository.id}:${pr}`
}

function shasOf({ commands }: Asked): readonly string[] {
  return commands.flatMap((command) => ('sha' in command ? [command.sha] : []))
}

async function approvedAmong(
  shas: readonly string[],
  { repository, pr }: Asked,
  { store }: IntakeWorld,
): Promise<ReadonlySet<string>> {
  const approvals = await Promise.all(shas.map((sha) => store.approval(repository.id, pr, sha)))
  return new Set(
    approvals.flatMap((approval) => (approval === null || approval.revoked ? [] : [approval.sha])),
  )
}
