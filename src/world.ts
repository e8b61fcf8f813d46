import type { Context, ServiceContext } from './cli/context.ts'
import { type Given, loadConfig, loadInForce } from './config.ts'
import { InputError } from './errors.ts'
import type { JanitorWorld } from './janitor/ports.ts'
import { claim } from './lock/claim.ts'
import { adoptForgotten, dirtyNames } from './lock/dirtyNames.ts'
import { holdersOf, lockedFiles } from './lock/holders.ts'
import { removeIdleLock } from './lock/idle.ts'
import { suspectedLeaks } from './lock/leaks.ts'
import { peekMark } from './lock/lockFile.ts'
import { letGo } from './lock/nameLocks.ts'
import { peekTickets, sweepTickets } from './lock/tickets.ts'
import { didYouMean } from './model/closest.ts'
import type { Config } from './model/config.ts'
import { isOff } from './model/mechanisms.ts'
import { isResource } from './model/names.ts'
import type { Recipe } from './model/recipe.ts'
import { enforceCeilings, type Overdue } from './process/ceiling.ts'
import { recoverer } from './process/recovery.ts'
import { letGoOn } from './process/standstill.ts'
import { loadRecipe, loadRecipes } from './recipes/load.ts'
import { sweepSecrets } from './secrets/sweepSecrets.ts'
import { lockPath, namesWithLockFile, openStateFolder, type StatePaths } from './store/stateFolder.ts'
import { makeEngineWorld } from './world/engineLeftovers.ts'
import { once } from './world/once.ts'
import { makeRetentionWorld } from './world/retention.ts'

/** What every command works with. */
export function makeContext(): Context {
  const given = givenNow()
  return contextOf(loadConfig(given), given)
}

/** What `berth serve` works with. */
export function makeServiceContext(): ServiceContext {
  const given = givenNow()
  const first = loadInForce(given, null)
  return { ...contextOf(first.config, given), first, reread: () => loadInForce(given, first.config) }
}

/** As it is when the process starts: what is read into the environment later, from a file, does not make it look elsewhere. */
function givenNow(): Given {
  return { env: { ...process.env }, cwd: process.cwd() }
}

function contextOf(config: Config, { cwd }: Given): Context {
  const state = openStateFolder(config.stateDir)
  return {
    config,
    state,
    stdout: process.stdout,
    stderr: process.stderr,
    cwd,
    recipe: (name) => findRecipe(config, name),
  }
}

/** The janitor's world: locks and folders alone, no database, no service, no memory. */
export function makeJanitorWorld({ config, state }: Pick<Context, 'config' | 'state'>): JanitorWorld {
  const locked = once(lockedFiles)
  const looksHeld = (name: string) => (holdersOf(state, [name], locked()).get(name) ?? []).length > 0
  return {
    dirtyNames: () => dirtyNames(state),
    lockedNames: () => namesWithLockFile(state),
    mayTouch: (name) => isResource(name) || config.runDomains.test(name),
    adoptForgotten: () => adoptForgotten(state),
    async clean(name) {
      const claimed = await claim(state, [name], recoverer(state, 'janitor', true))
      if (claimed.kind === 'busy') return { kind: 'busy', by: claimed.run }
      if (claimed.kind === 'dirty') return claimed
      letGo(claimed)
      return { kind: 'cleaned', runs: claimed.recovered }
    },
    removeIdle: (name) => removeIdleLock(state, name),
    looksIdle: (name) => looksIdle(state, name, looksHeld),
    looksHeld,
    sweepTickets: () => sweepTickets(state),
    sweepSecrets: (dryRun) => sweepSecrets(state, dryRun),
    enforceCeilings: (dryRun) => endOverdue(config, state, dryRun),
    suspectedLeaks: (names) => suspectedLeaks(state, names, config.budgets),
    letGoOn: ({ name, holders }, dryRun) =>
      letGoOn(
        state,
        name,
        holders.map(({ pid }) => pid),
        dryRun,
      ),
    engine: makeEngineWorld({ config, state }, looksHeld),
    retention: makeRetentionWorld({ config, state }),
  }
}

/** What is left alone on purpose is told as left. */
function endOverdue(config: Config, state: StatePaths, dryRun: boolean): readonly Overdue[] {
  if (!isOff(config, 'ceilings')) return enforceCeilings(state, dryRun)
  return enforceCeilings(state, true).map(({ run, why }) => ({
    run,
    why: `${why}; ceilings are switched off`,
    left: true,
  }))
}

function looksIdle(state: StatePaths, name: string, looksHeld: (name: string) => boolean): boolean {
  const clean = peekMark(lockPath(state, name)) === 'clean'
  return clean && peekTickets(state, name).length === 0 && !looksHeld(name)
}

function findRecipe(config: Config, name: string): Recipe {
  const { recipes, broken } = loadRecipes(config.recipesDir, config.budgets, config.runAs.length > 0)
  const found = recipes.find((recipe) => recipe.name === name)
  if (found !== undefined) return found
  if (broken.some((recipe) => recipe.name === name))
    return loadRecipe(`${config.recipesDir}/${name}`, config.budgets, config.runAs.length > 0)
  const names = recipes.map((recipe) => recipe.name)
  const offer = names.length === 0 ? 'there is none' : `there is ${names.join(', ')}`
  throw new InputError(`recipe ${name}`, [
    `${config.recipesDir} has none of that name; ${offer}.${didYouMean(name, names)}`,
  ])
}
