import type { ReconcileWorld } from '../intake/reconcile/ports.ts'
import { createReconcile } from '../intake/reconcile/reconcile.ts'
import type { InForce } from '../model/inForce.ts'
import { isOff } from '../model/mechanisms.ts'
import { type Loop, startLoop } from '../queue/loop.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import type { Credentials } from './credentials.ts'
import type { GitHubApp } from './github.ts'

/** How often is looked for what is due, at most; a look has its own, longer period. */
const MOST_TICK_MS = 15_000

export interface ReconcileParts extends Pick<ReconcileWorld, 'store' | 'log'> {
  readonly inForce: () => InForce
  readonly credentials: Pick<Credentials, 'appId'>
  readonly app: Pick<GitHubApp, 'clientFor' | 'appClient'>
}

/** `reconcile: 0`, or switched off = GitHub is asked for nothing that its webhooks did not tell. */
export function startReconcile(
  { inForce, credentials, store, app, log }: ReconcileParts,
  heard: Pick<ReconcileWorld, 'stored' | 'reportsChanged'>,
): AsyncDisposable & Pick<Loop, 'wake'> {
  const { clientFor: octokitFor, appClient } = app
  const monotonic = performance.now.bind(performance)
  const clients = { octokitFor, appClient, appId: credentials.appId, time: SYSTEM_TIME, monotonic }
  const config = () => inForce().config
  const reconcile = createReconcile({ ...clients, ...heard, store, config, log })
  const isNever = () => config().reconcileMs === 0 || isOff(config(), 'reconcile')
  const tickMs = () => (isNever() ? MOST_TICK_MS : Math.min(config().reconcileMs, MOST_TICK_MS))
  const loop = startLoop('reconcile', tickMs, log, async () => (isNever() ? undefined : reconcile.pass()))
  return {
    wake: loop.wake,
    async [Symbol.asyncDispose]() {
      reconcile.close()
      await loop.close()
    },
  }
}
