import { statSync } from 'node:fs'
import type { Name } from '../model/names.ts'
import { pids, procFiles, readProc } from '../process/procfs.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'

/** Which processes have which files locked; a file is `major:minor:inode`, as the kernel writes it. */
export type LockedFiles = ReadonlyMap<string, readonly number[]>

/**
 * Pids of the processes that have each name's lock, from /proc/PID/fdinfo: /proc/locks names whoever called flock, who may be long dead,
 * while the lock lives in every copy of the descriptor. Takes no lock. Processes of other users are seen by root only.
 */
export function holdersOf(
  paths: StatePaths,
  names: readonly Name[],
  locked: LockedFiles = lockedFiles(),
): ReadonlyMap<Name, readonly number[]> {
  return new Map(names.map((name) => [name, locked.get(inodeOf(paths, name) ?? '') ?? []]))
}

/** One look at all processes. */
export function lockedFiles(): LockedFiles {
  const locked = new Map<string, number[]>()
  for (const pid of pids()) {
    for (const inode of lockedInodes(pid)) {
      const holders = locked.get(inode)
      if (holders === undefined) locked.set(inode, [pid])
      else holders.push(pid)
    }
  }
  return locked
}

/** Device and inode as the kernel writes them in a `lock:` line: `major:minor:inode`, the device in hexadecimal. Null = there is no file. */
function inodeOf(paths: StatePaths, name: Name): string | null {
  const stat = statSync(lockPath(paths, name), { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return null
  const major = ((stat.dev >> 8n) & 0xfffn) | ((stat.dev >> 32n) & ~0xfffn)
  const minor = (stat.dev & 0xffn) | ((stat.dev >> 12n) & ~0xffn)
  const hex = (value: bigint) => value.toString(16).padStart(2, '0')
  return `${hex(major)}:${hex(minor)}:${stat.ino}`
}

function lockedInodes(pid: number): ReadonlySet<string> {
  const texts = procFiles(pid, 'fdinfo').map((path) => readProc(path) ?? '')
  return new Set(
    texts.flatMap((text) => /^lock:.* FLOCK .* ([0-9a-f]+:[0-9a-f]+:\d+) /m.exec(text)?.[1] ?? []),
  )
}
