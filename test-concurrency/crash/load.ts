import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { People } from '../../src/sandbox/github/people.ts'
import type { CheckRun, Comment } from '../../src/sandbox/github/records.ts'
import { runAt } from '../fixtures/run.ts'
import { until } from '../fixtures/until.ts'
import { SITE } from '../fixtures/world.ts'
import { makeRandom, type Random } from '../fuzz/random.ts'
import type { Scene } from '../service/fixtures/scene.ts'
import { lookAtRecords } from './found.ts'
import { inOwnScene, type Shown } from './ownScene.ts'
import { faultsOfAnswer, faultsOfRun, faultsOfServices, faultsOfState } from './verdict.ts'
import { isReady, isTold, redeliver, seldom } from './watch.ts'

export interface LoadPlan {
  readonly runs: number
  /** How often the service is killed meanwhile. */
  readonly kills: number
  readonly seed: number
  readonly say: (text: string) => void
}

/** Times are seconds. */
export interface Figures {
  readonly seed: number
  readonly kills: number
  readonly runs: number
  readonly cancels: number
  /** How the runs ended, and how often. */
  readonly ends: Readonly<Record<string, number>>
  readonly took: number
  /** The longest time in which GitHub heard of no end. */
  readonly longestGap: number
  /** From a comment to the end of its run on GitHub. */
  readonly longestRun: number
  readonly medianRun: number
  /** How often GitHub was told of one end at most. */
  readonly mostTold: number
}

const REPOSITORIES = ['shop', 'wiki']
const PULLS_EACH = 3
const RECIPES = ['app', 'also', 'long', 'red']
/** Runs that are asked for and have not ended. */
const MOST_UNDER_WAY = 20
const CANCEL_SHARE = 0.2
const MOST_MS = 300_000

/** Kills the service at random moments while people ask for runs, and cancel some; then lets the last one finish. */
export function load(plan: LoadPlan): Promise<Shown<Figures>> {
  return inOwnScene((scene) => playLoad(plan, scene))
}

async function playLoad(plan: LoadPlan, scene: Scene) {
  const random = makeRandom(plan.seed)
  const places = await settle(scene)
  const asked = peopleAsking(plan, scene, places, random)
  const beganMs = performance.now()
  let killed = 0
  const move = () => {
    redeliver(scene, scene.service())
    asked.ask(killed)
  }
  await scene.serve()
  const moving = until('all comments', () => (move(), asked.isAllSaid()), 24 * 3_600_000)
  for (; killed < plan.kills; killed += 1) {
    await until(`comment ${asked.due(killed)}`, () => asked.runs() >= asked.due(killed), MOST_MS)
    await killSoon(scene, random)
    if (killed % 10 === 9) plan.say(`${killed + 1} kills, ${asked.runs()} runs asked for`)
  }
  await moving
  await until('all to end', () => (move(), asked.underWay() === 0), MOST_MS)
  const isSettled = seldom(() => isReady(scene.service()) && isTold(scene))
  await until('all to be told', () => (move(), isSettled()), MOST_MS)
  await scene.stop()
  const took = performance.now() - beganMs
  return { value: figuresOf(plan, scene, asked, took), faults: await faultsIn(plan, scene, asked) }
}

/** Three repositories; two recipes have one domain. */
async function settle(scene: Scene): Promise<readonly Place[]> {
  const shared = { domain: '{repo}-{pr}.{base}' }
  const own = { domain: '{repo}-{recipe}-{pr}.{base}' }
  scene.recipe('app', shared)
  scene.recipe('also', shared)
  scene.recipe('long', { ...own, stages: { up: `${SITE} up`, rest: 'sleep 5', check: `${SITE} check` } })
  scene.recipe('red', { ...own, stages: { up: `${SITE} up`, fail: 'exit 3' } })
  const site = { people: scene.gitHub.people, pulls: [1, 2] }
  const places: Place[] = [site]
  for (const name of REPOSITORIES) {
    scene.enrol(`acme/${name}`)
    const people = await scene.gitHub.addRepository(name)
    const pulls: number[] = []
    for (let pull = 1; pull <= PULLS_EACH; pull += 1) {
      const parts = { branch: `change-${pull}`, files: { 'a.txt': `${pull}\n` } }
      const { number } = await people.openPull({ ...parts, title: 'A change', body: '', author: 'octocat' })
      pulls.push(number)
    }
    places.push({ people, pulls })
  }
  return places
}

interface Place {
  readonly people: People
  readonly pulls: readonly number[]
}

interface Said {
  readonly comment: Comment
  readonly people: People
  readonly atMs: number
}

type Asking = ReturnType<typeof peopleAsking>

