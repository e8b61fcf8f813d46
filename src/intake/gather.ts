import { lineOf } from '../model/commandFormat.ts'
import type { Enrolment } from '../model/config.ts'
import { domainFor, mentions } from '../model/domain.ts'
import type { Name } from '../model/names.ts'
import { enrolmentOf } from '../model/policy.ts'
import type { DoorFacts, PolicyFacts } from '../model/policyFacts.ts'
import type { Approval, RunRow } from '../model/ports.ts'
import {
  type CrashLoop,
  HOUR_MS,
  holdingAt,
  isOfLoop,
  REPEAT_MS,
  type Uses,
  usesUntil,
} from '../model/rateLimits.ts'
import { isOver } from '../model/run.ts'
import type { Asked } from './asked.ts'
import type { IntakeWorld } from './ports.ts'
import { actorKey, pullRequestKey, repeatKey, repositoryKey } from './useKeys.ts'

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
    actorUses: await usesWithin(HOUR_MS, actorKey(asked), { store, time }),
  }
}

/** Newest first. */
export async function usesWithin(
  windowMs: number,
  key: string,
  { store, time }: Pick<IntakeWorld, 'store' | 'time'>,
): Promise<Uses> {
  const nowMs = time.now()
  return usesUntil(await store.usesSince(key, nowMs - windowMs), nowMs)
}

/** All that a decision is made from. @throws GitHubFault */
export async function gatherPolicyFacts(
  asked: Asked,
  enrolment: Enrolment,
  world: IntakeWorld,
): Promise<PolicyFacts> {
  const { store, github, recipes } = world
  const { repository, pr, actor } = asked
  const [permission, pullRequest] = await Promise.all([
    asked.isOperator ? ('admin' as const) : github.permissionOf(repository, actor),
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
    askedIn: asked.commentId,
    namedSha: asked.namedSha,
    lastHead: await store.lastHead(repository.id, pr),
    ...(await wordsOn(asked, world)),
    pullRequestUses: await usesWithin(HOUR_MS, pullRequestKey(asked), world),
    repositoryUses: await usesWithin(HOUR_MS, repositoryKey(asked), world),
    repeats: await repeatsOf(asked, pullRequest.headSha, world),
    crashLoops: await crashLoopsAt(pullRequest.headSha, asked, world),
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
  return store.unfinished(repository.id, pr)
}

async function repeatsOf(
  asked: Asked,
  headSha: string,
  world: IntakeWorld,
): Promise<ReadonlyMap<string, Uses>> {
  const repeats = new Map<string, Uses>()
  for (const command of asked.commands.filter(({ kind }) => kind === 'run' || kind === 'retry')) {
    const uses = await usesWithin(REPEAT_MS, repeatKey(command, headSha, asked, world), world)
    repeats.set(lineOf(command), uses)
  }
  return repeats
}

async function crashLoopsAt(
  headSha: string,
  { repository, pr }: PullRequest,
  { store, config, time }: IntakeWorld,
): Promise<readonly CrashLoop[]> {
  const { crashesInARow, crashPauseMs } = config.limits
  const nowMs = time.now()
  const loops = await store.crashLoops(crashesInARow, nowMs - crashPauseMs)
  const here = { repositoryId: repository.id, pr, sha: headSha }
  return holdingAt(loops, crashPauseMs, nowMs).filter((one) => isOfLoop(one, { ...here, recipe: one.recipe }))
}

/** Which commits a writer's word stands for, and of which it was taken back, or given, after this was asked. */
async function wordsOn(
  { repository, pr, askedAtMs }: Asked,
  { store }: IntakeWorld,
): Promise<Pick<PolicyFacts, 'approved' | 'takenBack' | 'givenAfter'>> {
  const approvals = await store.approvals(repository.id, pr)
  const shasOf = (some: readonly Approval[]) => new Set(some.map(({ sha }) => sha))
  return {
    approved: shasOf(approvals.filter(({ revoked }) => !revoked)),
    givenAfter: shasOf(approvals.filter(({ revoked, atMs }) => !revoked && atMs > askedAtMs)),
    takenBack: shasOf(approvals.filter(({ revoked, atMs }) => revoked && atMs > askedAtMs)),
  }
}
