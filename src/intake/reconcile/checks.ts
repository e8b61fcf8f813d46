import { messageOf } from '../../errors.ts'
import type { RunRow } from '../../model/ports.ts'
import { type Fields, fieldsOf, listOf, numberOf, optional, textOf } from '../../model/read.ts'
import { isOver } from '../../model/run.ts'
import { GitHubFault } from '../gitHubFault.ts'
import type { Asking, ReconcileWorld } from './ports.ts'

/** Runs that ended within this time, of the newest so many, at so many commits: what a look costs at most is 90 requests. */
const RECENT_MS = 24 * 60 * 60_000
const MOST_RUNS = 100
const MOST_COMMITS = 30
const MOST_PAGES = 3
const PAGE_SIZE = 100

/** What earlier looks have done and said. */
export interface CheckMemory {
  /** Reports that an earlier service gave up have been sent once more. */
  retried: boolean
  readonly told: Set<string>
}

/** A check run as GitHub has it. */
interface Check {
  readonly id: number
  readonly run: string
  readonly status: string
  readonly conclusion: string | null
}

/**
 * Holds the checks of runs that ended lately against what GitHub shows, and has the end of those that lag sent once more, in the same words.
 * Ends that were given up are sent once more by the first look. @throws GitHubFault where GitHub wants to be left alone
 */
export async function lookAtChecks(
  memory: CheckMemory,
  world: ReconcileWorld,
  asking: Asking,
): Promise<void> {
  const told: RunRow[] = []
  for (const run of await endedLately(world)) {
    const state = await world.store.endReport(run.id)
    if (state === 'sent') told.push(run)
    if (state === 'failed' && !memory.retried) await sendAgain(run, 'given up', world)
  }
  memory.retried = true
  const byCommit = Map.groupBy(told, ({ repositoryId, sha }) => `${repositoryId} ${sha}`)
  for (const runs of [...byCommit.values()].slice(0, MOST_COMMITS))
    await lookAtCommit(runs, memory, world, asking)
}

async function endedLately({ store, time }: ReconcileWorld): Promise<readonly RunRow[]> {
  const sinceMs = time.now() - RECENT_MS
  const newest = await store.runs({ limit: MOST_RUNS })
  return newest.filter((run) => isOver(run.state) && (run.concludedAtMs ?? 0) >= sinceMs)
}

/** A commit that GitHub does not show stops no other. */
async function lookAtCommit(
  runs: readonly RunRow[],
  memory: CheckMemory,
  world: ReconcileWorld,
  asking: Asking,
): Promise<void> {
  const [first] = runs
  if (first === undefined) return
  try {
    const checks = await checksAt(first, world, asking)
    for (const run of runs) await compare(run, checks, memory, world)
    for (const check of checks) await tellUnknown(check, first, memory, world)
  } catch (error) {
    if (error instanceof GitHubFault && error.isLimit) throw error
    const { repository, sha } = first
    world.log.warn({ repository, sha, error: messageOf(error) }, 'reconcile.checks_unknown')
  }
}

async function checksAt(
  { repository, sha, installationId }: RunRow,
  { appId }: ReconcileWorld,
  asking: Asking,
): Promise<readonly Check[]> {
  const [owner, repo] = repository.split('/')
  const query = { owner, repo, ref: sha, filter: 'all', app_id: appId, per_page: PAGE_SIZE }
  const checks: Check[] = []
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const route = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
    const told = await asking.ask({ installationId }, route, { ...query, page }, null)
    const some = listOf(fieldsOf(told?.data, 'page'), 'check_runs', checkOf)
    checks.push(...some)
    if (some.length < PAGE_SIZE) break
  }
  return checks
}

function checkOf(value: unknown): Check {
  const fields: Fields = fieldsOf(value, 'check run')
  return {
    id: numberOf(fields, 'id'),
    run: optional(fields, 'external_id', textOf) ?? '',
    status: textOf(fields, 'status'),
    conclusion: optional(fields, 'conclusion', textOf),
  }
}

async function compare(
  run: RunRow,
  checks: readonly Check[],
  memory: CheckMemory,
  world: ReconcileWorld,
): Promise<void> {
  const own = checks.filter((check) => check.run === run.id)
  const check = own.find(({ id }) => id === run.checkRunId) ?? own[0]
  if (check === undefined)
    tellOnce(`missing ${run.id}`, memory, () => world.log.warn({ run: run.id }, 'check.missing'))
  else if (check.status !== 'completed') await sendAgain(run, check.status, world)
  else if (check.conclusion !== run.verdict?.conclusion)
    await sendAgain(run, `completed: ${check.conclusion}`, world)
}

async function sendAgain(
  { id: run, repository, pr }: RunRow,
  was: string,
  world: ReconcileWorld,
): Promise<void> {
  if (!(await world.store.resendEnd(run, world.time.now()))) return
  world.log.warn({ run, repository, pr, was }, 'check.corrected')
  world.reportsChanged()
}

/** Of a run that these records do not know (they were lost, or are another service's): what came of it is not known, so it is left as it is. */
async function tellUnknown(
  { id, run, status }: Check,
  { repository, sha }: RunRow,
  memory: CheckMemory,
  world: ReconcileWorld,
): Promise<void> {
  if (status === 'completed' || (await isKnown(run, world))) return
  tellOnce(`unknown ${id}`, memory, () =>
    world.log.warn({ check: id, run, repository, sha, was: status }, 'check.unknown'),
  )
}

/** One whose record cannot be read is known, too. */
async function isKnown(run: string, { store }: ReconcileWorld): Promise<boolean> {
  return store.run(run).then(
    (row) => row !== null,
    () => true,
  )
}

function tellOnce(key: string, { told }: CheckMemory, tell: () => void): void {
  if (told.has(key)) return
  told.add(key)
  tell()
}
