import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import type { ProcessIdentity } from '../model/journal.ts'

/** What /proc/PID/stat says of a process. */
export interface ProcessStat {
  readonly pid: number
  readonly state: string
  readonly parent: number
  readonly session: number
  /** Number of its controlling terminal's device; 0 = it has none. */
  readonly terminal: number
  /** Threads that have not ended, and the first one as long as it has not been collected. */
  readonly threads: number
  /** Clock ticks after boot: pid and start time name a process of this boot for certain. */
  readonly startTime: string
}

/** The kernel's random id of this boot. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

/** Null when there is no such process. The name in the second field may hold anything, so fields count from the last `)`. */
export function statOf(pid: number): ProcessStat | null {
  const text = readProc(`/proc/${pid}/stat`)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent = '', , session = '', terminal = ''] = fields
  const [threads, startTime = ''] = [fields[17], fields[19]]
  const numbers = { parent: Number(parent), session: Number(session), terminal: Number(terminal) }
  return { pid, state, ...numbers, threads: Number(threads), startTime }
}

/**
 * Zombies are dead: they hold nothing and do nothing. But a process whose first thread alone has ended (pthread_exit(3) in `main`, or the middle
 * of a SIGKILL) shows as one, too: its other threads work on, and its descriptors are open.
 */
export function isLiveState(stat: ProcessStat | null): stat is ProcessStat {
  return stat !== null && stat.state !== 'X' && (stat.state !== 'Z' || stat.threads > 1)
}

export function identityOf(pid: number): ProcessIdentity | null {
  const stat = statOf(pid)
  return isLiveState(stat) ? { pid, startTime: stat.startTime, boot: bootId() } : null
}

/** Is this very process alive: pid, start time and boot, never the pid alone. */
export function isAlive(identity: ProcessIdentity): boolean {
  const stat = statOf(identity.pid)
  return isLiveState(stat) && stat.startTime === identity.startTime && identity.boot === bootId()
}

/** Signals this very process; false when it is gone. */
export function signalIdentity(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && signalPid(identity.pid, signal)
}

/** False when there is no such process any more. */
export function signalPid(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** All processes that live now, zombies left out. */
export function liveProcesses(): readonly ProcessStat[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry)
    const stat = Number.isInteger(pid) ? statOf(pid) : null
    return isLiveState(stat) ? [stat] : []
  })
}

/** The uid that a process has now; null when it is gone. */
export function ownerOf(pid: number): number | null {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? null
}

/** Number of the PID namespace that a process is in; null when it is gone or not ours to look into. */
export function namespaceOf(pid: number): number | null {
  try {
    return Number(/\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/pid`))?.[1])
  } catch {
    return null
  }
}

/** USER_HZ, in which /proc tells times: 100 on every architecture that Node runs on. */
const TICKS_A_SECOND = 100

/** How long a process has been alive, in milliseconds; 0 when it is gone. */
export function aliveMs(pid: number): number {
  const stat = statOf(pid)
  const uptime = Number((readProc('/proc/uptime') ?? '').split(' ')[0])
  return stat === null ? 0 : Math.max(0, uptime * 1000 - (Number(stat.startTime) * 1000) / TICKS_A_SECOND)
}

const MOST_COMMAND_CHARACTERS = 200

/** The words that a process was started with; none where it shows none (its first thread has ended). */
export function wordsOf(pid: number): readonly string[] {
  return (readProc(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1)
}

/** The words that a process was started with, or (where it shows none) its name in brackets, as ps(1) does. Anything may be in there. */
export function commandOf(pid: number): string {
  const words = wordsOf(pid).join(' ').trim()
  return (words || `[${(readProc(`/proc/${pid}/comm`) ?? '').trim()}]`).slice(0, MOST_COMMAND_CHARACTERS)
}

/** The environment a process was started with; empty when it is gone or not ours to read. A first thread that has ended has none any more. */
export function environmentOf({ pid, state }: ProcessStat): readonly string[] {
  const threads = state === 'Z' ? threadsOf(pid) : [`${pid}`]
  return threads.flatMap((thread) => (readProc(`/proc/${thread}/environ`) ?? '').split('\0'))
}

/** Where below /proc each thread of a process shows what it has. */
function threadsOf(pid: number): readonly string[] {
  return readProcFolder(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`)
}

/**
 * Files of a folder of /proc/PID, such as `fd`, as paths: what the process shows at its pid is its first thread's. Where that shows nothing
 * (it has ended, or has nothing open), those of all its threads.
 */
export function procFiles(pid: number, folder: 'fd' | 'fdinfo'): readonly string[] {
  const filesOf = (thread: string) =>
    readProcFolder(`/proc/${thread}/${folder}`).map((file) => `/proc/${thread}/${folder}/${file}`)
  const own = filesOf(`${pid}`)
  return own.length > 0 ? own : threadsOf(pid).flatMap(filesOf)
}

/** All pids, zombies too. */
export function pids(): readonly number[] {
  return readProcFolder('/proc').map(Number).filter(Number.isInteger)
}

/** A process ends at any moment: whatever cannot be read is not there. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

/** The same of a folder: what is in it, nothing where it is gone. */
function readProcFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
