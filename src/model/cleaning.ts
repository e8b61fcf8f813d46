import type { Journal } from './journal.ts'

/** When a dirty name is to be cleaned: now, at a time, or by a person. Times are wall clock, milliseconds. */
export type CleaningDue =
  | { readonly kind: 'now' }
  | { readonly kind: 'later'; readonly atMs: number }
  | { readonly kind: 'blocked'; readonly failures: number }

const MINUTE_MS = 60_000
/** Pauses after the first, second … failed cleaning; when they are used up the name is blocked. */
const PAUSES_MS = [MINUTE_MS, 5 * MINUTE_MS] as const
/** Processes that the wrapper starts in one recovery that gets nowhere. */
const PROCESSES_PER_RECOVERY = 4

/** Whether whoever wants the name of an uncleaned run may try to clean it now, from the run's journal alone. */
export function cleaningDue(journal: Journal, nowMs: number): CleaningDue {
  const failures = failedCleanings(journal)
  if (failures === 0) return { kind: 'now' }
  const pauseMs = PAUSES_MS[failures - 1]
  if (pauseMs === undefined) return { kind: 'blocked', failures }
  const lastAtMs = journal.lastAtMs ?? 0
  const atMs = lastAtMs + pauseMs
  // A last line of the future was written before the clock was set back.
  return atMs <= nowMs || lastAtMs > nowMs ? { kind: 'now' } : { kind: 'later', atMs }
}

/** Recoveries that ended without a verified teardown; one that left no line shows in the processes that it started. */
function failedCleanings(journal: Journal): number {
  const recorded = journal.cleanings.filter((cleaning) => !cleaning.verified).length
  const inRecovery = journal.teardown?.verified === false && journal.tornDownInRecovery ? 1 : 0
  return Math.max(recorded + inRecovery, Math.floor((journal.processes - 1) / PROCESSES_PER_RECOVERY))
}
