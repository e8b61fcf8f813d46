import { Registry } from 'prom-client'
import { fieldsOf } from '../model/read.ts'
import { RUN_STATES, type RunState } from '../model/run.ts'
import { TRACE_OUTCOMES, type TraceOutcome } from '../tracing/traces.ts'
import { eventMetrics } from './metrics/events.ts'
import { addGauges, type GaugeReads } from './metrics/gauges.ts'
import { METRICS_FAILED } from './metrics/labels.ts'
import { type LatencyReads, latencyMetrics } from './metrics/latency.ts'
import { counterIn, mustHaveAll } from './metrics/make.ts'
import { type RunReads, runMetrics } from './metrics/runs.ts'
import { METRICS } from './metrics/table.ts'

export interface Metrics {
  /**
   * Takes note of what the service logs; never throws, and ignores what it does not count. Cheap: what has to be looked up is looked
   * up after it has returned.
   */
  readonly observe: (event: string, data: object) => void
  readonly traced: (outcome: TraceOutcome) => void
  /** All metrics in Prometheus' text format, with everything observed so far. */
  readonly text: () => Promise<string>
  readonly contentType: string
}

export type MetricReads = Omit<GaugeReads, 'store'> &
  Omit<RunReads, 'store'> & {
    readonly store: GaugeReads['store'] & RunReads['store'] & LatencyReads['store']
  }

/** The service's metrics, in a registry of their own. */
export function createMetrics(reads: MetricReads): Metrics {
  const registry = new Registry()
  addGauges(registry, reads)
  const noteRun = runMetrics(registry, reads)
  const notes = eventMetrics(registry)
  const noteLatency = latencyMetrics(registry, reads)
  const traces = counterIn(registry, METRICS.traces)
  for (const outcome of TRACE_OUTCOMES) traces.inc({ outcome }, 0)
  mustHaveAll(registry, Object.values(METRICS))
  const underWay = new Set<Promise<void>>()

  async function note(event: string, data: object): Promise<void> {
    const fields = fieldsOf(data, event)
    const state = runStateOf(event)
    if (state !== null && typeof fields['run'] === 'string') await noteRun(fields['run'], state)
    notes(event)?.(fields)
    await noteLatency(event, fields)
  }

  return {
    contentType: registry.contentType,
    traced: (outcome) => traces.inc({ outcome }),
    observe(event, data) {
      const noted = note(event, data)
        .catch(() => notes(METRICS_FAILED)?.({}))
        .finally(() => underWay.delete(noted))
      underWay.add(noted)
    },
    async text() {
      await Promise.all(underWay)
      return registry.metrics()
    },
  }
}

const STATE_OF_EVENT: ReadonlyMap<string, RunState> = new Map(
  RUN_STATES.map((state) => [`run.${state}`, state]),
)

function runStateOf(event: string): RunState | null {
  return STATE_OF_EVENT.get(event) ?? null
}
