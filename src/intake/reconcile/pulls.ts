import { messageOf } from '../../errors.ts'
import { enrolmentOf } from '../../model/policy.ts'
import type { RunRow } from '../../model/ports.ts'
import { type Fields, fieldsOf, numberOf, optional, textOf } from '../../model/read.ts'
import { GitHubFault } from '../gitHubFault.ts'
import { missedDelivery } from './missed.ts'
import { placeOf } from './places.ts'
import type { Asking, Missed, ReconcileWorld } from './ports.ts'

/** So many pull requests a look; what is over comes first in the next one. */
const MOST_PULLS = 30

/** What GitHub last said of each pull request: only as long as it has unfinished runs. */
export interface PullMemory {
  readonly etags: Map<string, string>
  /** Where the next look begins. */
  turn: number
}

/**
 * Looks at the pull requests of unfinished runs for pushes and closings that the webhooks did not tell of. Resolves to what is new about them;
 * one that GitHub does not show stops no other. @throws GitHubFault where GitHub wants to be left alone
 */
export async function lookAtPulls(
  memory: PullMemory,
  world: ReconcileWorld,
  asking: Asking,
): Promise<readonly Missed[]> {
  const pulls = await unfinishedPulls(world)
  for (const key of memory.etags.keys()) if (!pulls.has(key)) memory.etags.delete(key)
  const missed: Missed[] = []
  for (const [key, row] of nextOf([...pulls], memory)) {
    try {
      missed.push(...(await lookAtPull(key, row, memory, world, asking)))
    } catch (error) {
      if (error instanceof GitHubFault && error.isLimit) throw error
      const data = { repository: row.repository, pr: row.pr, error: messageOf(error) }
      world.log.warn(data, 'reconcile.pull_unknown')
    }
  }
  return missed
}

/**
 * The oldest unfinished run of each pull request that nobody has asked to stop: where no push was ever told of, its commit is what the records know of
 * the head, and a younger run would hide a push that was missed between them.
 */
async function unfinishedPulls({ store, config }: ReconcileWorld): Promise<ReadonlyMap<string, RunRow>> {
  const { repositories } = config()
  const rows = [...(await store.live()), ...(await store.queued())]
  const wanted = rows.filter((row) => row.stop === null && enrolmentOf(repositories, row.repository) !== null)
  const youngestFirst = wanted.toSorted((one, other) => other.enqueuedAtMs - one.enqueuedAtMs)
  return new Map(youngestFirst.map((row) => [`${row.repositoryId}#${row.pr}`, row]))
}

function nextOf<T>(all: readonly T[], memory: PullMemory): readonly T[] {
  const begin = memory.turn < all.length ? memory.turn : 0
  memory.turn = all.length > MOST_PULLS ? (begin + MOST_PULLS) % all.length : 0
  return [...all.slice(begin), ...all.slice(0, begin)].slice(0, MOST_PULLS)
}

async function lookAtPull(
  key: string,
  row: RunRow,
  { etags }: PullMemory,
  world: ReconcileWorld,
  asking: Asking,
): Promise<readonly Missed[]> {
  const [owner, repo] = row.repository.split('/')
  const path = { owner, repo, pull_number: row.pr }
  const told = await asking.ask(
    row,
    'GET /repos/{owner}/{repo}/pulls/{pull_number}',
    path,
    etags.get(key) ?? null,
  )
  if (told === null) return []
  const missed = await missedOf(fieldsOf(told.data, 'pull request'), row, world)
  if (missed === null && told.etag !== null) etags.set(key, told.etag)
  return missed === null ? [] : [missed]
}

/** Null = the records agree with it. */
async function missedOf(pull: Fields, row: RunRow, world: ReconcileWorld): Promise<Missed | null> {
  const place = placeOf(fieldsOf(pull['base'], 'base')['repo'], row.installationId)
  const head = fieldsOf(pull['head'], 'head')
  const sha = textOf(head, 'sha')
  const of = `pr/${place.id}/${row.pr}`
  const nowMs = world.time.now()
  if (textOf(pull, 'state') === 'closed') {
    const at = textOf(pull, 'closed_at')
    const payload = payloadOf('closed', pull, sha, at)
    const happened = `${of}/closed/${Date.parse(at)}`
    return {
      what: 'closing',
      delivery: missedDelivery('pull_request', happened, payload, place, nowMs),
    }
  }
  const known = (await world.store.lastHead(place.id, row.pr))?.sha ?? row.sha
  if (known === sha) return null
  const at = pushedAt(pull, head)
  const payload = { ...payloadOf('synchronize', pull, sha, at), before: known }
  const happened = `${of}/pushed/${sha}/${Date.parse(at)}`
  return { what: 'push', delivery: missedDelivery('pull_request', happened, payload, place, nowMs) }
}

/** GitHub's word for who did it comes with the webhook only; of a merge it can be asked. */
function payloadOf(action: string, pull: Fields, sha: string, updatedAt: string): Fields {
  const merger = optional(pull, 'merged_by', (all, key) => fieldsOf(all[key], key))
  return {
    action,
    pull_request: { number: numberOf(pull, 'number'), head: { sha }, updated_at: updatedAt },
    sender:
      action === 'closed' && merger !== null
        ? { id: merger['id'], login: merger['login'], type: 'User' }
        : { id: 0, login: 'somebody on GitHub', type: 'User' },
  }
}

/** The head's repository was pushed to last then, so the push that is missed came no later; a comment moves `updated_at` as well. */
function pushedAt(pull: Fields, head: Fields): string {
  const updatedAt = textOf(pull, 'updated_at')
  const from = optional(head, 'repo', (all, key) => fieldsOf(all[key], key))
  const pushed = from === null ? null : optional(from, 'pushed_at', textOf)
  return pushed !== null && Date.parse(pushed) < Date.parse(updatedAt) ? pushed : updatedAt
}
