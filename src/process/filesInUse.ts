import { readlinkSync, realpathSync } from 'node:fs'
import { pids, procFiles } from './procfs.ts'

/**
 * Entries of a folder that some other process stands in, or has a file of open, each with the pid of one of them. One look at all processes;
 * those of other users are seen by root only.
 */
export function entriesInUse(folder: string): ReadonlyMap<string, number> {
  const prefix = `${realpathSync(folder)}/`
  const used = new Map<string, number>()
  for (const pid of pids()) {
    if (pid === process.pid) continue
    for (const path of [`/proc/${pid}/cwd`, `/proc/${pid}/root`, ...procFiles(pid, 'fd')].map(linked)) {
      if (path.startsWith(prefix)) used.set(path.slice(prefix.length).split('/')[0] ?? '', pid)
    }
  }
  return used
}

/** Empty where it is gone. */
function linked(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}
