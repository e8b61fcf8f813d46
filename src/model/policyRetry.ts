import type { PolicyFacts, RunPlan } from './policyFacts.ts'
import { plansOf } from './policyRecipe.ts'
import type { RunRow } from './ports.ts'
import type { Refusal } from './refusal.ts'

type RetryFacts = Pick<PolicyFacts, 'enrolment' | 'recipes' | 'unfinished' | 'over'>

/** The runs that ask again for what failed: of each recipe with the same arguments, the newest one counts. None = nothing failed. */
export function retryPlans(
  facts: RetryFacts,
): Refusal | { readonly kind: 'plans'; readonly plans: readonly RunPlan[] } {
  const plans: RunPlan[] = []
  for (const { recipe, arguments: given, keepMs } of failedOf(facts)) {
    const planned = plansOf({ kind: 'run', recipes: [recipe], arguments: given, keepMs }, facts)
    if (planned.kind === 'refusal') return planned
    plans.push(...planned.plans)
  }
  return { kind: 'plans', plans }
}

/** Oldest first, as they were asked for. */
function failedOf({ unfinished, over }: RetryFacts): readonly RunRow[] {
  const newest = new Map<string, RunRow | null>(unfinished.map((run) => [keyOf(run), null]))
  for (const run of over) if (!newest.has(keyOf(run))) newest.set(keyOf(run), run)
  const ended = [...newest.values()].filter((run) => run !== null)
  return ended.filter(({ verdict }) => verdict?.conclusion !== 'success').toReversed()
}

function keyOf({ recipe, arguments: given }: RunRow): string {
  return JSON.stringify([recipe, Object.entries(given).toSorted(([one], [other]) => (one < other ? -1 : 1))])
}
