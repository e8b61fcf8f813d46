import { budgetsOf } from './budgets.ts'
import type { Config } from './config.ts'
import { strictest } from './limits.ts'
import type { Name } from './names.ts'
import { sortedNames } from './names.ts'
import type { Recipe } from './recipe.ts'
import type { RunAs, RunRequest } from './run.ts'
import { grantOf } from './secrets.ts'

/** What is asked of a run, beside its recipe and the configuration. */
export type Wish = WishedRequest & {
  /** The code is a fork's, or may be. */
  readonly fork: boolean
}

type WishedRequest = Pick<
  RunRequest,
  | 'run'
  | 'domain'
  | 'names'
  | 'repository'
  | 'repositoryId'
  | 'cloneUrl'
  | 'pr'
  | 'sha'
  | 'ref'
  | 'actor'
  | 'arguments'
  | 'foreground'
  | 'keepMs'
  | 'requestedAtMs'
>

/** Everything that a process needs to conduct, tear down and explain the run when recipe, configuration and service are gone. */
export function makeRequest(
  { fork, ...wish }: Wish,
  recipe: Recipe,
  config: Config,
  runAs: RunAs | null,
): RunRequest {
  return {
    version: 1,
    ...wish,
    names: sortedNames([...wish.names, ...(runAs === null ? [] : [userName(runAs)])]),
    recipe: recipe.name,
    recipeDigest: recipe.digest,
    driver: recipe.driver,
    env: recipe.env,
    stages: recipe.stages,
    teardown: recipe.teardown,
    budgets: budgetsOf(recipe, config),
    limits: strictest(recipe.limits, config.stageLimits),
    runAs,
    secrets: grantOf(recipe, config.secretsDir, fork),
    instance: config.instance,
    ...(recipe.stack === null
      ? {}
      : { stack: { ...recipe.stack, allow: recipe.allow, isFork: fork, engine: config.docker } }),
    ...(config.traced ? { traced: true } : {}),
  }
}

/** The user that stages run as is locked like a resource: no two live runs share one, and a dirty one is recovered before its next use. */
export function userName(runAs: RunAs): Name {
  return `r:uid-${runAs.uid}`
}
