import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Containment } from '../model/journal.ts'
import type { Limits } from '../model/limits.ts'
import { readProc } from './procfs.ts'

/** What holds a run to its limits. */
export interface Limiter {
  /** Limits the cgroup of the run that this is a part of, before anything is in it. */
  readonly hold: (part: Containment) => void
  /** Words before a command, for what no cgroup keeps. */
  readonly words: () => readonly string[]
  /** In words, what the kernel has refused or ended since it was last asked. */
  readonly exceeded: () => readonly string[]
}

/**
 * Cgroup v2 keeps all limits. Without it the kernel counts a user's processes (RLIMIT_NPROC): the run's, if the user is the run's alone. Nothing
 * else will do: limits of one process's address space (RLIMIT_AS) say nothing of the memory that a run has, and break what reserves much.
 */
export function createLimiter(limits: Limits, hasOwnUser: boolean): Limiter {
  let path: string | null = null
  let kept: readonly (keyof Limits)[] = []
  let before: readonly number[] = []
  return {
    hold(part) {
      if (part.kind !== 'cgroup') return
      path = dirname(part.path)
      kept = limitCgroup(dirname(path), path, limits)
      before = countsOf(path)
    },
    words() {
      const needsUser = hasOwnUser && limits.processes !== null && !kept.includes('processes')
      return needsUser ? ['prlimit', `--nproc=${limits.processes}`] : []
    },
    exceeded() {
      const now = path === null ? [] : countsOf(path)
      const more = NAMES.flatMap((name, index) => {
        const limit = limits[name]
        return limit !== null && (now[index] ?? 0) > (before[index] ?? 0) ? [CONTROLS[name].says(limit)] : []
      })
      before = now
      return more
    },
  }
}

/** A controller of cgroup v2, what is written for a limit, and what the kernel counts when somebody wants more. */
interface Control {
  readonly controller: string
  readonly files: (limit: number) => readonly (readonly [string, string])[]
  readonly events: { readonly file: string; readonly key: string } | null
  readonly says: (limit: number) => string
}

const CPU_PERIOD_US = 100_000

/** Of memory: where one process is ended for want of it, all of the run are, since half a stack proves nothing. */
const CONTROLS: Readonly<Record<keyof Limits, Control>> = {
  memoryBytes: {
    controller: 'memory',
    files: (bytes) => [
      ['memory.max', String(bytes)],
      ['memory.oom.group', '1'],
      ['memory.swap.max', '0'],
    ],
    events: { file: 'memory.events', key: 'oom_kill' },
    says: (bytes) =>
      `the kernel ended processes of the run: together they wanted more memory than ${mebibytes(bytes)}`,
  },
  processes: {
    controller: 'pids',
    files: (count) => [['pids.max', String(count)]],
    events: { file: 'pids.events', key: 'max' },
    says: (count) => `the kernel refused new processes: the run may have ${count} at a time`,
  },
  cpus: {
    controller: 'cpu',
    files: (cpus) => [['cpu.max', `${Math.round(cpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}`]],
    events: null,
    says: () => '',
  },
}

const NAMES = ['memoryBytes', 'processes', 'cpus'] as const

/** Holds the run's cgroup to its limits. Returns those that the kernel keeps: not one whose controller is not to be had below `base`. */
function limitCgroup(base: string, path: string, limits: Limits): readonly (keyof Limits)[] {
  return NAMES.filter((name) => {
    const limit = limits[name]
    if (limit === null) return false
    const { controller, files } = CONTROLS[name]
    writes(join(base, 'cgroup.subtree_control'), `+${controller}`)
    const [isKept] = files(limit).map(([file, text]) => writes(join(path, file), text))
    return isKept === true
  })
}

/** A machine without swap has no file for it; a cgroup with processes in it gives none of its memory controller to others. */
function writes(path: string, text: string): boolean {
  try {
    writeFileSync(path, text)
    return true
  } catch {
    return false
  }
}

/** How often the kernel has had to keep each limit of the run's cgroup so far. */
function countsOf(path: string): readonly number[] {
  return NAMES.map((name) => {
    const { events } = CONTROLS[name]
    if (events === null) return 0
    const text = readProc(join(path, events.file)) ?? ''
    return Number(new RegExp(`^${events.key} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
  })
}

/** The limits whose controllers are to be had below `base`; the kernel gives those of a cgroup that has processes itself to nobody, but the first one's. */
export function keptBelow(base: string, limits: Limits): readonly (keyof Limits)[] {
  const [offered = [], given = []] = ['cgroup.controllers', 'cgroup.subtree_control'].map((file) =>
    wordsIn(join(base, file)),
  )
  const isFirst = readProc(join(base, 'cgroup.type')) === null
  const isEmpty = readProc(join(base, 'cgroup.procs')) === ''
  return NAMES.filter((name) => {
    const { controller } = CONTROLS[name]
    return (
      limits[name] !== null &&
      (given.includes(controller) || (offered.includes(controller) && (isFirst || isEmpty)))
    )
  })
}

function wordsIn(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ')
  } catch {
    return []
  }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
