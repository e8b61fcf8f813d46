import { HarnessError } from '../../errors.ts'
import { stackName } from '../../model/names.ts'
import type { StackRequest } from '../../model/stack.ts'
import { openEngine } from '../docker/engine.ts'
import { findAt, sweep } from '../docker/sweep.ts'
import type { ProcessDriverParts } from '../process.ts'
import type { Orchestrator } from './stage.ts'

/** Of things at a name that are named one by one. */
const MOST_NAMED = 10

/**
 * Before the first effect on the name, whose locks we hold: what is ours there is a leftover that nobody else will take down. What is not ours is
 * never touched, and nothing is put among it.
 * @param say hears what is taken down
 * @throws HarnessError NAME_TAKEN, LEFTOVERS, NO_SWARM; EngineError
 */
export async function clearName(
  { request }: Pick<ProcessDriverParts, 'request'>,
  { requireEngine, kinds }: Orchestrator,
  stack: StackRequest,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { instance, budgets } = request
  const scope = { stack: stackName(request.domain), run: null }
  const engine = await openEngine(stack.engine)
  await requireEngine(engine)
  const { ours, foreign } = await findAt(engine, instance, scope, kinds)
  if (foreign.length > 0) throw new HarnessError('NAME_TAKEN', takenText(scope.stack, instance, foreign))
  if (ours.length === 0) return
  say(`at ${scope.stack} an earlier run has left ${listed(ours)}; taking that down first`)
  const { sweeps } = await sweep(engine, {
    instance,
    scopes: [scope],
    // Whoever left it cannot be asked how its clients have ended.
    clients: 'lost',
    budgetMs: budgets.teardownMs,
    graceMs: budgets.killGraceMs,
    kinds,
    // The logs of another run are nothing to this one.
    keepLogs: () => Promise.resolve(),
    signal,
    say,
  })
  const left = sweeps.flatMap((one) => one.left)
  if (left.length > 0)
    throw new HarnessError(
      'LEFTOVERS',
      `what an earlier run has left at ${scope.stack} stays: ${listed(left)}`,
    )
}

function takenText(stack: string, instance: string, foreign: readonly string[]): string {
  const commands = [...Map.groupBy(foreign, (one) => one.split(' ')[0] ?? '')].map(
    ([kind, some]) => `docker ${kind} rm ${some.map((one) => one.slice(kind.length + 1)).join(' ')}`,
  )
  return `the stack name ${stack} is taken by what this berth (instance ${instance}) has not made: ${listed(foreign)}; if nobody needs it, remove it by hand (${commands.join('; ')}), else give the recipe another domain`
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
