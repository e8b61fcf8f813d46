import type { DriverName, Recipe } from './recipe.ts'

const BUILT: readonly DriverName[] = ['process']

/** Why no run of this recipe can be asked for, or null. Such a recipe may be there and be checked all the same. */
export function driverFault(recipe: Pick<Recipe, 'name' | 'driver'>): string | null {
  if (BUILT.includes(recipe.driver)) return null
  return `recipe ${recipe.name}: driver ${recipe.driver} is not built yet; built is ${BUILT.join(', ')}`
}
