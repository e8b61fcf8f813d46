import type { Registry } from 'prom-client'
import type { RunRow, Store } from '../../model/ports.ts'
import { isOver, type RunState } from '../../model/run.ts'
import { counterIn, histogramIn, seconds } from './make.ts'
import { type PartReads, partMetrics } from './parts.ts'
import { METRICS } from './table.ts'

export interface RunReads extends PartReads {
  readonly store: Pick<Store, 'run'>
  readonly now: () => number
}

/** Takes note of a run that is in a state; may be told of the same state again and again. */
export type NoteRun = (id: string, state: RunState) => Promise<void>

/** Counts runs as they go. What a run took is read from its row and its journal, so that a restarted service measures the same. */
export function runMetrics(registry: Registry, reads: RunReads): NoteRun {
  const { store, now } = reads
  const noteStart = startMetrics(registry)
  const notePhase = phaseMetrics(registry, now)
  const noteEnd = endMetrics(registry)
  const noteParts = partMetrics(registry, reads)

  return async (id, state) => {
    if (!notePhase(id, state)) return
    if (state !== 'starting' && !isOver(state)) return
    const row = await store.run(id)
    if (state === 'starting') noteStart(row)
    else if (row !== null) {
      noteEnd(row)
      noteParts(row)
    }
  }
}

function startMetrics(registry: Registry): (row: RunRow | null) => void {
  const started = counterIn(registry, METRICS.started)
  const queueSeconds = histogramIn(registry, METRICS.queueSeconds)
  return (row) => {
    started.inc()
    if (row !== null && row.startedAtMs !== null)
      queueSeconds.observe(seconds(row.enqueuedAtMs, row.startedAtMs))
  }
}

interface Phase {
  readonly state: RunState
  /** Null = it was in this state already when it was first seen. */
  readonly sinceMs: number | null
}

/** @returns a function that says whether the state is new for the run */
function phaseMetrics(registry: Registry, now: () => number): (id: string, state: RunState) => boolean {
  const phaseSeconds = histogramIn(registry, METRICS.phaseSeconds)
  const phases = new Map<string, Phase>()
  return (id, state) => {
    const last = phases.get(id)
    if (last?.state === state) return false
    const atMs = now()
    if (last !== undefined && last.sinceMs !== null && last.state !== 'queued')
      phaseSeconds.observe({ state: last.state }, seconds(last.sinceMs, atMs))
    if (isOver(state)) phases.delete(id)
    else phases.set(id, { state, sinceMs: last === undefined && state !== 'starting' ? null : atMs })
    return true
  }
}

function endMetrics(registry: Registry): (row: RunRow) => void {
  const concluded = counterIn(registry, METRICS.concluded)
  const runSeconds = histogramIn(registry, METRICS.runSeconds)
  const stopSeconds = histogramIn(registry, METRICS.stopSeconds)
  return ({ verdict, startedAtMs, concludedAtMs, stop }) => {
    if (verdict === null || concludedAtMs === null) return
    const { conclusion, reason } = verdict
    concluded.inc({ conclusion, reason })
    if (startedAtMs !== null) runSeconds.observe({ conclusion }, seconds(startedAtMs, concludedAtMs))
    if (stop !== null) stopSeconds.observe(seconds(stop.atMs, concludedAtMs))
  }
}
