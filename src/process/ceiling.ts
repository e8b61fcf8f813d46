import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { messageOf } from '../errors.ts'
import { holdersOf, type LockedFiles, lockedFiles } from '../lock/holders.ts'
import { openRuns } from '../lock/openRuns.ts'
import type { Journal, ProcessIdentity } from '../model/journal.ts'
import type { Budgets, RunRequest } from '../model/run.ts'
import { monotonicMs } from '../store/journalFile.ts'
import { type RunPaths, readJournal, readRequest, runPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { aliveMs, bootId, identityOf, isAlive, signalIdentity, statOf } from './procfs.ts'
import { roleOf } from './roles.ts'

/** A run process that outlived all its budgets, or (`left`) one of which that cannot be told. */
export interface Overdue {
  readonly run: string
  readonly why: string
  readonly left: boolean
}

/**
 * Ends the run processes (never the wrappers, whose restart tears down) that are past their run's ceiling, by their full identity: those that
 * the journals of open runs name, and those that the kernel shows with a run's locks, whether they have written their first line or not, and
 * whether the run is open still or not.
 */
export function enforceCeilings(paths: StatePaths, dryRun: boolean): readonly Overdue[] {
  const locked = lockedFiles()
  const seen = seenProcesses(paths, locked)
  const runs = new Set([...openRuns(paths).map(({ run }) => run), ...seen.map(({ run }) => run)])
  return [...runs].flatMap((run) => {
    const its = seen.filter((process) => process.run === run)
    try {
      return overdueOf(paths, run, its, locked).map((overdue) => end(run, overdue, dryRun))
    } catch (error) {
      return [{ run, why: messageOf(error), left: true }]
    }
  })
}

interface Seen {
  readonly run: string
  readonly identity: ProcessIdentity
}

/** Processes with any lock that are a run process of a run here by their words. The identity is taken first: a pid that is used again since is another one. */
function seenProcesses(paths: StatePaths, locked: LockedFiles): readonly Seen[] {
  return [...new Set([...locked.values()].flat())].flatMap((pid) => {
    const identity = identityOf(pid)
    const stat = statOf(pid)
    const role = stat === null ? null : roleOf(stat)
    if (identity === null || role?.kind !== 'run process') return []
    const run = basename(role.folder)
    return isFolderOf(runPaths(paths, run), role.folder) ? [{ run, identity }] : []
  })
}

/** Where there is no folder yet, a process that was started ahead of its locks waits for them. */
function isFolderOf(run: RunPaths, folder: string): boolean {
  const [ours, theirs] = [run.folder, folder].map((path) => statSync(path, { throwIfNoEntry: false }))
  return ours !== undefined && ours.dev === theirs?.dev && ours.ino === theirs.ino
}

interface OverdueProcess {
  readonly identity: ProcessIdentity
  readonly overMs: number
  readonly begun: boolean
}

function overdueOf(
  paths: StatePaths,
  id: string,
  seen: readonly Seen[],
  locked: LockedFiles,
): readonly OverdueProcess[] {
  const run = runPaths(paths, id)
  const journal = readJournal(run)
  const { lastProcess } = journal
  const told =
    lastProcess !== null && lastProcess.boot === bootId() && isAlive(lastProcess) ? lastProcess : null
  const others = seen.filter(({ identity }) => identity.pid !== told?.pid)
  if (told === null && others.length === 0) return []
  const request = readRequest(run)
  const holders = new Set([...holdersOf(paths, request.names, locked).values()].flat())
  const unbegun = others
    .filter(({ identity }) => holders.has(identity.pid))
    .map(({ identity }) => ({ identity, overMs: unbegunMs(run, identity, journal, request), begun: false }))
  const overMs = overdueMs(journal, request.budgets, monotonicMs())
  const begun = told === null ? [] : [{ identity: told, overMs, begun: true }]
  return [...begun, ...unbegun].filter((process) => process.overMs > 0)
}

/**
 * By the monotonic clock of the journal's lines, so that a process that was started again does not begin anew. One that was has only
 * teardown to do, and a budget for that.
 */
function overdueMs(journal: Journal, budgets: Budgets, nowMono: number): number {
  const { firstProcess, lastProcess } = journal
  if (firstProcess === null || lastProcess === null) return 0
  if (journal.processes === 1) return nowMono - firstProcess.mono - budgets.ceilingMs - journal.keepMs
  return nowMono - lastProcess.mono - againMs(budgets)
}

/**
 * Before its first line a process has its own age only; one that was started ahead of its locks is older than its run, which is as old as its
 * request.
 */
function unbegunMs(
  run: RunPaths,
  { pid }: ProcessIdentity,
  journal: Journal,
  { budgets }: RunRequest,
): number {
  const ageMs = Math.min(aliveMs(pid), Date.now() - statSync(run.request).mtimeMs)
  return ageMs - (journal.processes === 0 ? budgets.ceilingMs : againMs(budgets))
}

function againMs({ teardownMs, killGraceMs }: Budgets): number {
  return teardownMs + 3 * killGraceMs
}

function end(run: string, { identity, overMs, begun }: OverdueProcess, dryRun: boolean): Overdue {
  if (!dryRun) signalIdentity(identity, 'SIGKILL')
  const state = begun ? '' : 'has not begun, and '
  const why = `process ${identity.pid} ${state}is ${Math.ceil(overMs / 1000)} s past the run's ceiling`
  return { run, why, left: false }
}
