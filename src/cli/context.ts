import type { Config } from '../model/config.ts'
import type { InForce } from '../model/inForce.ts'
import type { Recipe } from '../model/recipe.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import type { Screen } from './screen.ts'

/** What commands work with; made by world.ts. */
export interface Context {
  readonly config: Config
  readonly state: StatePaths
  readonly stdout: Screen
  readonly stderr: { readonly write: (text: string) => unknown }
  readonly cwd: string
  /** @throws InputError naming the recipes that there are */
  readonly recipe: (name: string) => Recipe
}

/** What the service works with. */
export interface ServiceContext extends Context {
  /** What it starts with: the configuration is the context's own. */
  readonly first: InForce
  /** Reads the configuration and the recipes as they are now. @throws InputError with every fault, and each change that needs another start */
  readonly reread: () => InForce
}
