import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findSource, type Source } from '../../src/cli/source.ts'
import { type StartedRun, startRun } from '../../src/lock/startRun.ts'
import { claimInTurn } from '../../src/lock/waiting.ts'
import type { EntryBody } from '../../src/model/journal.ts'
import { journalEntries } from '../../src/model/readJournal.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { recoverer } from '../../src/process/recovery.ts'
import { createWarmRuns, type WarmRuns } from '../../src/process/warmRuns.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import type { RunPaths } from '../../src/store/runFolder.ts'
import { figure, type Part, ratios, stepsOf } from './figures.ts'
import { timeNodeStart } from './processes.ts'
import { mustHavePassed, requestOf } from './runPart.ts'
import type { Measuring } from './wait.ts'
import { makeWorld, SHORT, type World } from './world.ts'

/** From the end of one run to the start of the next one on its domain, with and without processes that were started ahead. */
export async function measureHandOvers(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using world = makeWorld(folder)
  const recipe = loadRecipe(join(world.root, 'recipes', SHORT), world.config.budgets)
  const source = await findSource(world.repository, null)
  const node: number[] = []
  const times = { warm: [] as HandOver[], cold: [] as HandOver[] }
  for (let round = 0; round <= rounds; round += 1) {
    measuring.signal.throwIfAborted()
    const nodeMs = await timeNodeStart()
    const warm = await timeHandOver(world, recipe, source, 1)
    const cold = await timeHandOver(world, recipe, source, 0)
    measuring.say(`hand-over ${round}/${rounds}`)
    // The first round fills caches.
    if (round === 0) continue
    node.push(nodeMs)
    times.warm.push(warm)
    times.cold.push(cold)
  }
  return partOf(node, times)
}

const MOMENTS = {
  concluded: 'the verdict of the first run is written',
  started: 'the next run begins: process.started',
  prepared: 'its checkout: prepared',
} as const

/** Milliseconds since the first run's verdict. */
type HandOver = Readonly<Record<keyof typeof MOMENTS, number>>

/** @param most how many runs may have processes ahead of their locks */
async function timeHandOver(world: World, recipe: Recipe, source: Source, most: number): Promise<HandOver> {
  const first = await startNext(
    world,
    recipe,
    source,
    createWarmRuns(world.state, () => 0),
  )
  const second = await startNext(
    world,
    recipe,
    source,
    createWarmRuns(world.state, () => most),
  )
  await Promise.all([first.wrapper.ended, second.wrapper.ended])
  for (const { run } of [first, second]) mustHavePassed(run)
  const beganMs = at(first.run, 'concluded')
  return {
    concluded: 0,
    started: at(second.run, 'process.started') - beganMs,
    prepared: at(second.run, 'prepared') - beganMs,
  }
}

/** Waits as `berth run --wait` does. */
async function startNext(world: World, recipe: Recipe, source: Source, warms: WarmRuns): Promise<StartedRun> {
  const { state } = world
  const request = requestOf(world, recipe, source)
  const { run: id, names } = request
  const waiting = { id, names, variants: [names], foreground: false }
  const claimed = await claimInTurn(state, names, [names], recoverer(state, 'bench', false), {
    what: 'bench',
    forMs: 60_000,
    signal: new AbortController().signal,
    warm: () => warms.of(id, [names]),
    waiting(inTheWay, isNext) {
      if (isNext && inTheWay.kind === 'busy') void warms.prepare(waiting, inTheWay.run)
    },
  })
  if (claimed.kind !== 'held') throw new Error(`${request.domain} is ${claimed.kind}`)
  const warm = warms.take(id, claimed)
  warm?.child.ref()
  return startRun({ state, request, recipeFolder: recipe.folder, held: claimed, cloneToken: null, warm })
}

function at(run: RunPaths, event: EntryBody['event']): number {
  const entries = journalEntries(readFileSync(run.journal, 'utf8'))
  return entries.find((entry) => entry.event === event)?.mono ?? Number.NaN
}

function partOf(
  node: readonly number[],
  { warm, cold }: Readonly<Record<'warm' | 'cold', readonly HandOver[]>>,
): Part {
  const started = (times: readonly HandOver[]) => times.map((time) => time.started)
  return {
    name: 'handover',
    title: '5. Hand-over of a domain from one run to the next',
    conditions:
      'The second run waits as `berth run --wait` does. From the verdict of the first, before its result, the release and the end of its processes, to the first line of the second.',
    groups: [
      {
        title: 'ratio',
        figures: [
          figure('hand-over, over `node -e 0`', '×', ratios(started(warm), node), 1),
          figure('the same without processes started ahead', '×', ratios(started(cold), node)),
          figure('`node -e 0`', 'ms', node),
        ],
      },
      { title: 'with processes started ahead', figures: stepsOf(MOMENTS, warm) },
      { title: 'without', figures: stepsOf(MOMENTS, cold) },
    ],
  }
}
