import { readdirSync } from 'node:fs'
import { createRequire, flushCompileCache } from 'node:module'
import type * as Koffi from 'koffi'
import { HarnessError } from '../errors.ts'

const LOCK_EX = 2
const LOCK_NB = 4
const EAGAIN = 11
const EINTR = 4
const PR_SET_CHILD_SUBREAPER = 36
const O_CLOEXEC = 0o2000000
const F_SETFD = 2
const FD_CLOEXEC = 1

const koffi = loadKoffi()
const libc = koffi.load('libc.so.6')
const flock = libc.func('int flock(int fd, int operation)')
const prctl = libc.func(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
)
const fcntl = libc.func('int fcntl(int fd, int command, ...)')
const pipe2 = libc.func('int pipe2(_Out_ int *fds, int flags)')

/**
 * Takes the exclusive flock(2) of the file description behind `fd`, or returns false when somebody else has it. The call is
 * synchronous on purpose: it never waits (LOCK_NB), and koffi's asynchronous calls take the thread pool. There is no unlock:
 * that would free the lock for everybody who shares the description; a lock is given up by closing the last descriptor.
 * Throws on any other error (ENOLCK, EBADF), naming errno.
 */
export function tryFlock(fd: number): boolean {
  for (;;) {
    if (flock(fd, LOCK_EX | LOCK_NB) === 0) return true
    const errno = koffi.errno()
    if (errno === EAGAIN) return false
    if (errno !== EINTR) throw new Error(`flock(${fd}) failed with errno ${errno}`)
  }
}

/** From now on orphaned descendants become this process's children, `setsid` and double forks included (prctl(2)). */
export function becomeSubreaper(): void {
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) !== 0)
    throw new Error(`prctl failed with errno ${koffi.errno()}`)
}

/** A real pipe (pipe2(2), close-on-exec). Node's own `pipe` stdio is a socket, which a stage cannot open as /dev/stdout. */
export function makePipe(): { readonly readFd: number; readonly writeFd: number } {
  const fds: [number, number] = [-1, -1]
  if (pipe2(fds, O_CLOEXEC) !== 0) throw new Error(`pipe2 failed with errno ${koffi.errno()}`)
  return { readFd: fds[0], writeFd: fds[1] }
}

/** From now on what this process writes to its outputs goes to the file behind `fd`. */
export function redirectOutput(fd: number): void {
  const dup2 = libc.func('int dup2(int from, int to)')
  for (const output of [1, 2])
    if (dup2(fd, output) < 0) throw new Error(`dup2 failed with errno ${koffi.errno()}`)
}

/**
 * Ends this process here and now (_exit(2)), with nothing of Node's own shutdown: that may wait for ever for compilers in the background, which
 * wait for it (github.com/nodejs/node/issues/54918), with every lock still held. Only for a process that has all its work on disk; what it
 * compiled is kept for the next one.
 */
export function exitAtOnce(code: number): never {
  flushCompileCache()
  libc.func('void _exit(int status)')(code)
  throw new Error('_exit returned')
}

/** Marks all descriptors but 0, 1 and 2 close-on-exec: of those that it was started with, Node marks none behind a gap. */
export function closeAllOnExec(): void {
  const fds = readdirSync('/proc/self/fd').map(Number)
  for (const fd of fds) if (fd > 2) fcntl(fd, F_SETFD, 'int', FD_CLOEXEC)
}

/**
 * The platform's own package, which is what koffi's main module loads after `node:util` and all that comes with it: about a
 * twentieth of what a run process takes to begin. Where there is none, koffi itself looks on: for one that was compiled here.
 * @throws HarnessError NO_KOFFI where it finds none either
 */
function loadKoffi(): typeof Koffi {
  const require = createRequire(import.meta.url)
  const platform = `${process.platform}-${process.arch}`
  try {
    return createRequire(require.resolve('koffi'))(`@koromix/koffi-${platform}`)
  } catch {
    return compiledKoffi(require, platform)
  }
}

function compiledKoffi(require: NodeJS.Require, platform: string): typeof Koffi {
  try {
    return require('koffi')
  } catch (error) {
    const text = `koffi, through which locks are taken, cannot be loaded on ${platform}`
    throw new HarnessError('NO_KOFFI', text, { cause: error })
  }
}
