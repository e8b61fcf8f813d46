import type { Registry } from 'prom-client'
import type { NameLook, NameState } from '../../lock/look.ts'
import type { Store } from '../../model/ports.ts'
import type { RunState } from '../../model/run.ts'
import { gaugeIn } from './make.ts'
import { METRICS } from './table.ts'

export interface GaugeReads {
  readonly store: Pick<Store, 'queued' | 'live' | 'broken' | 'dueReports' | 'failedReports'>
  readonly names: () => readonly NameLook[]
  readonly slots: number
}

const LIVE_STATES = ['starting', 'running', 'tearing_down'] as const satisfies readonly RunState[]
const NAME_STATES = ['free', 'busy', 'dirty', 'blocked'] as const satisfies readonly NameState[]

/** Whatever is to be told, however far it was put off. */
const END_OF_TIME_MS = Number.MAX_SAFE_INTEGER
/** More are not counted: each is read with its body. */
const MOST_PENDING = 1000

/** What stands now: asked of the store and the kernel when somebody looks, so that a restart changes nothing. */
export function addGauges(registry: Registry, { store, names, slots }: GaugeReads): void {
  gaugeIn(registry, METRICS.slots, async (gauge) => gauge.set(slots))
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
  gaugeIn(registry, METRICS.reportsPending, async (gauge) =>
    gauge.set((await store.dueReports(END_OF_TIME_MS, MOST_PENDING)).length),
  )
  gaugeIn(registry, METRICS.reportsFailed, async (gauge) => gauge.set((await store.failedReports()).length))
}
