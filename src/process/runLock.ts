import { setTimeout as pause } from 'node:timers/promises'
import { tryFlock } from '../lock/syscalls.ts'
import { type JournalFile, openJournal } from '../store/journalFile.ts'
import { type RunPaths, readJournal } from '../store/runFolder.ts'
import { isAlive } from './procfs.ts'

/** Somebody who looks under the run's lock, and a child of a dead process between fork and exec, have it for a moment only. */
const MOST_LOOK_MS = 5_000
const LOOK_EVERY_MS = 5

/** The journal of a run that this process is to conduct. Null = another process conducts the run, or has its lock for longer than a look takes. */
export async function openAsConductor(run: RunPaths): Promise<JournalFile | null> {
  const end = performance.now() + MOST_LOOK_MS
  for (;;) {
    const file = openJournal(run.journal, tryFlock)
    if (file !== null || isConducted(run) || performance.now() > end) return file
    await pause(LOOK_EVERY_MS)
  }
}

function isConducted(run: RunPaths): boolean {
  try {
    const { lastProcess } = readJournal(run)
    return lastProcess !== null && isAlive(lastProcess)
  } catch {
    return false
  }
}
