import type { ProcessIdentity, StopRequest } from '../model/journal.ts'
import { noteStop, type RunPaths, readJournal } from '../store/runFolder.ts'
import { bootId, identityOf, signalIdentity } from './procfs.ts'

/**
 * Asks a run to stop: durably first, then it is woken. A run process writes its first line before it looks for stop.json, so either we find its
 * pid or it finds our file. Its pid, start time and boot are compared before it is signalled.
 * @returns false = an earlier request stands
 */
export function stopRun(run: RunPaths, stop: StopRequest): boolean {
  const noted = noteStop(run, stop)
  wake(run)
  return noted
}

/** Lets the run look at its stop.json now; one whose journal cannot be read looks by itself, before its next step. */
function wake(run: RunPaths): void {
  const lastProcess = lastProcessOf(run)
  if (lastProcess === null || lastProcess.boot !== bootId()) return
  if (identityOf(lastProcess.pid)?.startTime === lastProcess.startTime) tell(lastProcess)
}

/** One that somebody has stopped hears it when it is let go on. */
function tell(conductor: ProcessIdentity): void {
  for (const signal of ['SIGTERM', 'SIGCONT'] as const) signalIdentity(conductor, signal)
}

function lastProcessOf(run: RunPaths): ProcessIdentity | null {
  try {
    return readJournal(run).lastProcess
  } catch {
    return null
  }
}
