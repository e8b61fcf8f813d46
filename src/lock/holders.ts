import { readdirSync, statSync } from 'node:fs'
import type { Name } from '../model/names.ts'
import { readProc } from '../process/procfs.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'

/**
 * Pids of the processes that have each name's lock, from /proc/PID/fdinfo: /proc/locks names whoever called flock, who may be long dead,
 * while the lock lives in every copy of the descriptor. Takes no lock. Processes of other users are seen by root only.
 */
export function holdersOf(paths: StatePaths, names: readonly Name[]): ReadonlyMap<Name, readonly number[]> {
  const inodes = new Map(names.flatMap((name) => inodeOf(paths, name)))
  const holders = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (const pid of pids()) {
    for (const inode of lockedInodes(pid)) {
      const name = inodes.get(inode)
      if (name !== undefined) holders.get(name)?.push(pid)
    }
  }
  return holders
}

/** Device and inode as the kernel writes them in a `lock:` line: `major:minor:inode`, the device in hexadecimal. */
function inodeOf(paths: StatePaths, name: Name): readonly [string, Name][] {
  const stat = statSync(lockPath(paths, name), { bigint: true, throwIfNoEntry: false })
  if (stat === undefined) return []
  const major = ((stat.dev >> 8n) & 0xfffn) | ((stat.dev >> 32n) & ~0xfffn)
  const minor = (stat.dev & 0xffn) | ((stat.dev >> 12n) & ~0xffn)
  const hex = (value: bigint) => value.toString(16).padStart(2, '0')
  return [[`${hex(major)}:${hex(minor)}:${stat.ino}`, name]]
}

function lockedInodes(pid: number): ReadonlySet<string> {
  const texts = entries(`/proc/${pid}/fdinfo`).map((fd) => readProc(`/proc/${pid}/fdinfo/${fd}`) ?? '')
  const found = texts.map((text) => /^lock:.* FLOCK .* ([0-9a-f]+:[0-9a-f]+:\d+) /m.exec(text)?.[1] ?? '')
  return new Set(found)
}

function pids(): readonly number[] {
  return entries('/proc').map(Number).filter(Number.isInteger)
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
