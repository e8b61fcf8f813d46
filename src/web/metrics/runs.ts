import type { Registry } from 'prom-client'
import type { Journal } from '../../model/journal.ts'
import type { RunRow, Store } from '../../model/ports.ts'
import { isOver, type RunState } from '../../model/run.ts'
import type { RunLook } from '../../store/runLook.ts'
import { counterIn, histogramIn } from './make.ts'
import { METRICS } from './table.ts'

export interface RunReads {
  readonly store: Pick<Store, 'run'>
  readonly runLook: (id: string) => Pick<RunLook, 'journal'> | null
  readonly now: () => number
}

/** Takes note of a run that is in a state; may be told of the same state again and again. */
export type NoteRun = (id: string, state: RunState) => Promise<void>

/** Counts runs as they go. What a run took is read from its row and its journal, so that a restarted service measures the same. */
export function runMetrics(registry: Registry, { store, runLook, now }: RunReads): NoteRun {
  const started = counterIn(registry, METRICS.started)
  const queueSeconds = histogramIn(registry, METRICS.queueSeconds)
  const notePhase = phaseMetrics(registry, now)
  const noteEnd = endMetrics(registry)
  const noteJournal = journalMetrics(registry)

  return async (id, state) => {
    if (!notePhase(id, state)) return
    if (state === 'starting') {
      started.inc()
      const row = await store.run(id)
      if (row !== null && row.startedAtMs !== null)
        queueSeconds.observe(seconds(row.enqueuedAtMs, row.startedAtMs))
    }
    if (!isOver(state)) return
    const row = await store.run(id)
    if (row !== null) noteEnd(row)
    noteJournal(runLook(id)?.journal ?? null)
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

function journalMetrics(registry: Registry): (journal: Journal | null) => void {
  const stages = counterIn(registry, METRICS.stages)
  const stageSeconds = histogramIn(registry, METRICS.stageSeconds)
  const teardowns = counterIn(registry, METRICS.teardowns)
  const teardownSeconds = histogramIn(registry, METRICS.teardownSeconds)
  return (journal) => {
    for (const { outcome, startedAtMs, endedAtMs } of journal?.stages ?? []) {
      if (outcome === null || endedAtMs === null) continue
      stages.inc({ outcome })
      stageSeconds.observe({ outcome }, seconds(startedAtMs, endedAtMs))
    }
    const teardown = journal?.teardown ?? null
    if (teardown === null) return
    teardowns.inc({ proof: teardown.verified ? 'verified' : 'not_verified' })
    teardownSeconds.observe(teardown.tookMs / 1000)
  }
}

function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1000
}
