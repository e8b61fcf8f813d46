import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** A system call, as strace(1) saw it: what it does happens between these times (seconds). */
export interface Call {
  /** The process; what a thread calls, its process calls. */
  readonly pid: number
  readonly name: string
  /** Arguments, as printed. */
  readonly words: string
  /** What it returned; NaN = the process ended in it. */
  readonly result: number
  readonly from: number
  readonly to: number
}

export interface Life {
  readonly pid: number
  readonly parent: number | null
  /** When it was over, and by which signal; null = the trace ends before. */
  readonly end: { readonly from: number; readonly to: number; readonly signal: string | null } | null
}

export interface Trace {
  /** In the order in which they were entered. */
  readonly calls: readonly Call[]
  readonly lives: ReadonlyMap<number, Life>
}

const CALLS = [
  'openat,close,close_range,dup,dup2,dup3,fcntl,ioctl,flock,stat,fstat,newfstatat,statx,getdents64,pread64,pwrite64,write',
  'ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2,link,linkat,mkdir,rmdir',
  'clone,clone3,fork,vfork,execve,exit_group',
].join()

/** What a command is started by, so that it and all that it starts write their calls down: a file for each thread, `PREFIX.PID`. */
export function tracedTo(prefix: string): readonly string[] {
  const times = ['--absolute-timestamps=format:unix,precision:ns', '--syscall-times=ns']
  // The tracer is a grandchild: the command has the pid, the parent and the signals that it would have without.
  const how = [
    '-D',
    '-ff',
    '--seccomp-bpf',
    '-y',
    '--decode-pids=pidns',
    '-s',
    '300',
    '-e',
    'abbrev=execve,getdents64',
  ]
  return ['strace', ...how, ...times, '-e', `trace=${CALLS}`, '-o', prefix]
}

/** Reads what `tracedTo(prefix)` has written. */
export function readTrace(prefix: string): Trace {
  const files = readdirSync(dirname(prefix)).filter((file) => file.startsWith(`${basename(prefix)}.`))
  const threads = files.map((file) => {
    const lines = readFileSync(join(dirname(prefix), file), 'utf8').split('\n')
    return { tid: Number(file.slice(file.lastIndexOf('.') + 1)), lines }
  })
  const calls = threads.flatMap(({ tid, lines }) => lines.flatMap((line) => callOf(tid, line)))
  const owners = new Map(calls.filter(isThread).map(({ pid, result }) => [result, pid]))
  const ownerOf = (tid: number): number => {
    const owner = owners.get(tid)
    return owner === undefined ? tid : ownerOf(owner)
  }
  const parents = new Map(calls.filter(isFork).map(({ pid, result }) => [result, ownerOf(pid)] as const))
  return {
    calls: calls
      .map((call) => callOfProcess(call, ownerOf(call.pid)))
      .sort((one, other) => one.from - other.from),
    lives: new Map(
      threads
        .filter(({ tid }) => !owners.has(tid))
        .map(({ tid, lines }) => [tid, { pid: tid, parent: parents.get(tid) ?? null, end: endOf(lines) }]),
    ),
  }
}

export function isFork({ name, words, result }: Call): boolean {
  return FORKS.has(name) && result > 0 && !words.includes('CLONE_THREAD')
}

const FORKS: ReadonlySet<string> = new Set(['clone', 'clone3', 'fork', 'vfork'])

function isThread({ name, words, result }: Call): boolean {
  return FORKS.has(name) && result > 0 && words.includes('CLONE_THREAD')
}

function callOf(pid: number, line: string): readonly Call[] {
  const [, time = '', name = '', words = '', result = '', rest = ''] =
    /^(\d+\.\d+) (\w+)\((.*)\) += (\S+)(.*)$/.exec(line) ?? []
  if (name === '') return []
  const took = /<(\d+\.\d+)>$/.exec(rest)?.[1] ?? '0'
  // A child in a namespace of its own has a number there, and another one here.
  const here = /\/\* (\d+) in strace's PID NS \*\//.exec(rest)?.[1] ?? result
  const from = Number(time)
  return [{ pid, name, words, result: Number.parseInt(here, 10), from, to: from + Number(took) }]
}

function callOfProcess(call: Call, pid: number): Call {
  return { ...call, pid }
}

/** A process is over when its first thread's file says so: it waits for the others. */
function endOf(lines: readonly string[]): Life['end'] {
  const over = lines.findLast((line) => /^\d+\.\d+ \+\+\+ /.test(line))
  if (over === undefined) return null
  const last = lines.findLast((line) => !line.includes('+++') && !line.includes('---') && line !== '')
  const signal = /killed by (\w+)/.exec(over)?.[1] ?? null
  return { from: Number.parseFloat(last ?? over), to: Number.parseFloat(over), signal }
}
