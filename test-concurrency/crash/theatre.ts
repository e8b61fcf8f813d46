import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeRepository } from '../fixtures/world.ts'
import type { Scene } from '../service/fixtures/scene.ts'
import { type Found, lookAtRecords } from './found.ts'
import { inOwnScene } from './ownScene.ts'
import { type Call, nameOf, type Point } from './point.ts'
import { buildPreload, type Preload, recorded } from './preload.ts'
import { type Plan, type Played, PR, play } from './story.ts'
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
    async play(plan) {
      const { value, faults, told } = await inOwnScene((scene) => perform(scene, plan, preload), repository)
      return { ...plan, ...(value ?? NOTHING), faults, told }
    },
    [Symbol.dispose]() {
      preload[Symbol.dispose]()
      rmSync(repository, { recursive: true })
    },
  }
}

/** Of a story that broke off. */
const NOTHING = { unmet: [], found: [], lives: [], conclusion: null }

async function perform(scene: Scene, plan: Plan, preload: Preload) {
  const played = await play(plan, preload, scene)
  const { found, unmet, records } = played
  const conclusion = scene.checks.all()[0]?.conclusion ?? null
  const value = { found, unmet, conclusion, lives: records.map(recorded) }
  return { value, faults: await faultsIn(scene, plan, played) }
}

async function faultsIn(
  scene: Scene,
  { story }: Plan,
  { found, comments }: Played,
): Promise<readonly string[]> {
  const runs = lookAtRecords(scene.world)?.runs ?? []
  const conclusion = runs[0]?.verdict?.conclusion ?? null
  const isUnbegun = found.some(({ unbegun }) => unbegun)
  const due = [story === 'run' ? 'success' : 'cancelled', ...(isUnbegun ? ['failure'] : [])]
  return [
    ...(runs.length === 1 ? [] : [`${runs.length} runs came of one comment`]),
    ...(due.includes(conclusion ?? '') ? [] : [`the run ended with ${conclusion}`]),
    ...runs.flatMap((run) => faultsOfRun(scene, run, 1 + found.length)),
    ...comments.flatMap(({ id }) => faultsOfAnswer(scene, id, conclusion)),
    ...(scene.replies(PR).length === comments.length ? [] : ['there are further replies']),
    ...faultsOfServices(scene),
    ...(await faultsOfState(scene.world)),
  ]
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
