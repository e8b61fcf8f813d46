import { existsSync } from 'node:fs'
import { SHIPPED_RECIPES } from '../config/surroundings.ts'
import { USUAL_SOCKET } from '../drivers/docker/engine.ts'
import type { Config } from '../model/config.ts'
import type { Recipe } from '../model/recipe.ts'
import { loadRecipes } from '../recipes/load.ts'

/** Whether runs of this harness deploy on an engine. */
export interface EngineUse {
  /** Recipes that cannot do without one: the operator's own, and what is enrolled. Those that ship are examples otherwise. */
  readonly needing: readonly Recipe[]
  /** It has to answer: a recipe needs it, or the configuration says where it is. */
  readonly isNeeded: boolean
  /** It may have something of ours: somebody may have tried an example. */
  readonly isUsed: boolean
}

export function engineUse({ recipesDir, budgets, runAs, repositories, docker }: Config): EngineUse {
  const { recipes } = loadRecipes(recipesDir, budgets, runAs.length > 0)
  const deploying = recipes.filter(({ stack }) => stack !== null)
  const enrolled = new Set(repositories.flatMap((enrolment) => enrolment.recipes))
  const needing = deploying.filter(({ name }) => recipesDir !== SHIPPED_RECIPES || enrolled.has(name))
  const isNeeded = needing.length > 0 || docker.host !== null
  return { needing, isNeeded, isUsed: isNeeded || (deploying.length > 0 && existsSync(USUAL_SOCKET)) }
}
