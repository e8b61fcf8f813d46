import type { Registry } from 'prom-client'
import type { Entry, Journal } from '../../model/journal.ts'
import { phasesOf } from '../../model/phases.ts'
import type { RunRow } from '../../model/ports.ts'
import type { RunLook } from '../../store/runLook.ts'
import { counterIn, histogramIn, seconds } from './make.ts'
import { METRICS } from './table.ts'

export interface PartReads {
  readonly runLook: (id: string) => Pick<RunLook, 'journal'> | null
  readonly journalEntries: (id: string) => readonly Entry[]
}

/** What the parts of a run have taken, once it is over. */
export function partMetrics(registry: Registry, reads: PartReads): (row: RunRow) => void {
  const noteWay = wayMetrics(registry)
  const noteStages = stageMetrics(registry)
  const noteTeardown = teardownMetrics(registry)
  const noteTimeouts = timeoutMetrics(registry)
  return (row) => {
    const journal = reads.runLook(row.id)?.journal ?? null
    if (journal !== null) {
      noteWay(row, reads.journalEntries(row.id))
      noteStages(journal)
      noteTeardown(journal)
    }
    noteTimeouts(row, journal)
  }
}

function wayMetrics(registry: Registry): (row: RunRow, entries: readonly Entry[]) => void {
  const launchSeconds = histogramIn(registry, METRICS.launchSeconds)
  const checkoutSeconds = histogramIn(registry, METRICS.checkoutSeconds)
  return (row, entries) => {
    for (const { kind, result, startedAtMs, endedAtMs } of phasesOf(row, entries, null)) {
      if (kind === 'launch' && result === 'success') launchSeconds.observe(seconds(startedAtMs, endedAtMs))
      if (kind === 'checkout') checkoutSeconds.observe({ result }, seconds(startedAtMs, endedAtMs))
    }
  }
}

function stageMetrics(registry: Registry): (journal: Journal) => void {
  const stages = counterIn(registry, METRICS.stages)
  const stageSeconds = histogramIn(registry, METRICS.stageSeconds)
  const deadSeconds = histogramIn(registry, METRICS.deadSeconds)
  return ({ stages: all, stop }) => {
    for (const { outcome, startedAtMs, endedAtMs, ending } of all) {
      if (outcome === null || endedAtMs === null) continue
      stages.inc({ outcome })
      stageSeconds.observe({ outcome }, seconds(startedAtMs, endedAtMs))
      if (stop !== null && outcome === 'cancelled' && ending !== null)
        deadSeconds.observe(seconds(stop.atMs, endedAtMs))
    }
  }
}

function teardownMetrics(registry: Registry): (journal: Journal) => void {
  const teardowns = counterIn(registry, METRICS.teardowns)
  const teardownSeconds = histogramIn(registry, METRICS.teardownSeconds)
  return ({ teardown }) => {
    if (teardown === null) return
    teardowns.inc({ proof: teardown.verified ? 'verified' : 'not_verified' })
    teardownSeconds.observe(teardown.tookMs / 1000)
  }
}

/** A stage that its run's deadline has cut short has not used up its own time. */
function timeoutMetrics(registry: Registry): (row: RunRow, journal: Journal | null) => void {
  const timeouts = counterIn(registry, METRICS.timeouts)
  return ({ verdict }, journal) => {
    if (verdict?.reason === 'deadline') timeouts.inc({ what: 'deadline' })
    const isCut = journal?.stop?.reason === 'deadline'
    const timedOut = journal?.stages.some(({ outcome }) => outcome === 'timed_out') === true
    if (timedOut && !isCut) timeouts.inc({ what: 'stage' })
    if (journal?.teardown?.timedOut === true) timeouts.inc({ what: 'teardown' })
  }
}
