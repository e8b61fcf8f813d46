import { expect, test } from 'vitest'
import type { Fields } from '../../src/model/read.ts'
import { LIMITS } from '../model/policyWorld.ts'
import { commentOf, example, INSTALLATION, pushOf, REPOSITORY_ID } from './examples.ts'
import { type Scene, startScene } from './scene.ts'

const HISTORIES = 4
const SHUFFLES = 2
const LENGTH = 14
const START = Date.parse('2019-05-15T15:21:00Z')
const many = {
  ...LIMITS,
  perActorPerHour: 1e6,
  perRepositoryPerHour: 1e6,
  perPullRequestPerHour: 1e6,
  repeatsPerTenMinutes: 1e6,
}

/** What happens on one pull request of a fork, a second between two things. `at` counts seconds. */
type Happening =
  | { readonly kind: 'push'; readonly at: number; readonly sha: string; readonly before: string }
  | { readonly kind: 'close' | 'reopen' | 'ask'; readonly at: number; readonly sha: string }

/** When a delivery arrives: what people ask at once, what GitHub tells of the pull request some time later, perhaps twice. */
interface Arrival {
  readonly at: number
  readonly happening: Happening
}

test('R-CMD-08 R-CMD-10 R-CMD-07 pushes, closings and openings end the same runs and approvals in whatever order, how late and how often GitHub tells of them', async () => {
  const random = randomOf(20_261_128)
  let pr = 100
  for (let n = 0; n < HISTORIES; n += 1) {
    await using scene = await startScene({ config: { limits: many } })
    const history = historyOf(random)
    const expected = outcomeOf(history)
    expect(
      await play(
        scene,
        pr++,
        history,
        history.map((happening) => ({ at: happening.at, happening })),
      ),
    ).toEqual(expected)
    for (let shuffle = 0; shuffle < SHUFFLES; shuffle += 1)
      expect(await play(scene, pr++, history, arrivalsOf(history, random)), JSON.stringify(history)).toEqual(
        expected,
      )
  }
})

/** Whether each ask's run is stopped, and which commits are approved in the end. */
interface Outcome {
  readonly stopped: readonly boolean[]
  readonly approved: readonly string[]
}

/** What must be, told by the history alone: no other code of the harness has a hand in it. */
function outcomeOf(history: readonly Happening[]): Outcome {
  const asks = history.filter(({ kind }) => kind === 'ask')
  const isAfter = (one: Happening, other: Happening) => other.at > one.at
  return {
    stopped: asks.map((ask) =>
      history.some(
        (one) => isAfter(ask, one) && (one.kind === 'close' || (one.kind === 'push' && one.sha !== ask.sha)),
      ),
    ),
    approved: [
      ...new Set(
        asks
          .filter((ask) => !history.some((one) => isAfter(ask, one) && one.kind === 'push'))
          .map(({ sha }) => sha),
      ),
    ],
  }
}

/** Every delivery in the order of its arrival; GitHub's own answers are those of the time of asking. */
async function play(
  scene: Scene,
  pr: number,
  history: readonly Happening[],
  arrivals: readonly Arrival[],
): Promise<Outcome> {
  const runs = new Map<Happening, string>()
  for (const [index, { happening }] of arrivals.toSorted((one, other) => one.at - other.at).entries()) {
    const id = `${pr}-${index}`
    if (happening.kind === 'ask') {
      scene.gitHub.pulls.set(pr, pullAt(history, happening))
      const known = new Set((await scene.store.queued()).map((run) => run.id))
      const comment = { id: pr * 1000 + happening.at, created_at: timeOf(happening) }
      const body = `!testme ok ${happening.sha}\n!testme`
      await scene.decided('issue_comment', commentOf(body, { issue: { number: pr }, comment }), id)
      const run = (await scene.store.queued()).find((one) => !known.has(one.id))
      runs.set(happening, run?.id ?? '')
    } else await scene.decided('pull_request', payloadOf(happening, pr), id)
  }
  const approvals = await scene.store.approvals(String(REPOSITORY_ID), pr)
  const asks = history.filter(({ kind }) => kind === 'ask')
  return {
    stopped: await Promise.all(
      asks.map(async (ask) => (await scene.store.run(runs.get(ask) ?? ''))?.stop !== null),
    ),
    approved: approvals.filter(({ revoked }) => !revoked).map(({ sha }) => sha),
  }
}

function pullAt(history: readonly Happening[], now: Happening): Fields {
  const pushed = history.findLast(({ kind, at }) => kind === 'push' && at < now.at)
  return {
    updated_at: timeOf(now),
    head: { sha: now.sha, repo: { id: 77, pushed_at: timeOf(pushed ?? { at: -1 }) } },
  }
}

function payloadOf(happening: Exclude<Happening, { readonly kind: 'ask' }>, pr: number): Fields {
  const repository = commentOf('')['repository']
  const pull_request = { number: pr, head: { sha: happening.sha }, updated_at: timeOf(happening) }
  if (happening.kind === 'push') return pushOf({ before: happening.before, pull_request })
  const action = happening.kind === 'close' ? 'closed' : 'reopened'
  return example('pull_request', action, { ...INSTALLATION, repository, pull_request })
}

function timeOf({ at }: { readonly at: number }): string {
  return new Date(START + at * 1000).toISOString().replace('.000Z', 'Z')
}

/** Pushes go to new commits or back to older ones; people ask while it is open. */
function historyOf(random: () => number): readonly Happening[] {
  const history: Happening[] = []
  let [sha, isOpen] = [shaOf(0), true]
  for (let at = 1; at <= LENGTH; at += 1) {
    const dice = random()
    if (!isOpen) {
      isOpen = true
      history.push({ kind: 'reopen', at, sha })
    } else if (dice < 0.45) history.push({ kind: 'ask', at, sha })
    else if (dice < 0.85) {
      const before = sha
      sha = shaOf((Number(sha[0]) + 1 + Math.floor(random() * 3)) % 4)
      history.push({ kind: 'push', at, sha, before })
    } else {
      isOpen = false
      history.push({ kind: 'close', at, sha })
    }
  }
  return history
}

function shaOf(digit: number): string {
  return String(digit).repeat(40)
}

function arrivalsOf(history: readonly Happening[], random: () => number): readonly Arrival[] {
  return history.flatMap((happening) => {
    if (happening.kind === 'ask') return [{ at: happening.at, happening }]
    const times = random() < 0.3 ? 2 : 1
    return Array.from({ length: times }, () => ({ at: happening.at + random() * LENGTH, happening }))
  })
}

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
