import { join } from 'node:path'
import type { CheckRun, Comment } from '../../src/sandbox/github/records.ts'
import { until } from '../fixtures/until.ts'
import { SITE } from '../fixtures/world.ts'
import type { Scene } from '../service/fixtures/scene.ts'
import type { Service } from '../service/fixtures/service.ts'
import { type Door, door, makeDoors } from './doors.ts'
import { type Found, find } from './found.ts'
import type { Point } from './point.ts'
import type { Preload } from './preload.ts'
import { isReady, isTold, redeliver, seldom } from './watch.ts'

/** What people do. `cancel`: they end the run while it is in its stage. */
export const STORIES = ['run', 'cancel'] as const
export type StoryName = (typeof STORIES)[number]

export interface Plan {
  readonly story: StoryName
  /** Where the first service is killed, where the second one, and so on; the one after them goes on to the end. */
  readonly points: readonly Point[]
}

/** What happened, for those who judge it. */
export interface Played {
  /** What the service after each kill met. */
  readonly found: readonly Found[]
  /** Points that their service, which ended in order, never came to. */
  readonly unmet: readonly Point[]
  readonly comments: readonly Comment[]
  /** Where the calls of each service that was watched are written down: one for each point, and the one after them. */
  readonly records: readonly string[]
}

/** The pull request that it plays at. */
export const PR = 1
const MOST_MS = 90_000

/**
 * Plays a story to its end: a comment, its run, its reports; then the service is stopped in order. Whenever a service is dead the next one
 * is started, at once. The run stands still at each of its doors until GitHub has heard that it is there, so that
 * every story has the same calls.
 */
export async function play(plan: Plan, preload: Preload, scene: Scene): Promise<Played> {
  const doors = makeDoors(scene.world)
  scene.recipe('app', {
    stages: { inside: `${SITE} up; ${door('inside')}; ${SITE} check` },
    teardown: `${SITE} down; ${door('down')}`,
  })
  const services = servicesOf(plan, preload, { ...scene, env: { ...scene.env, PATH: doors.path } })
  const comments: Comment[] = []
  const say = (words: string) => void comments.push(scene.gitHub.people.comment(PR, 'octocat', words))
  const cancel = once(() => say('!testme cancel'))
  function move(): void {
    services.revive()
    redeliver(scene, services.last())
    const at = doorOf(checkOf(scene))
    if (at === 'inside' && plan.story === 'cancel') cancel()
    else if (at !== null) doors.open(at)
  }
  const moved = (what: string, look: () => boolean) => until(what, () => (move(), look()), MOST_MS)
  const isSettled = seldom(() => isReady(services.last()) && isTold(scene))

  await moved('a service', () => isReady(services.last()))
  say('!testme app')
  await moved('the end of its check', () => checkOf(scene)?.status === 'completed')
  do await moved('all to be told', isSettled)
  while (!(await services.stop()))
  return { found: services.found, unmet: services.unmet(), comments, records: services.records }
}

/** The services of a story, one after the other. */
function servicesOf({ points }: Plan, preload: Preload, scene: Scene) {
  const found: Found[] = []
  const records: string[] = []
  function begin(): Service {
    if (records.length > points.length) return scene.begin(scene.env)
    const record = join(scene.world.root, `calls-${records.length}`)
    const point = points[records.length] ?? null
    records.push(record)
    return scene.begin({ ...scene.env, ...preload.env(record, point) })
  }
  let last = begin()
  return {
    found,
    records,
    unmet: () => points.slice(found.length),
    last: () => last,
    /** The next one, if the last one was killed. */
    revive(): void {
      if (!last.started.isOver()) return
      if (found.length === points.length)
        throw new Error(`service ${last.pid} is over, and nobody has killed it`)
      found.push(find(scene.world))
      last = begin()
    },
    /** Stops the last one in order. False = it was killed over that. */
    async stop(): Promise<boolean> {
      last.started.kill('SIGTERM')
      const { code, signal } = await last.started.ended()
      if (signal === 'SIGKILL') return false
      if (code !== 0) throw new Error(`the service ended with ${signal ?? code}`)
      return true
    },
  }
}

function checkOf({ checks }: Scene): CheckRun | null {
  return checks.all().at(-1) ?? null
}

/** Where the run stands that the check shows. */
function doorOf(check: CheckRun | null): Door | null {
  const title = check?.output.title ?? ''
  return Object.entries(DOOR_OF_TITLE).find(([words]) => title.startsWith(words))?.[1] ?? null
}

const DOOR_OF_TITLE: Readonly<Record<string, Door>> = {
  Starting: 'boot',
  'Stage checkout': 'checkout',
  'Stage inside': 'inside',
  'Tearing down': 'down',
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (!done) act()
    done = true
  }
}
