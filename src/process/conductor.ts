import type { Conductor } from '../model/conductor.ts'
import type { Journal } from '../model/journal.ts'
import { bootId, isAlive } from './procfs.ts'

/** Who has a run, or had it last, by its journal and by the kernel; null = no process has written that it has it. Takes no lock. */
export function conductorOf({ lastProcess, processes, stop }: Journal): Conductor | null {
  if (lastProcess === null) return null
  const { pid, wrapper, at: sinceMs, boot } = lastProcess
  const gone = boot === bootId() ? 'gone' : 'earlier_boot'
  const recoveredBy = stop?.reason === 'abandoned' ? stop.by : null
  return { pid, wrapper, sinceMs, nth: processes, recoveredBy, stands: isAlive(lastProcess) ? 'live' : gone }
}
