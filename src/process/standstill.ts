import { holdOf } from '../lock/holds.ts'
import type { Name } from '../model/names.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { signalPid, statOf } from './procfs.ts'
import { roleOf } from './roles.ts'

/**
 * Lets processes of ours go on that somebody has stopped (SIGSTOP) and that have the name's lock for longer than is due: wrappers, which nothing
 * may kill, and commands between their locks and their hand-over. They do what they were about to do, so no lock is taken away. What is not
 * ours, and what is traced, is left alone.
 * @param pids holders of the name's lock
 * @returns those that were stopped
 */
export function letGoOn(
  paths: StatePaths,
  name: Name,
  pids: readonly number[],
  dryRun: boolean,
): readonly number[] {
  const keeper = holdOf(paths, name)?.holder.pid
  const stopped = pids.filter((pid) => {
    const stat = statOf(pid)
    return stat?.state === 'T' && (pid === keeper || roleOf(stat) !== null)
  })
  if (!dryRun) for (const pid of stopped) signalPid(pid, 'SIGCONT')
  return stopped
}
