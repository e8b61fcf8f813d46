import { setTimeout as pause } from 'node:timers/promises'
import type { Journal } from '../model/journal.ts'
import { isAlive, isLiveState, statOf } from './procfs.ts'

/** A run process ends within a few milliseconds of its result; what takes longer is not waited for. */
const MOST_MS = 250
const LOOK_EVERY_MS = 5

/** Waits until the last run process and its wrapper have ended, which frees the run's locks, or 250 ms are over. */
export async function processesGone({ lastProcess }: Pick<Journal, 'lastProcess'>): Promise<void> {
  if (lastProcess === null) return
  const end = performance.now() + MOST_MS
  while ((isAlive(lastProcess) || isLiveState(statOf(lastProcess.wrapper))) && performance.now() < end)
    await pause(LOOK_EVERY_MS)
}
