import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config.ts'
import { openRuns } from '../../src/lock/openRuns.ts'
import type { Config } from '../../src/model/config.ts'
import { stopRun } from '../../src/process/stopRun.ts'
import { runPaths } from '../../src/store/runFolder.ts'
import { openStateFolder, type StatePaths } from '../../src/store/stateFolder.ts'
import { bareEnvironment, processesNaming } from './processes.ts'
import { nowMs } from './wait.ts'

/** A state folder, recipes and a repository of the benchmark's own; disposing ends the runs and removes it all. */
export interface World extends AsyncDisposable {
  readonly root: string
  readonly config: Config
  readonly state: StatePaths
  readonly repository: string
  /** What `berth` is started with so that it works in here. */
  readonly env: Readonly<Record<string, string>>
}

/** Does nothing at all: what is left is what berth costs. */
export const NOOP = 'noop'
/** Stays in its stage until it is stopped. */
export const PARK = 'park'
/** Stays long enough for the next one to be ready behind it. */
export const SHORT = 'short'
/** The same, each run at a domain of its own. */
export const APART = 'apart'
/** Makes a tree of 26 processes that ignore TERM, and stays. */
export const STUBBORN = 'stubborn'

const TREE = fileURLToPath(new URL('../../test-concurrency/fixtures/recipe/stubborn', import.meta.url))
const STUBBORN_STAGE = `trap '' TERM; echo $$ >"$BERTH_ARTIFACTS/tree"; sh ${TREE} "$BERTH_ARTIFACTS/tree"; echo all >>"$BERTH_ARTIFACTS/tree"; sleep 3000`

const STAGES: Readonly<Record<string, string>> = {
  [NOOP]: 'true',
  [PARK]: 'sleep 3000',
  [APART]: 'sleep 3000',
  [SHORT]: 'sleep 1',
  [STUBBORN]: STUBBORN_STAGE,
}

/** @param slots with one, nothing starts beside a parked run */
export function makeWorld(folder: string, slots = 1): World {
  const root = mkdtempSync(join(folder, 'berth-bench-'))
  const repository = join(root, 'repository')
  const env = {
    ...bareEnvironment(),
    HOME: root,
    BERTH_CONFIG: join(root, 'berth.yml'),
    BERTH_STATE_DIR: join(root, 'state'),
  }
  try {
    for (const [name, stage] of Object.entries(STAGES))
      writeRecipe(join(root, 'recipes', name), stage, name === APART ? '{run}.{base}' : undefined)
    writeFileSync(env.BERTH_CONFIG, configuration(slots))
    makeRepository(repository)
    const config = loadConfig({ env, cwd: root })
    const state = openStateFolder(config.stateDir)
    return { root, config, state, repository, env, [Symbol.asyncDispose]: () => takeDown(root, state) }
  } catch (error) {
    rmSync(root, { recursive: true, force: true })
    throw error
  }
}

const configuration = (slots: number) => `recipesDir: ./recipes
baseDomain: ci.localhost
slots: ${slots}
repositories:
  acme/site: { recipes: [${NOOP}, ${PARK}, ${APART}], default: ${NOOP} }
limits: { perActorPerHour: 100000, perPullRequestPerHour: 100000, perRepositoryPerHour: 100000, repeatsPerTenMinutes: 100000 }
budgets: { killGrace: 2s }
`

function writeRecipe(folder: string, stage: string, domain?: string): void {
  mkdirSync(folder, { recursive: true })
  const recipe = {
    description: 'A recipe of the benchmark',
    driver: 'process',
    domain,
    stages: [{ name: 'only', run: stage }],
    teardown: { run: 'true' },
  }
  writeFileSync(join(folder, 'recipe.yml'), JSON.stringify(recipe))
}

function makeRepository(folder: string): void {
  git('init', '-q', folder)
  writeFileSync(join(folder, 'README.md'), 'A repository to measure with.\n')
  commitAll(folder, 'First')
}

/** Commits everything that lies in the repository. */
export function commitAll(folder: string, message: string): void {
  git('-C', folder, 'add', '.')
  git('-C', folder, 'commit', '-q', '-m', message)
}

const COMMITTER = ['user.name=bench', 'user.email=bench@example.org', 'commit.gpgSign=false'] as const

function git(...words: readonly string[]): void {
  const settings = COMMITTER.flatMap((setting) => ['-c', setting])
  execFileSync('git', [...settings, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
}

const LONGEST_END_MS = 30_000
const BETWEEN_MS = 20

/** Every process of a run has the path of its folder in its command line; the stages' own are ended by the runs' teardown. */
async function takeDown(root: string, state: StatePaths): Promise<void> {
  const end = nowMs() + LONGEST_END_MS
  for (const { run } of openRuns(state))
    stopRun(runPaths(state, run), { reason: 'cancelled', by: 'the end of the benchmark', atMs: Date.now() })
  while (processesNaming(root).length > 0) {
    if (nowMs() > end)
      throw new Error(`processes ${processesNaming(root).join(', ')} of ${root} do not end; the folder stays`)
    await pause(BETWEEN_MS)
  }
  rmSync(root, { recursive: true, force: true })
}
