import { statSync } from 'node:fs'
import type { Leak } from '../janitor/ports.ts'
import type { BudgetConfig } from '../model/budgets.ts'
import type { Name } from '../model/names.ts'
import { plainText } from '../model/plainText.ts'
import type { Budgets } from '../model/run.ts'
import { aliveMs, bootId, commandOf } from '../process/procfs.ts'
import { monotonicMs } from '../store/journalFile.ts'
import { readJournal, readRequest, runPaths } from '../store/runFolder.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { holdersOf } from './holders.ts'
import { holdOf } from './holds.ts'
import { peekMark } from './lockFile.ts'

/** How long a lock may be held, and why just so long. */
interface Limit {
  readonly ms: number
  readonly why: string
}

/**
 * Locks that have been held for longer than their run may take with everything that can come of it, or longer than a person said. Kernel
 * truth from /proc; takes no lock, and none away.
 * @param budgets those of the configuration: for a lock that says nothing of its run
 */
export function suspectedLeaks(
  paths: StatePaths,
  names: readonly Name[],
  budgets: BudgetConfig,
): readonly Leak[] {
  const holders = holdersOf(paths, names)
  return names.flatMap((name) => {
    const pids = holders.get(name) ?? []
    const leak = pids.length === 0 ? null : leakOf(paths, name, pids, budgets)
    return leak === null ? [] : [leak]
  })
}

function leakOf(paths: StatePaths, name: Name, pids: readonly number[], budgets: BudgetConfig): Leak | null {
  const mark = peekMark(lockPath(paths, name))
  const run = typeof mark === 'string' ? null : mark.run
  const hold = holdOf(paths, name)
  const heldMs = Math.min(unchangedMs(paths, name), Math.max(...pids.map(aliveMs)), conductedMs(paths, run))
  const nowMs = Date.now()
  const overMs =
    hold === null
      ? heldMs - limitOf(paths, run, budgets).ms
      : Math.min(nowMs - hold.untilMs - budgets.killGraceMs, heldMs)
  if (overMs <= 0) return null
  const why =
    hold === null ? limitOf(paths, run, budgets).why : `the hold of ${hold.by} (${hold.reason}) has expired`
  const sinceMs = Math.round(nowMs - heldMs)
  return { name, run, sinceMs, overMs: Math.round(overMs), why, holders: pids.map(holder) }
}

function holder(pid: number): Leak['holders'][number] {
  return { pid, command: plainText(commandOf(pid)) }
}

/** Whoever takes a name for a run writes its mark soon after. */
function unchangedMs(paths: StatePaths, name: Name): number {
  const stat = statSync(lockPath(paths, name), { throwIfNoEntry: false })
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs
}

/** A run that is being recovered is marked from long ago, and held since its last process was started. */
function conductedMs(paths: StatePaths, run: string | null): number {
  if (run === null) return Number.POSITIVE_INFINITY
  try {
    const { lastProcess } = readJournal(runPaths(paths, run))
    return lastProcess?.boot === bootId() ? monotonicMs() - lastProcess.mono : Number.POSITIVE_INFINITY
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Past its ceiling a run process is ended, and another one tears down: that may take its time, too. */
function limitOf(paths: StatePaths, run: string | null, config: BudgetConfig): Limit {
  const { ceilingMs, teardownMs, killGraceMs, keepMs } = budgetsOfRun(paths, run) ?? {
    ...config,
    ceilingMs: config.deadlineMs + config.teardownMs + config.killGraceMs,
    keepMs: 0,
  }
  const why = run === null ? 'no run may take so long' : `run ${run} may not take so long`
  return { ms: ceilingMs + keepMs + teardownMs + 3 * killGraceMs, why }
}

function budgetsOfRun(paths: StatePaths, run: string | null): (Budgets & { readonly keepMs: number }) | null {
  if (run === null) return null
  try {
    const { budgets, keepMs } = readRequest(runPaths(paths, run))
    return { ...budgets, keepMs }
  } catch {
    return null
  }
}
