import { setTimeout as pause } from 'node:timers/promises'
import type { NamespacePart } from '../model/journal.ts'
import { type Killed, UNSHOWN } from './killed.ts'
import { isAlive, liveProcesses, namespaceOf, signalIdentity } from './procfs.ts'
import { markedProcesses, withDescendants } from './sweep.ts'

/** A process that KILL has not ended by then hangs in the kernel; it is named as left. */
const MOST_MS = 10_000

/**
 * Live processes of a stage: those with its mark, in the namespace or about to enter it, what descends from them, and orphans, which come to
 * the namespace's first process and nowhere else. Of the whole: every process that is in the namespace or in one made inside of it.
 */
export function membersOfNamespace(part: NamespacePart): readonly number[] {
  // A number means this namespace as long as its first process lives: with it the last of its processes is gone (pid_namespaces(7)).
  const stands = isAlive(part)
  if (part.stage === '') return stands ? processesIn(part) : []
  const inside = new Set(stands ? processesIn(part) : [])
  const marked = markedProcesses({ ...part, reaper: stands ? part.pid : null, keepers: [], uid: null })
  return marked.filter((pid) => inside.has(pid) || !launches(pid, inside))
}

/** Those of namespaces made inside descend, as this process sees them, from some process of it: the kernel lets no orphan out. */
function processesIn({ pid, inode }: NamespacePart): readonly number[] {
  return withDescendants(liveProcesses(), (stat) => namespaceOf(stat.pid) === inode).filter(
    (member) => member !== pid,
  )
}

/** It waits outside for what it has brought in, and ends with that; asked to end first, it would take it along without a grace. */
function launches(pid: number, inside: ReadonlySet<number>): boolean {
  return liveProcesses().some((stat) => stat.parent === pid && inside.has(stat.pid))
}

/**
 * Kills the first process: the kernel kills all others, lets none enter any more, and calls it dead when the last one is gone. Nothing
 * but KILL reaches the first process of a namespace that has no handler for it.
 */
export async function endNamespace(part: NamespacePart): Promise<Killed> {
  const end = performance.now() + MOST_MS
  const killed = new Set<number>()
  for (let pauseMs = 1; performance.now() < end; pauseMs = Math.min(pauseMs * 2, 50)) {
    for (const pid of membersOfNamespace(part)) killed.add(pid)
    if (!signalIdentity(part, 'SIGKILL')) return { killed, isShown: true, proofs: [GONE] }
    await pause(pauseMs)
  }
  return { killed, ...UNSHOWN }
}

const GONE = { kind: 'pid-namespace', count: 1 } as const
