import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError, messageOf } from '../errors.ts'
import type { Journal, TeardownReport } from '../model/journal.ts'
import { stackName } from '../model/names.ts'
import type { StackRequest } from '../model/stack.ts'
import type { Driver } from '../run/ports.ts'
import { type ProcessDriverParts, processDriver } from './process.ts'

/** A stack of a Docker swarm; stages that are command lines are processes of this machine, as with the driver `process`. */
export function swarmDriver(parts: ProcessDriverParts): Driver & Disposable {
  const commands = processDriver(parts)
  const { stack } = parts.request
  if (stack === undefined)
    throw new HarnessError('DRIVER', `Run ${parts.request.run} says of no stack what it is`)
  return {
    containmentLevel: commands.containmentLevel,
    contain: commands.contain,
    async runStage(stage, part, signal) {
      if ('run' in stage) return { ...(await commands.runStage(stage, part, signal)), aim: 'command' }
      const { runStackStage } = await import('./stack/stackStage.ts')
      return runStackStage(parts, stack, stage, part, signal)
    },
    async tearDown(journal, part, ownOnly) {
      // First the processes, clients of the engine among them: nobody asks it for anything any more.
      const processes = await commands.tearDown(journal, part, ownOnly)
      const swept = await sweepStack(parts, stack, journal, ownOnly, processes.tookMs)
      const left = [...processes.left, ...swept.left]
      return {
        ...processes,
        verified: left.length === 0,
        tookMs: processes.tookMs + swept.tookMs,
        left,
      } satisfies TeardownReport
    },
    [Symbol.dispose]: () => commands[Symbol.dispose](),
  }
}

/** The engine has at least so long for what it takes down, whatever the recipe's own command has used up. */
const LEAST_SWEEP_MS = 60_000

async function sweepStack(
  { request, run, secrets }: ProcessDriverParts,
  { engine: address }: StackRequest,
  journal: Journal,
  ownOnly: boolean,
  usedMs: number,
): Promise<{ readonly left: readonly string[]; readonly tookMs: number }> {
  const startedAt = performance.now()
  try {
    const [{ openEngine }, { sweep }, { keepServiceLogs }] = await Promise.all([
      import('./docker/engine.ts'),
      import('./docker/sweep.ts'),
      import('./docker/serviceLogs.ts'),
    ])
    const engine = await openEngine(address)
    const logs = join(run.folder, 'stack', 'logs')
    mkdirSync(logs, { recursive: true, mode: 0o700 })
    const { sweeps } = await sweep(engine, {
      instance: request.instance,
      scopes: [{ stack: ownOnly ? null : stackName(request.domain), run: request.run }],
      clients: clientsOf(journal, request.stages),
      budgetMs: Math.max(LEAST_SWEEP_MS, request.budgets.teardownMs - usedMs),
      graceMs: request.budgets.killGraceMs,
      keepLogs: (services) => keepServiceLogs(engine, services, logs, secrets.mask.text),
    })
    const left = sweeps.flatMap((one) =>
      one.verified && one.left.length === 0
        ? []
        : one.left.length > 0
          ? one.left
          : ['the engine has not shown that nothing is left'],
    )
    return { left, tookMs: Math.round(performance.now() - startedAt) }
  } catch (error) {
    return { left: [`the engine: ${messageOf(error)}`], tookMs: Math.round(performance.now() - startedAt) }
  }
}

/** A deploy that did not end by itself may have left a client that asked the engine for something: its answer is still to come (R-DKR-04). */
function clientsOf({ stages }: Journal, declared: readonly { readonly name: string }[]): 'ended' | 'lost' {
  const deploys = new Set(declared.filter((stage) => 'deploy' in stage).map(({ name }) => name))
  const isLost = stages.some(
    ({ name, outcome }) => deploys.has(name) && outcome !== 'success' && outcome !== 'failure',
  )
  return isLost ? 'lost' : 'ended'
}
