import { messageOf } from '../errors.ts'
import { openRuns } from '../lock/openRuns.ts'
import type { Journal } from '../model/journal.ts'
import type { Budgets } from '../model/run.ts'
import { monotonicMs } from '../store/journalFile.ts'
import { type RunPaths, readJournal, readRequest, runPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { bootId, isAlive, signalIdentity } from './procfs.ts'

/** A run process that outlived all its budgets, or (`left`) one of which that cannot be told. */
export interface Overdue {
  readonly run: string
  readonly why: string
  readonly left: boolean
}

/**
 * Ends the run processes (never the wrappers, whose restart tears down) of open runs that are past their ceiling, by their full identity.
 * Measured by the monotonic clock of the journal's lines, so that a process that was started again does not begin anew.
 */
export function enforceCeilings(paths: StatePaths, dryRun: boolean): readonly Overdue[] {
  return openRuns(paths).flatMap(({ run }) => {
    try {
      return enforceCeiling(runPaths(paths, run), dryRun)
    } catch (error) {
      return [{ run, why: messageOf(error), left: true }]
    }
  })
}

function enforceCeiling(run: RunPaths, dryRun: boolean): readonly Overdue[] {
  const journal = readJournal(run)
  const { lastProcess } = journal
  if (lastProcess === null || lastProcess.boot !== bootId() || !isAlive(lastProcess)) return []
  const overMs = overdueMs(journal, readRequest(run).budgets, monotonicMs())
  if (overMs <= 0) return []
  if (!dryRun) signalIdentity(lastProcess, 'SIGKILL')
  const why = `process ${lastProcess.pid} is ${Math.ceil(overMs / 1000)} s past the run's ceiling`
  return [{ run: run.id, why, left: false }]
}

/** A process that was started again has only teardown to do, and a budget for that. */
function overdueMs(journal: Journal, budgets: Budgets, nowMono: number): number {
  const { firstProcess, lastProcess } = journal
  if (firstProcess === null || lastProcess === null) return 0
  if (journal.processes === 1) return nowMono - firstProcess.mono - budgets.ceilingMs - journal.keepMs
  return nowMono - lastProcess.mono - budgets.teardownMs - 3 * budgets.killGraceMs
}
