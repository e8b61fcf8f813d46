import type { Registry } from 'prom-client'
import type { Store } from '../../model/ports.ts'
import type { Fields } from '../../model/read.ts'
import { lockFreedAtMs } from '../../queue/lockWait.ts'
import { isRunId } from '../../store/runId.ts'
import { histogramIn, seconds } from './make.ts'
import type { PartReads } from './parts.ts'
import { METRICS } from './table.ts'

export interface LatencyReads extends PartReads {
  readonly store: Pick<Store, 'run' | 'runs'>
  readonly now: () => number
}

/** Of more that wait than these the oldest are not measured. */
const MOST_WAITING = 10_000

/**
 * What people wait for: an answer, a beginning, a verdict. Of a run that an earlier service has decided on it is not known any more when its
 * webhook came; the time of the decision counts then, and the answer to its comment is not measured.
 */
export function latencyMetrics(
  registry: Registry,
  reads: LatencyReads,
): (event: string, data: Fields) => Promise<void> {
  const noteAnswer = answerMetrics(registry, reads.now)
  const noteRunning = runningMetrics(registry, reads)
  const noteReported = reportedMetrics(registry, reads)
  return async (event, data) => {
    noteAnswer(event, data)
    await noteRunning(event, data)
    await noteReported(event, data)
  }
}

function answerMetrics(registry: Registry, now: () => number): (event: string, data: Fields) => void {
  const ackSeconds = histogramIn(registry, METRICS.commentAckSeconds)
  const receivedAt = new Map<unknown, number>()
  return (event, { comments, receivedAtMs, isNew, kind, comment }) => {
    if (event === 'delivery.decided' && isNew === true) note(receivedAt, comments, receivedAtMs)
    if (kind !== 'reaction' && kind !== 'reply') return
    const atMs = receivedAt.get(comment)
    if (event === 'report.sent' && atMs !== undefined) ackSeconds.observe(seconds(atMs, now()))
    if (event === 'report.sent' || event === 'report.failed') receivedAt.delete(comment)
  }
}

function runningMetrics(
  registry: Registry,
  { store, runLook }: LatencyReads,
): (event: string, data: Fields) => Promise<void> {
  const runningSeconds = histogramIn(registry, METRICS.commentRunningSeconds)
  const lockWaitSeconds = histogramIn(registry, METRICS.lockWaitSeconds)
  const receivedAt = new Map<unknown, number>()
  return async (event, { runs, receivedAtMs, isNew, run }) => {
    if (event === 'delivery.decided' && isNew === true) note(receivedAt, runs, receivedAtMs)
    if (event === 'run.locked' && isRun(run)) {
      const row = await store.run(run)
      const runningAtMs = runLook(run)?.journal.firstProcess?.at
      if (row !== null && row.commentId !== null && runningAtMs !== undefined)
        runningSeconds.observe(seconds(receivedAt.get(run) ?? row.enqueuedAtMs, runningAtMs))
      // Not when it is claimed: reading who was there before it would hold up its launch.
      if (row !== null) {
        const freeAtMs = await lockFreedAtMs(store, row)
        lockWaitSeconds.observe(seconds(row.enqueuedAtMs, freeAtMs ?? row.enqueuedAtMs))
      }
    }
    if (event === 'run.locked' || event === 'run.concluded') receivedAt.delete(run)
  }
}

/** A run may have ended while no service was there to see it. */
function reportedMetrics(
  registry: Registry,
  { store, journalEntries, now }: LatencyReads,
): (event: string, data: Fields) => Promise<void> {
  const reportedSeconds = histogramIn(registry, METRICS.reportedSeconds)
  return async (event, { kind, terminal, run }) => {
    if (event !== 'report.sent' || kind !== 'check' || terminal !== true || !isRun(run)) return
    const toldAtMs = now()
    const verdict = journalEntries(run).find((entry) => entry.event === 'concluded')
    const endedAtMs = verdict?.at ?? (await store.run(run))?.concludedAtMs
    if (typeof endedAtMs === 'number') reportedSeconds.observe(seconds(endedAtMs, toldAtMs))
  }
}

function note(receivedAt: Map<unknown, number>, ids: unknown, receivedAtMs: unknown): void {
  if (!Array.isArray(ids) || typeof receivedAtMs !== 'number') return
  for (const id of ids) receivedAt.set(id, receivedAtMs)
  for (const id of receivedAt.keys()) if (receivedAt.size > MOST_WAITING) receivedAt.delete(id)
}

function isRun(value: unknown): value is string {
  return typeof value === 'string' && isRunId(value)
}
