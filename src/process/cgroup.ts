import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  write,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { codeOf } from '../errors.ts'
import { opened } from '../store/durable.ts'
import { type Killed, UNSHOWN } from './killed.ts'
import { isLiveState, readProc, statOf } from './procfs.ts'

const PREFIX = 'berth-'

/**
 * The cgroup v2 folder below which this process may make cgroups of its own, with `cgroup.kill` (Linux 5.14), or null. In hybrid
 * mode v2 is mounted beside v1; only the v2 hierarchy counts.
 */
export function cgroupBase(): string | null {
  const own = ownCgroup()
  if (own === null) return null
  const base = basename(own) === LEAF ? dirname(own) : own
  return canMakeBelow(base) ? base : null
}

/** Where berth's own processes are, beside those of its runs: then the kernel shares all controllers out to these (`settleInLeaf`). */
export const LEAF = 'berth-own'

/** The folder of the v2 cgroup that this process is in, or null. */
export function ownCgroup(): string | null {
  const own = /^0::(.*)$/m.exec(readProc('/proc/self/cgroup') ?? '')?.[1]
  if (own === undefined) return null
  // A container may see no more than its own part; a later mount hides an earlier one.
  const mounts = (readProc('/proc/self/mountinfo') ?? '').matchAll(MOUNT_OF_VERSION_2)
  return [...mounts].map(([, root = '', folder = '']) => partOf(root, own, folder)).findLast(isThere) ?? null
}

const MOUNT_OF_VERSION_2 = /^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 /gm

/** Where `own` is, for a mount that shows what is below `root` at the folder. */
function partOf(root: string, own: string, folder: string): string | null {
  const below = relative(root, own)
  return below.startsWith('..') ? null : join(folder, below)
}

function isThere(path: string | null): boolean {
  return path !== null && existsSync(join(path, 'cgroup.procs'))
}

/** Moving a process needs write access to `cgroup.procs` of the nearest common ancestor (kernel: cgroup-v2.rst, delegation). */
function canMakeBelow(base: string): boolean {
  try {
    accessSync(base, constants.W_OK)
    accessSync(join(base, 'cgroup.procs'), constants.W_OK)
    const probe = join(base, `${PREFIX}probe-${process.pid}`)
    mkdirSync(probe)
    const able = existsSync(join(probe, 'cgroup.kill'))
    rmdirSync(probe)
    return able
  } catch {
    return false
  }
}

/** Makes `<base>/berth-<run>/<stage>`, or returns null where the kernel will not have it. */
export function makeCgroup(base: string, run: string, stage: string): string | null {
  const path = join(base, `${PREFIX}${run}`, stage)
  try {
    mkdirSync(path, { recursive: true })
    return path
  } catch {
    return null
  }
}

/** Half of the shortest time that the kernel was seen to stay ready. */
const MOVE_EVERY_MS = 5
/** A checkout that takes longer than all of them does not notice what a first move costs. */
const MOST_MOVES = 40

/**
 * Keeps the kernel ready to move a process into a cgroup, until `done` or 200 ms are over. The first move for a while waits for an RCU
 * grace period, about 10 ms (`cgroup_threadgroup_rwsem`); one within the next grace period does not. Moves this process to where it is, off
 * the main thread, which changes nothing. Never rejects: without it a move takes its time, no more.
 */
export async function keepReady(own: string, done: AbortSignal): Promise<void> {
  try {
    using procs = opened(join(own, 'cgroup.procs'), constants.O_WRONLY)
    for (let moves = 0; moves < MOST_MOVES && !done.aborted; moves += 1) {
      await moveTo(procs.value)
      await pause(MOVE_EVERY_MS, undefined, { signal: done })
    }
  } catch {
    return
  }
}

/** Node's file promises would cost the run 2 ms more. */
function moveTo(procs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(procs, String(process.pid), 0, 'utf8', (error) => (error === null ? resolve() : reject(error)))
  })
}

/** Where a shell that cannot join says so; it is closed when the shell becomes the command. */
const JOIN_FAULT_FD = 3
export const CANNOT_JOIN = 125

/** A shell that joins before it becomes the command, or says that it cannot, and ends: nothing of the command runs outside. */
export function joinCommand(path: string, command: readonly string[]): readonly string[] {
  return ['/bin/sh', '-c', JOIN, path, ...command]
}

const JOIN = `echo 0 >"$0/cgroup.procs" || { echo >&${JOIN_FAULT_FD}; exit ${CANNOT_JOIN}; }; exec "$@" ${JOIN_FAULT_FD}>&-`

/** Live processes of the cgroup and of those below it; none where it is gone. Zombies stay listed until collected. */
export function membersOfCgroup(path: string): readonly number[] {
  const own = (readProc(join(path, 'cgroup.procs')) ?? '').split('\n').filter((line) => line !== '')
  const live = own.map(Number).filter((pid) => isLiveState(statOf(pid)))
  return [...live, ...foldersIn(path).flatMap((name) => membersOfCgroup(join(path, name)))]
}

/** A process that `cgroup.kill` has not ended by then hangs in the kernel; it is named as left. */
const MOST_MS = 10_000

/** Kills all members in one step of the kernel, until it says `populated 0`, and removes the cgroup: nothing can join any more. */
export async function endCgroup(path: string): Promise<Killed> {
  const end = performance.now() + MOST_MS
  const killed = new Set<number>()
  for (let pauseMs = 1; performance.now() < end; pauseMs = Math.min(pauseMs * 2, 50)) {
    for (const pid of membersOfCgroup(path)) killed.add(pid)
    killAll(path)
    if (!isPopulated(path) && removeTree(path).length === 0) return { killed, ...shownBy(path) }
    await pause(pauseMs)
  }
  return { killed, ...UNSHOWN }
}

/** That a cgroup is not there proves something only where cgroups are: not after a reboot, nor where they are not mounted. */
function shownBy(path: string) {
  const isKnown = existsSync(join(dirname(dirname(path)), 'cgroup.procs'))
  return { isShown: true, proofs: isKnown ? [{ kind: 'cgroup', count: 1 } as const] : [] }
}

/** Removes the run's cgroup that `path` is, or was, a part of. Returns what could not be removed. */
export function removeRunCgroup(path: string): readonly string[] {
  const run = dirname(path)
  return existsSync(run) ? removeTree(run) : []
}

function removeTree(path: string): readonly string[] {
  const left = foldersIn(path).flatMap((name) => removeTree(join(path, name)))
  try {
    rmdirSync(path)
    return left
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? left : [...left, `cgroup ${path}: ${String(codeOf(error))}`]
  }
}

function killAll(path: string): void {
  try {
    writeFileSync(join(path, 'cgroup.kill'), '1')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

function isPopulated(path: string): boolean {
  try {
    return /^populated 1$/m.test(readFileSync(join(path, 'cgroup.events'), 'utf8'))
  } catch {
    return false
  }
}

function foldersIn(path: string): readonly string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [entry.name] : [],
    )
  } catch {
    return []
  }
}
