import { createHash } from 'node:crypto'
import { existsSync, readFileSync, watch } from 'node:fs'
import { basename, join } from 'node:path'
import { findSource, type Source } from '../../src/cli/source.ts'
import { claim } from '../../src/lock/claim.ts'
import { startRun } from '../../src/lock/startRun.ts'
import { domainFor, namesOf } from '../../src/model/domain.ts'
import type { EntryBody } from '../../src/model/journal.ts'
import { journalEntries } from '../../src/model/readJournal.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { makeRequest } from '../../src/model/request.ts'
import type { RunRequest } from '../../src/model/run.ts'
import { recoverer } from '../../src/process/recovery.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { readResult } from '../../src/store/result.ts'
import type { RunPaths } from '../../src/store/runFolder.ts'
import { newRunId } from '../../src/store/runId.ts'
import { figure, type Part, ratios, stepsOf } from './figures.ts'
import { timeNodeStart } from './processes.ts'
import { type Measuring, nowMs } from './wait.ts'
import { makeWorld, NOOP, type World } from './world.ts'

/** Rounds that fill the compile cache and the mirror; they do not count. */
const WARM_UPS = 3

/** What a run costs that does nothing: from the claim of its name to its result on disk. */
export async function measureRuns(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using world = makeWorld(folder)
  const recipe = loadRecipe(join(world.root, 'recipes', NOOP), world.config.budgets)
  const source = await findSource(world.repository, null)
  const launch = () => timeRun(world, recipe, source)
  for (let round = 0; round < WARM_UPS; round += 1) await launch()
  const node: number[] = []
  const runs: RunTimes[] = []
  for (let round = 1; round <= rounds; round += 1) {
    measuring.signal.throwIfAborted()
    node.push(await timeNodeStart())
    runs.push(await launch())
    measuring.say(`run ${round}/${rounds}`)
  }
  return partOf(node, runs)
}

/** Milliseconds since the launch. The journal's clock has whole ones. */
type RunTimes = Readonly<Record<keyof typeof MOMENTS, number>>

const MOMENTS = {
  claimed: 'names claimed (in the launcher)',
  handedOver: 'folder, marks, wrapper started (in the launcher)',
  started: 'wrapper and Node begin: process.started',
  prepared: 'checkout: prepared',
  stageStarted: 'stage.started',
  stageEnded: 'stage: stage.ended',
  tornDown: 'teardown: teardown.ended',
  concluded: 'concluded',
  result: 'result.json on disk',
  free: 'marks cleared, processes ended: the name is free',
} as const

async function timeRun(world: World, recipe: Recipe, source: Source): Promise<RunTimes> {
  const { state } = world
  const request = requestOf(world, recipe, source)
  const beganMs = nowMs()
  const held = await claim(state, request.names, recoverer(state, 'bench', false))
  if (held.kind !== 'held') throw new Error(`${request.domain} is ${held.kind}`)
  const claimedMs = nowMs()
  const { run, wrapper } = await startRun({
    state,
    request,
    recipeFolder: recipe.folder,
    held,
    cloneToken: null,
    warm: null,
  })
  const handedOverMs = nowMs()
  const resultMs = await timeOfResult(run, wrapper.ended)
  await wrapper.ended
  const freeMs = nowMs()
  mustHavePassed(run)
  return sinceLaunch(beganMs, { claimedMs, handedOverMs, resultMs, freeMs }, run)
}

export function requestOf(
  { config }: World,
  recipe: Recipe,
  { owner, repo, ...source }: Omit<Source, 'remark'>,
): RunRequest {
  const run = newRunId()
  const made = domainFor(recipe, { owner, repo, pr: 0, run }, config, (text) =>
    createHash('sha256').update(text).digest('hex'),
  )
  if ('fault' in made) throw new Error(made.fault)
  const { domain } = made
  const wish = {
    run,
    domain,
    names: namesOf(recipe, domain),
    ...source,
    pr: 0,
    actor: 'bench',
    arguments: {},
    fork: false,
  }
  const rest = { foreground: false, keepMs: 0, requestedAtMs: Date.now() }
  return makeRequest({ ...wish, ...rest }, recipe, config, null)
}

/** The moment at which the name appears in the run's folder; its content was flushed before. */
async function timeOfResult(run: RunPaths, ended: Promise<void>): Promise<number> {
  const seen = Promise.withResolvers<number>()
  const watcher = watch(run.folder, (_, name) => {
    if (name === basename(run.result)) seen.resolve(nowMs())
  }).on('error', seen.reject)
  if (existsSync(run.result)) seen.resolve(nowMs())
  try {
    return await Promise.race([seen.promise, ended.then(nowMs)])
  } finally {
    watcher.close()
  }
}

export function mustHavePassed(run: RunPaths): void {
  const result = readResult(run)
  if (result?.conclusion === 'success' && result.verified) return
  const why = result?.title ?? readFileSync(run.wrapperLog, 'utf8')
  throw new Error(`run ${run.id} of the benchmark did not pass: ${why}`)
}

function sinceLaunch(
  beganMs: number,
  seen: Readonly<Record<'claimedMs' | 'handedOverMs' | 'resultMs' | 'freeMs', number>>,
  run: RunPaths,
): RunTimes {
  const entries = journalEntries(readFileSync(run.journal, 'utf8'))
  const at = (event: EntryBody['event']) =>
    (entries.find((entry) => entry.event === event)?.mono ?? Number.NaN) - beganMs
  return {
    claimed: seen.claimedMs - beganMs,
    handedOver: seen.handedOverMs - beganMs,
    started: at('process.started'),
    prepared: at('prepared'),
    stageStarted: at('stage.started'),
    stageEnded: at('stage.ended'),
    tornDown: at('teardown.ended'),
    concluded: at('concluded'),
    result: seen.resultMs - beganMs,
    free: seen.freeMs - beganMs,
  }
}

function partOf(node: readonly number[], runs: readonly RunTimes[]): Part {
  const results = runs.map(({ result }) => result)
  return {
    name: 'run',
    title: '1. A run that does nothing, over the start of node',
    conditions:
      'One stage `true`, teardown `true`, launched as the service does. Compile cache and mirror are warm; rounds alternate: node, run, node, run…',
    groups: [
      {
        title: 'ratio',
        figures: [
          figure('launch to result.json, over `node -e 0`', '×', ratios(results, node), 2.5),
          figure('`node -e 0`', 'ms', node),
          figure('launch to result.json', 'ms', results),
        ],
      },
      { title: 'where the time goes, step by step', figures: stepsOf(MOMENTS, runs) },
    ],
  }
}
