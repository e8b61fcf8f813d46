import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killIfAlive } from '../fixtures/kernel.ts'
import { makeRepository, makeWorld, type World } from '../fixtures/world.ts'
import { type Scene, startScene } from '../service/fixtures/scene.ts'
import type { Found } from './found.ts'
import { type Call, nameOf, type Point } from './point.ts'
import { buildPreload, type Preload, recorded } from './preload.ts'
import { type Plan, type Played, play } from './story.ts'
import { faultsOfAnswer, faultsOfRun, faultsOfServices, faultsOfState } from './verdict.ts'

/** What came of a story that was played. */
export interface Outcome extends Plan {
  readonly unmet: readonly Point[]
  readonly found: readonly Found[]
  /** The calls of each service that was watched, as far as it came: one for each point, and the one after them. */
  readonly lives: readonly (readonly Call[])[]
  readonly conclusion: string | null
  readonly faults: readonly string[]
  /** For the reader of a failed one. */
  readonly told: string
}

/** Plays stories, each in a world of its own. */
export interface Theatre extends Disposable {
  readonly play: (plan: Plan) => Promise<Outcome>
}

export function openTheatre(): Theatre {
  const preload = buildPreload()
  const repository = mkdtempSync(join(tmpdir(), 'berth-crash-'))
  makeRepository(repository)
  return {
    play: (plan) => playIn(makeWorld(repository), plan, preload),
    [Symbol.dispose]() {
      preload[Symbol.dispose]()
      rmSync(repository, { recursive: true })
    },
  }
}

async function playIn(world: World, plan: Plan, preload: Preload): Promise<Outcome> {
  const outcome = await perform(world, plan, preload).catch((error: unknown) => broken(plan, world, error))
  world.close()
  // What a failed story has left is ended by pid, and its folder stays.
  for (const pid of world.judge().pids) if (pid !== process.pid) killIfAlive(pid)
  if (outcome.faults.length === 0) rmSync(world.root, { recursive: true, force: true })
  return outcome
}

async function perform(world: World, plan: Plan, preload: Preload): Promise<Outcome> {
  await using scene = await startScene(world)
  try {
    const played = await play(plan, preload, scene)
    const faults = await faultsIn(scene, plan, played)
    const { found, unmet, records } = played
    const conclusion = scene.checks.all()[0]?.conclusion ?? null
    const told = faults.length === 0 ? '' : toldOf(world, scene)
    return { ...plan, found, unmet, conclusion, faults, lives: records.map(recorded), told }
  } catch (error) {
    return broken(plan, world, error, scene)
  }
}

async function faultsIn(
  scene: Scene,
  { story }: Plan,
  { found, comments }: Played,
): Promise<readonly string[]> {
  const runs = scene.world.runs()
  const [run] = runs
  const isUnbegun = found.some(({ unbegun }) => unbegun)
  const expected = {
    conclusions: [story === 'run' ? 'success' : 'cancelled', ...(isUnbegun ? ['failure'] : [])],
    ends: 1 + found.length,
  }
  return [
    ...(runs.length === 1 ? [] : [`${runs.length} runs came of one comment`]),
    ...runs.flatMap((each) => faultsOfRun(scene, each, expected)),
    ...comments.flatMap((comment) => faultsOfAnswer(scene, comment, run?.result()?.conclusion)),
    ...(scene.replies(comments[0]?.issue ?? 0).length === comments.length
      ? []
      : ['there are further replies']),
    ...faultsOfServices(scene),
    ...(await faultsOfState(scene)),
  ]
}

function broken(plan: Plan, world: World, error: unknown, scene: Scene | null = null): Outcome {
  const text = error instanceof Error ? error.message : String(error)
  const faults = [text]
  return { ...plan, unmet: [], found: [], lives: [], conclusion: null, faults, told: toldOf(world, scene) }
}

function toldOf(world: World, scene: Scene | null): string {
  return [`its folder is kept: ${world.root}`, scene?.dump() ?? '', world.dump()].join('\n')
}

/** All that its reader needs to see what happened, and to play it again. */
export function failureText({ story, points, faults, told }: Outcome): string {
  const again = points.map((point) => ` --point '${nameOf(point)}'`).join('')
  return [
    `===== ${story}, killed ${points.map(nameOf).join(', then ')}`,
    `again: npm run crash -- --story ${story}${again}`,
    ...faults.map((fault) => `  ${fault}`),
    told,
  ].join('\n')
}
