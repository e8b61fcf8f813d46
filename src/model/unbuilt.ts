import type { DriverName, Recipe } from './recipe.ts'

const BUILT: readonly DriverName[] = ['process']

/** Why no run of this recipe can be asked for yet, or null. Such a recipe may be there and be checked all the same. */
export function unbuiltFault({ name, driver }: Pick<Recipe, 'name' | 'driver'>): string | null {
  if (BUILT.includes(driver)) return null
  return `recipe ${name}: driver ${driver} is not built yet; built is ${BUILT.join(', ')}`
}
