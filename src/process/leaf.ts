import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LEAF, ownCgroup } from './cgroup.ts'
import { readProc } from './procfs.ts'
import { familyOf } from './sweep.ts'

/** New children may have come while the others were moved. */
const MOST_ROUNDS = 10

/**
 * Moves this process, and what descends from it, to a cgroup of their own below the one that was given to them, so that the kernel shares its memory
 * controller out to the runs (it does not where processes are in the same cgroup: cgroup-v2.rst, "no internal processes"). Where somebody else is in
 * it, too, or it is not ours to write to, nothing changes: then the limits are not kept.
 */
export function settleInLeaf(): void {
  const own = ownCgroup()
  if (own === null || own.endsWith(`/${LEAF}`) || readProc(join(own, 'cgroup.type')) === null) return
  try {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const there = (readProc(join(own, 'cgroup.procs')) ?? '').split('\n').filter((line) => line !== '')
      const ours = familyOf(process.pid)
      if (there.length === 0 || !there.every((pid) => ours.includes(Number(pid)))) return
      mkdirSync(join(own, LEAF), { recursive: true })
      for (const pid of there) writeFileSync(join(own, LEAF, 'cgroup.procs'), pid)
    }
  } catch {
    return
  }
}
