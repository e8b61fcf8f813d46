import type { Context } from '../cli/context.ts'
import type { ReconcileWorld } from '../intake/reconcile/ports.ts'
import { createReconcile } from '../intake/reconcile/reconcile.ts'
import { startLoop } from '../queue/loop.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import type { Credentials } from './credentials.ts'
import type { GitHubApp } from './github.ts'

/** How often is looked for what is due, at most; a look has its own, longer period. */
const MOST_TICK_MS = 15_000

export interface ReconcileParts extends Pick<ReconcileWorld, 'store' | 'log'> {
  readonly context: Pick<Context, 'config'>
  readonly credentials: Pick<Credentials, 'appId'>
  readonly app: Pick<GitHubApp, 'clientFor' | 'appClient'>
}

/** `reconcile: 0` = GitHub is asked for nothing that its webhooks did not tell. */
export function startReconcile(
  { context, credentials, store, app, log }: ReconcileParts,
  heard: Pick<ReconcileWorld, 'stored' | 'reportsChanged'>,
): AsyncDisposable {
  const { config } = context
  if (config.reconcileMs === 0) return { [Symbol.asyncDispose]: async () => undefined }
  const { clientFor: octokitFor, appClient } = app
  const monotonic = performance.now.bind(performance)
  const clients = { octokitFor, appClient, appId: credentials.appId, time: SYSTEM_TIME, monotonic }
  const reconcile = createReconcile({ ...clients, ...heard, store, config, log })
  const tickMs = Math.min(config.reconcileMs, MOST_TICK_MS)
  const loop = startLoop('reconcile', tickMs, log, reconcile.pass)
  return {
    async [Symbol.asyncDispose]() {
      reconcile.close()
      await loop.close()
    },
  }
}
