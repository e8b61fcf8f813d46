import type { Registry } from 'prom-client'
import type { NameLook } from '../../lock/look.ts'
import type { Config } from '../../model/config.ts'
import type { RefusedReload } from '../../model/inForce.ts'
import { isOff, MECHANISM_NAMES } from '../../model/mechanisms.ts'
import type { Store } from '../../model/ports.ts'
import { HOURLY, type LimitReads, limitsLook } from '../limits.ts'
import { ALARM_STATES, LIVE_STATES, NAME_STATES } from './labels.ts'
import { gaugeIn } from './make.ts'
import { METRICS } from './table.ts'

export interface GaugeReads extends LimitReads {
  readonly store: LimitReads['store'] &
    Pick<Store, 'queued' | 'live' | 'broken' | 'pendingReports' | 'failedReports' | 'alarmCounts'>
  readonly names: () => readonly NameLook[]
  readonly config: () => Pick<Config, 'slots' | 'limits' | 'switchedOff'>
  readonly refused: () => RefusedReload | null
}

/** What stands now: asked of the store and the kernel when somebody looks, so that a restart changes nothing. */
export function addGauges(registry: Registry, reads: GaugeReads): void {
  const { store, names, config, refused } = reads
  gaugeIn(registry, METRICS.slots, async (gauge) => gauge.set(config().slots))
  gaugeIn(registry, METRICS.switchedOff, async (gauge) => {
    for (const mechanism of MECHANISM_NAMES) gauge.set({ mechanism }, isOff(config(), mechanism) ? 1 : 0)
  })
  gaugeIn(registry, METRICS.reloaded, async (gauge) => gauge.set(refused() === null ? 1 : 0))
  gaugeIn(registry, METRICS.queued, async (gauge) => gauge.set((await store.queued()).length))
  gaugeIn(registry, METRICS.live, async (gauge) => {
    const live = await store.live()
    for (const state of LIVE_STATES) gauge.set({ state }, live.filter((row) => row.state === state).length)
  })
  gaugeIn(registry, METRICS.broken, async (gauge) => {
    await store.live()
    await store.queued()
    gauge.set((await store.broken()).length)
  })
  gaugeIn(registry, METRICS.names, async (gauge) => {
    const looks = names()
    for (const state of NAME_STATES) gauge.set({ state }, looks.filter((look) => look.state === state).length)
  })
  gaugeIn(registry, METRICS.alarms, async (gauge) => {
    const counts = await store.alarmCounts()
    for (const state of ALARM_STATES) gauge.set({ state }, counts[state])
  })
  gaugeIn(registry, METRICS.limitsUsedUp, async (gauge) => {
    const { usedUp } = await limitsLook(reads)
    for (const { kind } of HOURLY) gauge.set({ kind }, usedUp.filter((one) => one.kind === kind).length)
  })
  gaugeIn(registry, METRICS.crashLoops, async (gauge) =>
    gauge.set((await limitsLook(reads)).crashLoops.length),
  )
  gaugeIn(registry, METRICS.reportsPending, async (gauge) => gauge.set(await store.pendingReports()))
  gaugeIn(registry, METRICS.reportsFailed, async (gauge) => gauge.set((await store.failedReports(0)).count))
}
