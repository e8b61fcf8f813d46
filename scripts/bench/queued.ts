import type { NewRun, Store } from '../../src/model/ports.ts'
import { firstCheck } from '../../src/report/checkRun.ts'
import { NOOP } from './world.ts'

/** Runs go round so many domains, each of another pull request. */
export const DOMAINS = 1_000
const SHA = '0123456789abcdef0123456789abcdef01234567'
/** Rows in one transaction, where it is only the queue that is wanted. */
const AT_ONCE = 1_000

/** Puts so many runs into the queue of an empty store. */
export async function enqueue(store: Store, length: number): Promise<void> {
  for (let first = 0; first < length; first += AT_ONCE) {
    const runs = runsFrom(first, Math.min(AT_ONCE, length - first))
    await deliver(store, runs[0]?.id ?? '')
    await decide(store, runs)
  }
}

export async function deliver(store: Store, id: string): Promise<void> {
  await store.addDelivery({ id, event: 'issue_comment', payload: '{}', receivedAtMs: 1 }, null)
}

/** What puts runs into the queue: one decision, with the first reports of them. */
export async function decide(store: Store, runs: readonly NewRun[]): Promise<void> {
  const [{ id: deliveryId = '' } = {}] = runs
  const nothing = { stops: [], uses: [], heads: [], approvals: [], replies: [], orders: [], moves: [] }
  const reports = runs.map((run) => firstCheck(run, `https://berth.test/runs/${run.id}`))
  await store.decide({ ...nothing, deliveryId, atMs: 1, outcome: 'run_queued', subjects: [], runs, reports })
}

export function runsFrom(first: number, count: number): readonly NewRun[] {
  return Array.from({ length: count }, (_, index) => aRun(first + index))
}

export function aRun(index: number): NewRun {
  const pr = index % DOMAINS
  const domain = `site-pr${pr}.ci.localhost`
  return {
    id: String(index).padStart(16, '0'),
    priority: 0,
    enqueuedAtMs: index,
    repository: 'acme/site',
    repositoryId: '42',
    installationId: 7,
    cloneUrl: 'https://github.test/acme/site.git',
    pr,
    sha: SHA,
    pinnedAtMs: index,
    ref: `refs/pull/${pr}/head`,
    fork: false,
    recipe: NOOP,
    arguments: {},
    keepMs: 0,
    domain,
    names: [domain],
    actor: 'octocat',
    commentId: null,
  }
}
