import { basename } from 'node:path'
import type { Context } from '../cli/context.ts'
import { type Engine, kindsOf, openEngine } from '../drivers/docker/engine.ts'
import { EngineError } from '../drivers/docker/engineError.ts'
import { listObjects } from '../drivers/docker/objects.ts'
import { type Swept, sweep } from '../drivers/docker/sweep.ts'
import type { EngineWorld, TakenDown } from '../janitor/leftoversPorts.ts'
import { peekFree, takeFree } from '../lock/takeFree.ts'
import { type Leftover, lookFor } from '../model/leftovers.ts'
import type { Name } from '../model/names.ts'
import { liveProcesses, namespaceOf } from '../process/procfs.ts'
import { roleOf } from '../process/roles.ts'
import { engineUse } from './engineUse.ts'
import { once } from './once.ts'
import { pruneImagesOf } from './pulledImages.ts'

/** Names that others may want are held meanwhile, and the next sweep goes on. */
const MOST_MS = 120_000

/** What a janitor works with on the engine. The client is loaded with the first look at one that is used. */
export function makeEngineWorld(
  { config, state }: Pick<Context, 'config' | 'state'>,
  looksHeld: (name: Name) => boolean,
): EngineWorld {
  const { instance, runDomains, budgets } = config
  const isUsed = once(() => engineUse(config).isUsed)
  const opened = once(() => openEngine(config.docker))
  const kinds = once(async () => kindsOf(await opened()))
  const conductors = once(conductorsNow)
  return {
    async look() {
      if (!isUsed()) return null
      const objects = await listObjects(await opened(), instance, await kinds())
      return lookFor(instance, objects, (domain) => runDomains.test(domain))
    },
    mayTouch: (domain) => runDomains.test(domain),
    conductorOf: (run) => conductors().get(run) ?? null,
    lock: (domain) => takeFree(state, domain),
    peek: (domain) => peekFree(state, domain, looksHeld),
    pruneImages: async (dryRun) => (isUsed() ? pruneImagesOf({ config, state }, opened, dryRun) : []),
    async takeDown(leftovers) {
      using over = timeLimit()
      const engine = within(await opened(), over.signal)
      const { sweeps } = await sweep(engine, {
        instance,
        kinds: await kinds(),
        scopes: leftovers.flatMap(({ scopes }) => scopes),
        // Nobody knows how the clients of those runs have ended.
        clients: 'lost',
        budgetMs: MOST_MS,
        graceMs: budgets.killGraceMs,
        keepLogs: async () => undefined,
      })
      return new Map(leftovers.map(({ domain, scopes }) => [domain, endOf(scopes, sweeps)]))
    },
  }
}

function endOf(scopes: Leftover['scopes'], sweeps: readonly Swept[]): TakenDown {
  const own = sweeps.filter(({ scope }) => scopes.includes(scope))
  return {
    removed: own.reduce((sum, { removed }) => sum + removed, 0),
    left: own.flatMap(({ left }) => left),
  }
}

/** What conducts a run, by run, in words. What is in a container may call itself anything. */
function conductorsNow(): ReadonlyMap<string, string> {
  const own = namespaceOf(process.pid)
  return new Map(
    liveProcesses().flatMap((stat) => {
      const role = namespaceOf(stat.pid) === own ? roleOf(stat) : null
      if (role === null || role.kind === 'command') return []
      const run = basename(role.folder)
      return [[run, `process ${stat.pid} (${role.kind}) still conducts run ${run} in ${role.folder}`]]
    }),
  )
}

/** Every call to the engine, those of removals too, ends with it. */
function timeLimit(): Disposable & { readonly signal: AbortSignal } {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(new EngineError('timeout', null, TIME_IS_OVER)), MOST_MS)
  return { signal: over.signal, [Symbol.dispose]: () => clearTimeout(timer) }
}

const TIME_IS_OVER = "this sweep's time for the engine is over; the next one goes on"

function within(engine: Engine, signal: AbortSignal): Engine {
  return { ...engine, call: (what, ask, options) => engine.call(what, ask, { ...options, signal }) }
}
