import type { DriverName, Recipe } from './recipe.ts'

/** The run process has each of these, as its types say (run/main.ts). */
const BUILT = ['process', 'compose', 'swarm'] as const satisfies readonly DriverName[]
export type BuiltDriver = (typeof BUILT)[number]

/**
 * Why no run of this recipe can be asked for yet, or null. Such a recipe may be there and be checked all the same; one that is enrolled keeps the service
 * from starting (R-Q-01).
 */
export function unbuiltFault({ name, driver }: Pick<Recipe, 'name' | 'driver'>): string | null {
  if (isBuilt(driver)) return null
  return `recipe ${name}: driver ${driver} is not built yet; built is ${BUILT.join(', ')}`
}

export function isBuilt(driver: DriverName): driver is BuiltDriver {
  return BUILT.some((built) => built === driver)
}