function peopleAsking({ runs, kills }: LoadPlan, scene: Scene, places: readonly Place[], random: Random) {
  const said: Said[] = []
  const cancels: Said[] = []
  const cancelled = new Set<string>()
  const ended = new Map<string, number>()
  scene.checks.onTold(({ externalId, status }) => {
    if (status === 'completed' && !ended.has(externalId)) ended.set(externalId, performance.now())
  })
  const underWay = () => said.length - ended.size
  function say(people: People, pull: number, words: string): Said {
    return { comment: people.comment(pull, 'octocat', words), people, atMs: performance.now() }
  }
  /** Runs are spread over the kills. */
  const due = (killed: number) => Math.floor((runs * killed) / (kills + 1))
  /** One that was not cancelled yet and is long; GitHub lags behind, so its folder is asked whether it is there still. */
  const mayBeCancelled = ({ externalId, status, name }: CheckRun) =>
    status !== 'completed' &&
    name.endsWith('/ long') &&
    !cancelled.has(externalId) &&
    runAt(join(scene.world.state, 'runs'), externalId, null).result() === null
  /** Some run, on its own pull request. */
  function cancelOne(): void {
    const live = scene.checks.all().filter(mayBeCancelled)
    if (live.length === 0) return
    const { externalId, repositoryId, sha } = random.pick(live)
    const pull = [...scene.gitHub.memory.pulls.values()].find(
      ({ head, ...pull }) => pull.repositoryId === repositoryId && head.sha === sha,
    )
    const there = said.find(({ comment }) => comment.repositoryId === repositoryId)
    if (pull === undefined || there === undefined) throw new Error(`run ${externalId} is of no pull request`)
    cancelled.add(externalId)
    cancels.push(say(there.people, pull.number, `!testme cancel ${externalId}`))
  }
  return {
    said,
    cancels,
    ended,
    underWay,
    due,
    runs: () => said.length,
    isAllSaid: () => said.length === runs,
    /** As many comments as are due by now, and a cancel if there is something to cancel. */
    ask(killed: number): void {
      if (cancels.length < said.length * CANCEL_SHARE) cancelOne()
      while (said.length < Math.min(runs, due(killed + 1) + 1) && underWay() < MOST_UNDER_WAY) {
        const { people, pulls } = random.pick(places)
        said.push(say(people, random.pick(pulls), `!testme ${random.pick(RECIPES)}`))
      }
    },
  }
}

const MOST_BOOT_MS = 800
const MOST_UP_MS = 2_000

/** Three of ten die while they start. The moment is random; nobody waits for anything. */
async function killSoon(scene: Scene, random: Random): Promise<void> {
  const service = scene.service()
  const atBoot = random.chance(0.3)
  if (!atBoot) await service.ready()
  await pause(random.next() * (atBoot ? MOST_BOOT_MS : MOST_UP_MS))
  await service.kill()
  scene.begin()
}

async function faultsIn({ runs, kills }: LoadPlan, scene: Scene, { said, cancels }: Asking) {
  const records = lookAtRecords(scene.world)?.runs ?? []
  const ofComment = Map.groupBy(records, ({ commentId }) => commentId)
  return [
    ...(records.length === runs ? [] : [`${records.length} runs came of ${runs} comments`]),
    ...said.flatMap(({ comment: { id } }) =>
      ofComment.get(id)?.length === 1 ? [] : [`${ofComment.get(id)?.length ?? 0} runs came of comment ${id}`],
    ),
    ...records.flatMap((run) => faultsOfRun(scene, run, 1 + kills)),
    ...said.flatMap(({ comment: { id } }) =>
      faultsOfAnswer(scene, id, ofComment.get(id)?.[0]?.verdict?.conclusion ?? null),
    ),
    ...cancels.flatMap(({ comment: { id } }) => faultsOfAnswer(scene, id, null)),
    ...faultsOfServices(scene),
    ...(await faultsOfState(scene.world)),
  ]
}

function figuresOf(
  { seed, kills, runs }: LoadPlan,
  scene: Scene,
  { said, cancels, ended }: Asking,
  tookMs: number,
): Figures {
  const records = lookAtRecords(scene.world)?.runs ?? []
  const saidAt = new Map(said.map(({ comment, atMs }) => [comment.id, atMs]))
  const lasted = records
    .map(({ id, commentId }) => (ended.get(id) ?? 0) - (saidAt.get(commentId) ?? 0))
    .sort((one, other) => one - other)
  const ends = [...ended.values()]
  const gaps = ends.map((at, index) => at - (ends[index - 1] ?? at))
  const reasons = Object.groupBy(records, ({ verdict }) => `${verdict?.conclusion} (${verdict?.reason})`)
  return {
    seed,
    kills,
    runs,
    cancels: cancels.length,
    ends: Object.fromEntries(Object.entries(reasons).map(([reason, all]) => [reason, all?.length ?? 0])),
    took: seconds(tookMs),
    longestGap: seconds(Math.max(...gaps)),
    longestRun: seconds(lasted.at(-1) ?? 0),
    medianRun: seconds(lasted[Math.floor(lasted.length / 2)] ?? 0),
    mostTold: Math.max(...records.map(({ id }) => scene.checks.ends(id))),
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}
