import { SHIPPED_RECIPES } from '../config/surroundings.ts'
import type { Config } from '../model/config.ts'
import type { Recipe } from '../model/recipe.ts'
import { loadRecipes } from '../recipes/load.ts'

/** Whether this harness deploys on an engine. */
export interface EngineUse {
  /** Recipes that cannot do without one: the operator's own, and what is enrolled. Those that ship are examples otherwise. */
  readonly needing: readonly Recipe[]
  /** A recipe needs it, or the configuration says where it is: then it has to answer. */
  readonly isUsed: boolean
}

export function engineUse({ recipesDir, budgets, runAs, repositories, docker }: Config): EngineUse {
  const { recipes } = loadRecipes(recipesDir, budgets, runAs.length > 0)
  const enrolled = new Set(repositories.flatMap((enrolment) => enrolment.recipes))
  const needing = recipes.filter(
    ({ name, stack }) => stack !== null && (recipesDir !== SHIPPED_RECIPES || enrolled.has(name)),
  )
  return { needing, isUsed: needing.length > 0 || docker.host !== null }
}
