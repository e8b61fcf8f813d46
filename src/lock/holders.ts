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
  return new Map(names.map((name) => [name, locked.get(lockFileAt(paths, name)?.inode ?? '') ?? []]))
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

export interface LockFile {
  /** As the kernel writes it in a `lock:` line: `major:minor:inode`, the device in hexadecimal. */
  readonly inode: string
  /** There is no mark in it. */
  readonly isEmpty: boolean
}

/** What is at the place of a name's lock, without opening it. Null = nothing. */
export function lockFileAt(paths: StatePaths, name: Name): LockFile | null {
  const stat = statSync(lockPath(paths, name), { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : { inode: inodeOf(stat), isEmpty: stat.isFile() && stat.size === 0n }
}

function inodeOf(stat: { readonly dev: bigint; readonly ino: bigint }): string {
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
