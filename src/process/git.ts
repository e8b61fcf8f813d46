import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError } from '../errors.ts'
import { makePipe } from '../lock/syscalls.ts'
import type { RunAs } from '../model/run.ts'
import { CHECKOUT } from '../model/stageLog.ts'
import { createOnce } from '../store/durable.ts'

/** Who runs git, and with which configuration: never the machine's, and nothing that a repository brings along. */
export interface GitUser {
  readonly home: string
  readonly runAs: RunAs | null
}

export interface GitOptions {
  /** Whose work it is: git, and what it starts, carries the run's mark, so that a teardown finds what outlived its run process. */
  readonly run: string
  readonly signal: AbortSignal
  /** Sent as a header, through the environment: a command line can be read by everybody on the machine. */
  readonly token?: string | null
}

/** Surroundings that git needs to reach a server. */
const PASSED_ON = [
  'PATH',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'GIT_SSL_CAINFO',
]

const CONFIGURATION = `[safe]
	directory = *
[core]
	hooksPath = /dev/null
[gc]
	auto = 0
[init]
	defaultBranch = main
[uploadpack]
	allowAnySHA1InWant = true
[advice]
	detachedHead = false
`

/** One git to be run: by whom, and with which words. */
export interface GitCall {
  readonly user: GitUser
  readonly args: readonly string[]
}

/** Writes the configuration that git reads in a run's home, thrown away with the run: command-line settings do not reach a git that git starts. */
export function writeGitConfiguration(home: string): void {
  writeFileSync(join(home, '.gitconfig'), CONFIGURATION)
}

/** The same in the home that all runs share: whole and flushed, since nobody writes it again. */
export function keepGitConfiguration(home: string): void {
  const path = join(home, '.gitconfig')
  if (!existsSync(path)) createOnce(path, CONFIGURATION)
}

/**
 * Runs git to its end and returns its output. With Node's own spawn: execa costs 54 ms to load in a run process that needs 45 ms in all.
 * @throws HarnessError GIT with git's own words, without credentials
 */
export async function git(user: GitUser, args: readonly string[], options: GitOptions): Promise<string> {
  const child = start({ user, args }, ['ignore', 'pipe', 'pipe'], options)
  const output: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk))
  throwFaults([await endOf(child, args)])
  return Buffer.concat(output).toString('utf8').trim()
}

/**
 * Runs two gits side by side until both have ended; what the first one writes is what the second one reads, through a pipe of the kernel's.
 * @throws HarnessError GIT with the words of each that failed: the end of one ends the other
 */
export async function gitInto(from: GitCall, input: string, to: GitCall, options: GitOptions): Promise<void> {
  const pipe = makePipe()
  let children: readonly [ChildProcess, ChildProcess]
  try {
    children = [
      start(from, ['pipe', pipe.writeFd, 'pipe'], options),
      start(to, [pipe.readFd, 'ignore', 'pipe'], options),
    ]
  } finally {
    // Each end shows its end of file, or its missing reader, only when nobody else has the other one open.
    closeSync(pipe.readFd)
    closeSync(pipe.writeFd)
  }
  const [first, second] = children
  // A git that has ended before it read its input (no such folder) tells why on its own; EPIPE would only hide it.
  first.stdin?.on('error', () => undefined).end(input)
  throwFaults(await Promise.all([endOf(first, from.args), endOf(second, to.args)]))
}

function start({ user, args }: GitCall, stdio: StdioOptions, options: GitOptions): ChildProcess {
  const [file = 'git', ...rest] = [...asUser(user), 'git', ...args]
  return spawn(file, rest, { cwd: '/', env: environmentOf(user, options), stdio, signal: options.signal })
}

/** What went wrong, or null. Whatever the end, git is gone then; one that was aborted may have left a helper that holds its output open. */
async function endOf(child: ChildProcess, args: readonly string[]): Promise<string | null> {
  const complaints: Buffer[] = []
  child.stderr?.on('data', (chunk: Buffer) => complaints.push(chunk))
  const fault = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => {
      if (error.name !== 'AbortError') return resolve(error.message)
      // A stopped process hears the abort's TERM only when it is let go on.
      child.kill('SIGCONT')
      if (child.exitCode === null && child.signalCode === null) child.once('exit', () => resolve(STOPPED))
      else resolve(STOPPED)
    })
    child.once('close', (code, signal) =>
      resolve(code === 0 ? null : `exit code ${code ?? signal ?? 'unknown'}`),
    )
  })
  if (fault === null) return null
  const words = Buffer.concat(complaints).toString('utf8').trim()
  return `git ${args.join(' ')} failed: ${words === '' ? fault : words}`
}

const STOPPED = 'it was stopped'

function throwFaults(faults: readonly (string | null)[]): void {
  const told = faults.filter((fault) => fault !== null)
  if (told.length > 0) throw new HarnessError('GIT', told.join('; '))
}

/**
 * The words before a command that make it run as the stages' user; none where that is our own. Only where setpriv is needed anyway does git
 * get a death signal, too: its mark is what the guarantee rests on, and the TERM of a teardown, unlike KILL, lets it remove its lock files.
 */
function asUser({ runAs }: GitUser): readonly string[] {
  if (runAs === null) return []
  const user = [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, '--clear-groups']
  return ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', ...user]
}

function environmentOf({ home }: GitUser, { run, token = null }: GitOptions): Record<string, string> {
  const passedOn = PASSED_ON.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(passedOn),
    HOME: home,
    LANG: 'C',
    BERTH_RUN_ID: run,
    BERTH_STAGE: CHECKOUT,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    ...(token === null ? {} : credentials(token)),
  }
}

/** Basic authentication with an installation token (GitHub: "Authenticating as a GitHub App installation"). */
function credentials(token: string): Record<string, string> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
  }
}
