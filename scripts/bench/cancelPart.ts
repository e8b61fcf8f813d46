import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { findSource, type Source } from '../../src/cli/source.ts'
import { claim } from '../../src/lock/claim.ts'
import { startRun } from '../../src/lock/startRun.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { isLiveState, statOf } from '../../src/process/procfs.ts'
import { recoverer } from '../../src/process/recovery.ts'
import { stopRun } from '../../src/process/stopRun.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { readIfThere } from '../../src/store/durable.ts'
import { figure, type Part } from './figures.ts'
import { requestOf } from './runPart.ts'
import { type Measuring, nowMs, until } from './wait.ts'
import { makeWorld, STUBBORN, type World } from './world.ts'

const BETWEEN_LOOKS_MS = 1

/** From a cancel to the death of a whole tree that ignores TERM, minus the grace that it has. */
export async function measureCancels(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using world = makeWorld(folder)
  const recipe = loadRecipe(join(world.root, 'recipes', STUBBORN), world.config.budgets)
  const source = await findSource(world.repository, null)
  const times: CancelTimes[] = []
  for (let round = 0; round <= rounds; round += 1) {
    measuring.signal.throwIfAborted()
    const time = await timeCancel(world, recipe, source, measuring.signal)
    measuring.say(`cancel ${round}/${rounds}`)
    // The first round fills caches.
    if (round > 0) times.push(time)
  }
  return partOf(times)
}

/** Milliseconds since the cancel, minus the grace. */
interface CancelTimes {
  readonly dead: number
  readonly free: number
  readonly processes: number
}

async function timeCancel(
  world: World,
  recipe: Recipe,
  source: Source,
  signal: AbortSignal,
): Promise<CancelTimes> {
  const { state } = world
  const request = requestOf(world, recipe, source)
  const held = await claim(state, request.names, recoverer(state, 'bench', false))
  if (held.kind !== 'held') throw new Error(`${request.domain} is ${held.kind}`)
  const rest = { held, cloneToken: null, warm: null }
  const { run, wrapper } = await startRun({ state, request, recipeFolder: recipe.folder, ...rest })
  const file = join(run.artifacts, 'tree')
  await until('the tree', () => readIfThere(file)?.endsWith('all\n') ?? false, signal)
  const tree = readFileSync(file, 'utf8')
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0)
  const beganMs = nowMs()
  stopRun(run, { reason: 'cancelled', by: 'bench', atMs: Date.now() })
  while (tree.some((pid) => isLiveState(statOf(pid)))) await pause(BETWEEN_LOOKS_MS)
  const deadMs = nowMs()
  await wrapper.ended
  const sinceGrace = (momentMs: number) => momentMs - beganMs - request.budgets.killGraceMs
  return { dead: sinceGrace(deadMs), free: sinceGrace(nowMs()), processes: tree.length }
}

function partOf(times: readonly CancelTimes[]): Part {
  const dead = times.map((time) => time.dead)
  const sorted = dead.toSorted((one, other) => one - other)
  const p95 = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? Number.NaN
  return {
    name: 'cancel',
    title: '6. Cancel of a tree that ignores TERM',
    conditions: `${times[0]?.processes ?? 0} processes, five of them double-forked into sessions of their own. Times since the cancel, minus the grace.`,
    groups: [
      {
        title: 'after the grace',
        figures: [
          figure('all are dead', 'ms', dead, 100),
          figure('the same, p95', 'ms', [p95], 100),
          figure(
            'torn down, concluded, the name is free',
            'ms',
            times.map((time) => time.free),
          ),
        ],
      },
    ],
  }
}
