import type { Recipe } from './recipe.ts'

/**
 * What is done in containers under the engine policy, or by berth itself without running anything of the checkout: a screenshot of a fork's page is
 * taken by a user of its own, or not at all. A kind that is not here isolates nothing.
 */
const IN_CONTAINERS = ['deploy', 'ready', 'exec', 'backup', 'restore', 'screenshot'] as const

/** What a driver of stacks takes for "nothing to take down" besides the stack. */
const NOTHING = 'true'

/** Nothing of the checkout runs as a process of the host: neither a stage nor the teardown is a command line there. */
export function isolatesCode({
  driver,
  stages,
  teardown,
}: Pick<Recipe, 'driver' | 'stages' | 'teardown'>): boolean {
  if (driver === 'process' || teardown.run.trim() !== NOTHING) return false
  return stages.every((stage) => IN_CONTAINERS.some((kind) => kind in stage))
}
