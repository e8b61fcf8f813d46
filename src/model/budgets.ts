import type { Config } from './config.ts'
import type { Recipe } from './recipe.ts'
import type { Budgets } from './run.ts'

export type BudgetConfig = Config['budgets']

/** What holds where the configuration says nothing. */
export const DEFAULT_BUDGETS: BudgetConfig = {
  deadlineMs: 60 * 60_000,
  teardownMs: 10 * 60_000,
  killGraceMs: 10_000,
}

/** What a run of this recipe may spend, in milliseconds; past the ceiling its process is ended by force (design section 5). */
export function budgetsOf(
  recipe: Pick<Recipe, 'deadlineMs' | 'stages'>,
  config: Pick<Config, 'budgets'>,
): Budgets {
  const { teardownMs, killGraceMs } = config.budgets
  const uninterruptible = recipe.stages.filter((stage) => stage.uninterruptible)
  const longestMs = Math.max(0, ...uninterruptible.map((stage) => stage.timeoutMs))
  return {
    deadlineMs: recipe.deadlineMs,
    teardownMs,
    killGraceMs,
    ceilingMs: recipe.deadlineMs + longestMs + teardownMs + killGraceMs,
  }
}
