import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { liveProcesses, readProc } from '../../src/process/procfs.ts'
import { nowMs } from './wait.ts'

/** The yardstick: how long `node -e 0` takes from spawn to its end, in ms, with the Node that runs this. */
export async function timeNodeStart(): Promise<number> {
  const beganMs = nowMs()
  const child = spawn(process.execPath, ['-e', '0'], { cwd: '/', env: bareEnvironment(), stdio: 'ignore' })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve)
    child.once('error', reject)
  })
  const tookMs = nowMs() - beganMs
  if (code !== 0) throw new Error(`${process.execPath} -e 0 ended with ${code}`)
  return tookMs
}

/** Nothing of the caller's own surroundings changes what is measured. */
export function bareEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8' }
}

/** Pids of live processes that have the path in a word of their command line. */
export function processesNaming(path: string): readonly number[] {
  return liveProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => pid !== process.pid && (readProc(`/proc/${pid}/cmdline`) ?? '').includes(path))
}

/** Memory of a process in KB. */
export interface Memory {
  /** All that it has in core. */
  readonly residentKb: number
  /** The same, with shared pages divided among those who share them. */
  readonly proportionalKb: number
  /** Heaps and stacks: what no file backs, so that nobody else's use of the same program changes it. */
  readonly anonymousKb: number
}

/** @throws Error where the kernel does not say: the process is gone, or another user's */
export function memoryOf(pid: number): Memory {
  const text = readProc(`/proc/${pid}/smaps_rollup`)
  if (text === null) throw new Error(`/proc/${pid}/smaps_rollup cannot be read`)
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1])
  return { residentKb: field('Rss'), proportionalKb: field('Pss'), anonymousKb: field('Anonymous') }
}

/** Processor time that a process has had, in clock ticks of 10 ms (proc(5): utime and stime; USER_HZ is 100 on Linux). */
function processorMsOf(pid: number): number {
  const text = readProc(`/proc/${pid}/stat`) ?? ''
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The same without rounding, of the threads that it has now (Documentation/scheduler/sched-stats.rst: nanoseconds on the processor come first). */
export function cpuMsOf(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number((readProc(`/proc/${pid}/task/${thread}/schedstat`) ?? '0').split(' ')[0]),
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6
}

const LOOK_MS = 10_000
const LOOKS = 3

/** What a process takes of one core, in percent, in each of three looks of ten seconds. */
export async function sharesOf(pid: number, signal: AbortSignal): Promise<readonly number[]> {
  const looks: number[] = []
  for (let look = 0; look < LOOKS; look += 1) looks.push(await shareOf(pid, LOOK_MS, signal))
  return looks
}

/** Over so many milliseconds, in percent of one core. */
export async function shareOf(pid: number, overMs: number, signal: AbortSignal): Promise<number> {
  const [beganMs, before] = [nowMs(), processorMsOf(pid)]
  await pause(overMs, undefined, { signal })
  return (100 * (processorMsOf(pid) - before)) / (nowMs() - beganMs)
}
