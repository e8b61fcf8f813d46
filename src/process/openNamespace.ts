import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { fstatSync, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import type { NamespacePart } from '../model/journal.ts'
import { identityOf, isAlive, liveProcesses } from './procfs.ts'

/** A run's PID namespace. It stands as long as this process does, and until it is ended. */
export interface OpenNamespace {
  /** The part of a stage; null when the namespace does not stand any more. */
  readonly part: (run: string, stage: string) => NamespacePart | null
  /** The command line that enters, says so by a byte at `JOIN_FD`, and becomes `command` in the folder. */
  readonly enter: (folder: string, command: readonly string[]) => readonly string[]
  /** The processes that keep it; none of them is the run's. */
  readonly keepers: readonly number[]
}

/**
 * Makes a PID namespace with a /proc of its own: as root directly, else through a user namespace in which the user is who it is outside. All
 * stages of a run share it, so that a pid means the same in each. Null where the kernel, or its util-linux, does not offer it.
 */
export async function openNamespace(): Promise<OpenNamespace | null> {
  const user = isRoot() ? [] : ['--user', '--map-current-user']
  const kinds = ['--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'slave']
  const words = ['--pdeathsig', 'KILL', 'unshare', ...user, ...kinds, 'sh', '-c', FIRST_PROCESS]
  const launcher = spawn('setpriv', words, {
    cwd: '/',
    detached: true,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const stands = await saysThatItStands(launcher)
  for (const part of [launcher, launcher.stdin, launcher.stdout]) letGo(part)
  const first = stands ? liveProcesses().find(({ parent }) => parent === launcher.pid) : undefined
  const namespace = first === undefined ? null : entrance(first.pid, launcher.pid ?? 0)
  if (namespace !== null && (await canEnter(namespace))) return namespace
  launcher.kill('SIGKILL')
  return null
}

/**
 * It says which pid it has in its own /proc, and then what it is told, when it reaps: who ignores SIGCHLD gets no zombies, of orphans neither. It
 * ends at end of file, so with the process that made it, from its first moment on.
 */
const FIRST_PROCESS = 'read -r pid _ </proc/self/stat; echo "$pid"; exec env --ignore-signal=CHLD cat'
const TOLD = 'reaps\n'

/** More than the loaded machine takes for four programs. */
const MOST_MS = 5_000

type Launcher = ChildProcessByStdio<Writable, Readable, null>

function saysThatItStands(launcher: Launcher): Promise<boolean> {
  return new Promise((resolve) => {
    let said = ''
    launcher.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.length > TOLD.length) resolve(said === `1\n${TOLD}`)
    })
    launcher.once('error', () => resolve(false)).once('exit', () => resolve(false))
    setTimeout(() => resolve(false), MOST_MS).unref()
    launcher.stdin.on('error', () => resolve(false)).write(TOLD)
  })
}

/** What stands until this process ends must not keep it from ending. */
function letGo(part: Launcher | Readable | Writable): void {
  if ('pid' in part || part instanceof Socket) part.unref()
}

/** Making one and entering it are two rights. */
function canEnter({ enter }: OpenNamespace): Promise<boolean> {
  const [file = '', ...words] = enter('/', ['true'])
  const child = spawn(file, words, {
    cwd: '/',
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  return new Promise((resolve) => {
    child.once('error', () => resolve(false)).once('exit', (code) => resolve(code === 0))
  })
}

const JOIN_FD = 3
const JOIN = `cd "$0" && echo >&${JOIN_FD} && exec "$@" ${JOIN_FD}>&-`

/** Descriptors that stay open: nobody is led astray by a pid, or a namespace's number, that was used again. */
function entrance(pid: number, launcher: number): OpenNamespace | null {
  const first = identityOf(pid)
  if (first === null) return null
  const open = (kind: string) => openSync(`/proc/${pid}/ns/${kind}`, 'r')
  const own = open('pid')
  const path = (fd: number) => `/proc/${process.pid}/fd/${fd}`
  const user = isRoot() ? [] : [`--user=${path(open('user'))}`, '--preserve-credentials']
  const enter = ['nsenter', ...user, `--pid=${path(own)}`, `--mount=${path(open('mnt'))}`, '--']
  const inode = fstatSync(own).ino
  return {
    part: (run, stage) => (isAlive(first) ? { kind: 'pid-namespace', inode, ...first, run, stage } : null),
    enter: (folder, command) => [...GUARD, ...enter, '/bin/sh', '-c', JOIN, folder, ...command],
    keepers: [pid, launcher],
  }
}

/** Who waits outside ends with this process, and takes what it has brought in along. */
const GUARD = ['setpriv', '--pdeathsig', 'KILL']

function isRoot(): boolean {
  return process.geteuid?.() === 0
}
