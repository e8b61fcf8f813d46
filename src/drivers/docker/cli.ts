import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { HarnessError } from '../../errors.ts'
import { isOrder } from '../../model/clientOrders.ts'
import type { Containment } from '../../model/journal.ts'
import type { Ended, RunContainment } from '../../process/containment.ts'
import { openJoining, type Pipe } from '../../process/joining.ts'
import type { EngineAddress } from './engine.ts'

/** Where and as whose work a CLI runs. */
export interface CliParts {
  readonly address: EngineAddress
  /** The operator's `DOCKER_CONFIG`, with the registries' credentials; null = none. No stage has it. */
  readonly configFolder: string | null
  /** The run's own: the CLI reads and writes its settings there. */
  readonly home: string
  /** Its marks, by which a sweep of processes finds what has left its part. */
  readonly run: string
  readonly stage: string
  readonly containment: Pick<RunContainment, 'command' | 'end'>
  /** The stage's part: whoever ends that ends the CLI, too. */
  readonly part: Containment
  readonly makePipe: () => Pipe
  readonly killGraceMs: number
  /** The harness's record of what its runs have pulled; none = nothing is noted. */
  readonly images?: string
  /** For the variables of compose files; none of ours is replaced. */
  readonly values?: Readonly<Record<string, string>>
}

export interface CliCall {
  /** With its first words; none = `docker`. */
  readonly program?: readonly [ClientName, ...(readonly string[])]
  readonly words: readonly string[]
  readonly timeoutMs: number
  /** Where it runs; none = in its home. */
  readonly folder?: string
  /** Standard input; none = empty. */
  readonly input?: string
}

export interface CliEnd {
  readonly cause: 'exit' | 'timeout' | 'stop'
  /** Null = ended by a signal. */
  readonly exitCode: number | null
  /** Both outputs, as they came. */
  readonly output: string
  /** Standard output by itself: what it was asked to print. */
  readonly printed: string
  /** Standard error by itself. */
  readonly warned: string
  /** Each attempt at ending it; none = it has ended by itself. */
  readonly ended: readonly Ended[]
  /** `lost`: the engine may still be at what it was asked last, and nobody hears how that ends. */
  readonly client: 'ended' | 'lost'
}

const MOST_OUTPUT_BYTES = 1_000_000

/** The engine's clients, and the packages of Debian that bring them. */
const CLIENTS = { docker: 'docker.io', 'docker-compose': 'docker-compose' } as const
export type ClientName = keyof typeof CLIENTS
const DOCKER = ['docker'] as const

/**
 * Runs the Docker CLI to its end, in the stage's part of the run, in a constructed environment, with a death signal from this process. With
 * Node's own spawn: execa hands on no descriptor but the first three.
 * @throws HarnessError NO_DOCKER_CLI, NOT_JOINED
 */
export async function runCli(parts: CliParts, call: CliCall, signal: AbortSignal): Promise<CliEnd> {
  requireClient(call.program?.[0] ?? 'docker')
  using joining = openJoining(parts.part, parts.makePipe)
  let child: ChildProcess
  try {
    child = start(parts, call, joining.writeFds)
  } finally {
    joining.isHandedOver()
  }
  const { both, printed, warned } = outputsOf(child)
  const [exited, closed] = [codeAt(child, 'exit'), codeAt(child, 'close')]
  const cause = await firstOf(closed, call.timeoutMs, signal)
  const ended = cause === 'exit' ? [] : [await parts.containment.end([parts.part], parts.killGraceMs)]
  // What could not be ended may hold its output open for ever.
  const exitCode = await (cause === 'exit' ? closed : exited)
  if (cause === 'exit' && joining.hasFailed(exitCode)) {
    throw new HarnessError('NOT_JOINED', `The Docker CLI could not join its ${joining.what}`)
  }
  const output = textOf(both)
  const client = hasEnded(cause, exitCode, output) ? 'ended' : 'lost'
  return { cause, exitCode, output, printed: textOf(printed), warned: textOf(warned), ended, client }
}

