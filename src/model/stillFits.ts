import { checkArguments } from './arguments.ts'
import type { Config } from './config.ts'
import { namesOf, runDomainFault } from './domain.ts'
import { isolatesCode } from './isolation.ts'
import type { NewRun } from './ports.ts'
import type { Recipe } from './recipe.ts'

type Queued = Pick<NewRun, 'fork' | 'domain' | 'names' | 'arguments'>

/**
 * Why a run that was accepted may not start any more, or null: between the two another configuration or other recipes may have come into force.
 */
export function misfitOf(
  run: Queued,
  recipe: Recipe,
  config: Pick<Config, 'runAs' | 'trust' | 'baseDomain' | 'runDomains'>,
): string | null {
  if (run.fork && config.trust.forks === 'never')
    return 'fork_refused: code of forks is not run here any more'
  if (run.fork && config.runAs.length === 0 && !isolatesCode(recipe))
    return 'fork_needs_isolation: nothing isolates the code of forks here any more (runAs)'
  const wanted = namesOf(recipe, run.domain)
  if (wanted.join() !== run.names.join())
    return `the recipe wants ${wanted.join(', ')} now, and wanted ${run.names.join(', ')}; ask again`
  const checked = checkArguments(recipe.arguments, run.arguments)
  return runDomainFault(run.domain, config) ?? ('fault' in checked ? `${checked.fault}; ask again` : null)
}
