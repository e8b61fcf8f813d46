import { createLog, observedLog } from '../log.ts'
import type { Config } from '../model/config.ts'
import type { EventLog } from '../model/events.ts'
import type { RunRow } from '../model/ports.ts'
import { lockFreedAtMs } from '../queue/lockWait.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import { checkTracing } from '../tracing/configured.ts'
import {
  type RunRecord,
  type RunTrace,
  runTrace,
  type Told,
  type TraceWorld,
  toldTrace,
} from '../tracing/spans.ts'
import { type Traces, tracesTo } from '../tracing/traces.ts'
import { createMetrics, type MetricReads, type Metrics } from '../web/metrics.ts'
import type { Credentials } from './credentials.ts'

export interface Observing extends AsyncDisposable {
  readonly log: EventLog
  readonly metrics: Metrics
}

export type ObservedReads = MetricReads & Pick<TraceWorld, 'page'>

/**
 * The log, and what listens to it: the metrics, and the traces if there is a collector.
 * @throws InputError where nothing could ever reach the collector
 */
export async function startObserving(
  { traced, instance }: Pick<Config, 'traced' | 'instance'>,
  { logLevel }: Pick<Credentials, 'logLevel'>,
  reads: ObservedReads,
): Promise<Observing> {
  const metrics = createMetrics(reads)
  const counted = observedLog(createLog(logLevel), metrics)
  if (!traced) return { log: counted, metrics, [Symbol.asyncDispose]: async () => undefined }
  checkTracing(process.env)
  const traces = await startTraces(reads, instance, metrics, counted)
  return {
    log: observedLog(counted, traces),
    metrics,
    [Symbol.asyncDispose]: () => traces[Symbol.asyncDispose](),
  }
}

/** OpenTelemetry is loaded here, and only where it is wanted. */
async function startTraces(
  reads: ObservedReads,
  instance: string,
  { traced }: Metrics,
  log: EventLog,
): Promise<Traces> {
  const { openExporter, RefusedError } = await import('../tracing/otlp.ts')
  return tracesTo({
    trace: (run, told) => traceOf(run, told, reads, instance),
    export: openExporter().export,
    isRefusal: (error) => error instanceof RefusedError,
    count: traced,
    time: SYSTEM_TIME,
    log,
  })
}

async function traceOf(
  run: string,
  told: Told | null,
  reads: ObservedReads,
  instance: string,
): Promise<RunTrace | null> {
  const row = await reads.store.run(run)
  if (row === null) return null
  const common = { page: reads.page, instance }
  return told === null ? runTrace(await recordOf(row, reads), common) : toldTrace(row, told, common)
}

async function recordOf(row: RunRow, reads: ObservedReads): Promise<RunRecord> {
  return {
    row,
    entries: reads.journalEntries(row.id),
    stop: reads.runLook(row.id)?.journal.stop ?? null,
    lockFreeAtMs: await lockFreedAtMs(reads.store, row),
  }
}
