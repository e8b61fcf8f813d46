import type { Config } from './config.ts'
import type { Recipe } from './recipe.ts'

/** A configuration and all recipes, read and checked together: whoever uses both takes them from one of these. */
export interface InForce {
  readonly config: Config
  readonly recipes: readonly Recipe[]
}

/** The last attempt at changing what is in force, if it was refused: what was in force before still is. */
export interface RefusedReload {
  /** Wall clock, milliseconds. */
  readonly atMs: number
  /** How many; the log has them. A page that everybody may see is no place for what stands in a configuration. */
  readonly faults: number
}