function start(parts: CliParts, call: CliCall, joiningFds: readonly number[]): ChildProcess {
  const folder = call.folder ?? parts.home
  const [file = '', ...args] = parts.containment.command(parts.part, folder, [
    'setpriv',
    '--pdeathsig',
    'KILL',
    '--no-new-privs',
    ...(call.program ?? DOCKER),
    ...call.words,
  ])
  const child = spawn(file, args, {
    cwd: folder,
    env: environmentOf(parts),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', ...joiningFds],
  })
  // A CLI that has ended before it read its input tells why on its own; EPIPE would only hide it.
  child.stdin?.on('error', () => undefined).end(call.input ?? '')
  return child
}

function outputsOf({ stdout, stderr }: ChildProcess) {
  const [both, printed, warned]: [Buffer[], Buffer[], Buffer[]] = [[], [], []]
  for (const [stream, own] of [[stdout, printed] as const, [stderr, warned] as const])
    stream?.on('data', (chunk: Buffer) => {
      keep(both, chunk)
      keep(own, chunk)
    })
  return { both, printed, warned }
}

function keep(output: Buffer[], chunk: Buffer): void {
  const bytes = output.reduce((sum, { length }) => sum + length, 0)
  if (bytes < MOST_OUTPUT_BYTES) output.push(chunk)
}

function textOf(output: readonly Buffer[]): string {
  return Buffer.concat(output).toString('utf8')
}

/** Its exit code, or null, when it has ended (`exit`), or has said its last words, too (`close`). */
function codeAt(child: ChildProcess, event: 'exit' | 'close'): Promise<number | null> {
  const code = new Promise<number | null>((resolve, reject) => {
    child.once(event, (exitCode) => resolve(exitCode))
    child.once('error', (error) => reject(new HarnessError('NO_DOCKER_CLI', error.message, { cause: error })))
  })
  // Only one of the two is waited for.
  code.catch(() => undefined)
  return code
}

/** It asks one thing after the other, and ends with the first refusal: an end without the engine's answer is a lost connection, or a kill. */
function hasEnded(cause: CliEnd['cause'], exitCode: number | null, output: string): boolean {
  return cause === 'exit' && (exitCode === 0 || ANSWERED.test(output))
}

const ANSWERED = /Error response from daemon/

/** The command line would only say that setpriv has found nothing. */
function requireClient(name: ClientName): void {
  if (!hasClient(name)) throw new HarnessError('NO_DOCKER_CLI', noClient(name))
}

/** For whoever has to install it. */
export function noClient(name: ClientName): string {
  return `There is no ${name} command on the PATH: apt-get install ${CLIENTS[name]}`
}

/** Whether it is on the PATH. */
export function hasClient(name: ClientName): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return folders.some((folder) => isExecutable(join(folder, name)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Nothing of the harness's own environment but where the engine is, and the way to programs. */
function environmentOf({
  address,
  configFolder,
  home,
  run,
  stage,
  values,
}: CliParts): Record<string, string> {
  const variables = Object.entries(values ?? {}).filter(([name]) => !isOrder(name))
  return {
    ...Object.fromEntries(variables),
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    LANG: 'C.UTF-8',
    BERTH_RUN_ID: run,
    BERTH_STAGE: stage,
    DOCKER_CLI_HINTS: 'false',
    ...(address.host === null ? {} : { DOCKER_HOST: address.host }),
    ...(address.certPath === null ? {} : { DOCKER_CERT_PATH: address.certPath, DOCKER_TLS_VERIFY: '1' }),
    ...(configFolder === null ? {} : { DOCKER_CONFIG: configFolder }),
  }
}

function firstOf(closed: Promise<unknown>, timeoutMs: number, signal: AbortSignal): Promise<CliEnd['cause']> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => end('timeout'), timeoutMs)
    const stop = (): void => end('stop')
    void closed.then(
      () => end('exit'),
      () => end('exit'),
    )
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()

    function end(cause: CliEnd['cause']): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      resolve(cause)
    }
  })
}
