import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { codeOf } from '../errors.ts'
import { closeAllOnExec, makePipe } from '../lock/syscalls.ts'
import type { Name } from '../model/names.ts'
import { WARM } from '../run/orders.ts'
import { openedFile, removeIfThere, writeAll } from '../store/durable.ts'
import type { RunPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { signalPid } from './procfs.ts'

const WRAPPER = fileURLToPath(new URL('../../scripts/run-wrapper', import.meta.url))
const RUN_PROCESS = fileURLToPath(new URL('../run/main.ts', import.meta.url))

/** Warm processes end in milliseconds when they are to. */
const MOST_ENDING_MS = 5_000

/** A run's wrapper that this process started. */
export interface Launched {
  readonly pid: number
  /** Resolves when the wrapper has ended. */
  readonly ended: Promise<void>
  readonly child: ChildProcess
}

export interface Launch {
  readonly state: StatePaths
  readonly run: RunPaths
  /** Locks given to the wrapper at descriptors 3, 4, …, without a gap, and their names in that order. */
  readonly names: readonly Name[]
  readonly fds: readonly number[]
  /** Secret of the clone URL, sent through the control pipe and nowhere else. */
  readonly cloneToken: string | null
  /** Keep the control pipe open: its end of file says that the caller is gone. */
  readonly foreground: boolean
}

/**
 * Starts the wrapper of a run in a session of its own (`detached` is setsid(2)) with the locks at 3 …, a control pipe after them, and nothing
 * else that the caller has open.
 * The caller closes its own copies of the descriptors when this returns.
 * @throws when the wrapper cannot be started; the descriptors are the caller's still
 */
export async function launchWrapper(launch: Launch): Promise<Launched> {
  using log = openLog(launch.run.wrapperLog)
  using control = controlOf(launch)
  return startWrapper(launch, String(controlAt(launch)), log.value, control.readFd)
}

/** A wrapper and a run process that wait for their locks to be taken, and then for their `go`. */
export interface WarmWrapper extends Launched {
  /**
   * Tells them that the locks which they share are theirs, and that the run's folder stands. The caller then closes its own copies of the
   * descriptors.
   * @returns false = they are gone; nothing conducts the run
   */
  readonly go: (cloneToken: string | null) => boolean
  /** Without a `go` they end at once, as they do when this process dies; with one nothing is done to them. Resolves when the wrapper has ended. */
  readonly end: () => Promise<void>
}

/**
 * Starts the processes of a run ahead of its locks: the descriptors are open, not locked, and the run's folder does not stand yet, so they
 * touch nothing. They have no log before their `go`: there is no folder to put it in.
 */
export async function launchWarm(launch: Omit<Launch, 'cloneToken'>): Promise<WarmWrapper> {
  const { readFd, writeFd } = makePipe()
  const pipe = { fd: writeFd as number | null, isTold: false }
  const close = () => {
    if (pipe.fd !== null) closeSync(pipe.fd)
    pipe.fd = null
  }
  try {
    const launched = await startWrapper(launch, `${WARM}${controlAt(launch)}`, 'ignore', readFd)
    void launched.ended.then(close)
    return {
      ...launched,
      go(cloneToken) {
        if (pipe.fd === null) return false
        pipe.isTold = told(pipe.fd, cloneToken)
        if (!pipe.isTold || !launch.foreground) close()
        return pipe.isTold
      },
      end() {
        close()
        return pipe.isTold ? launched.ended : insistOnEnd(launched)
      },
    }
  } catch (error) {
    close()
    throw error
  } finally {
    closeSync(readFd)
  }
}

/** Processes that have no `go` have begun nothing: what is stopped is let go on, and what stays all the same is killed. */
async function insistOnEnd({ pid, child, ended }: Launched): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) signalPid(-pid, name)
  }
  signal('SIGCONT')
  const insist = setTimeout(signal, MOST_ENDING_MS, 'SIGKILL')
  await ended
  clearTimeout(insist)
}

function told(fd: number, cloneToken: string | null): boolean {
  try {
    writeAll(fd, goLine(cloneToken))
    return true
  } catch (error) {
    if (codeOf(error) === 'EPIPE') return false
    throw error
  }
}

async function startWrapper(
  { state, run, names, fds }: Omit<Launch, 'cloneToken'>,
  control: string,
  output: number | 'ignore',
  controlFd: number,
): Promise<Launched> {
  closeAllOnExec()
  const child = spawn(
    '/bin/sh',
    [WRAPPER, process.execPath, RUN_PROCESS, run.folder, names.join(','), control],
    {
      cwd: '/',
      detached: true,
      env: wrapperEnvironment(state),
      stdio: ['ignore', output, output, ...fds, controlFd],
    },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  return { pid: child.pid ?? 0, ended, child }
}

function controlAt({ fds }: Pick<Launch, 'fds'>): number {
  return 3 + fds.length
}

/** What a stage has put in its place must not keep a recovery from coming. */
function openLog(path: string): ReturnType<typeof openedFile> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND
  try {
    return openedFile(path, flags)
  } catch (error) {
    if (codeOf(error) !== 'NOT_A_FILE') throw error
    removeIfThere(path)
    return openedFile(path, flags)
  }
}

/** Constructed, not inherited: nothing of the caller's surroundings, secrets least of all, reaches a run. */
function wrapperEnvironment(state: StatePaths): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    NODE_COMPILE_CACHE: state.compileCache,
  }
}

/**
 * One JSON line, read by the first run process only: a second one never goes forward and needs no credentials. It is in the pipe before the
 * wrapper begins, so that a starter that dies at once leaves no run without its credentials; a foreground caller keeps its end open.
 */
function controlOf({ cloneToken, foreground }: Launch): { readonly readFd: number } & Disposable {
  const { readFd, writeFd } = makePipe()
  writeAll(writeFd, goLine(cloneToken))
  if (!foreground) closeSync(writeFd)
  return { readFd, [Symbol.dispose]: () => closeSync(readFd) }
}

function goLine(cloneToken: string | null): string {
  return `${JSON.stringify({ cloneToken })}\n`
}
