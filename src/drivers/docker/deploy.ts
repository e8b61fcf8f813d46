import { type CliCall, type CliEnd, type CliParts, runCli } from './cli.ts'
import type { Engine } from './engine.ts'
import { type Pulled, pullMissing } from './pull.ts'

export interface DeployWish {
  readonly stack: string
  /** The resolved file: held against the engine policy, labelled; the CLI reads nothing else. */
  readonly file: string
  /** All that the file names. */
  readonly images: readonly string[]
  readonly pullTimeoutMs: number
  readonly deployTimeoutMs: number
  readonly say: (text: string) => void
  /** How the engine is asked; none = `docker stack deploy`. */
  readonly call?: Omit<CliCall, 'timeoutMs'>
}

export type DeployFault = Extract<Pulled, { kind: 'failed' }>['fault'] | 'deploy_refused' | 'deploy_timed_out'

/** `client`: whether the engine has told the CLI of everything that it was asked for; a sweep has to know. */
export type Deployed = Pick<CliEnd, 'ended' | 'client'> &
  (
    | { readonly kind: 'deployed'; readonly pulled: readonly string[] }
    | { readonly kind: 'cancelled' }
    | { readonly kind: 'failed'; readonly fault: DeployFault; readonly detail: string }
  )

const BY_ITSELF = { ended: [], client: 'ended' } as const

/**
 * Pulls what is missing, then asks for the stack. It has been asked when this returns; whether it stands is for `converge`.
 * @throws EngineError; HarnessError (see `runCli`): nobody may take that for a client that has ended
 */
export async function deployStack(
  engine: Engine,
  cli: CliParts,
  wish: DeployWish,
  signal: AbortSignal,
): Promise<Deployed> {
  const pull = { images: wish.images, timeoutMs: wish.pullTimeoutMs, say: wish.say }
  const pulled = await pullMissing(engine, cli, pull, signal)
  if (pulled.kind === 'cancelled') return { ...BY_ITSELF, kind: 'cancelled' }
  if (pulled.kind === 'failed') {
    return { ...BY_ITSELF, kind: 'failed', fault: pulled.fault, detail: pulled.detail }
  }
  const call = { words: words(wish, cli), ...wish.call, timeoutMs: wish.deployTimeoutMs }
  const end = await runCli(cli, call, signal)
  for (const line of end.output.split('\n')) if (line.trim() !== '') wish.say(line)
  const { ended, client } = end
  if (end.cause === 'stop') return { kind: 'cancelled', ended, client }
  if (end.exitCode === 0) return { kind: 'deployed', pulled: pulled.images, ended, client }
  const isLate = end.cause === 'timeout'
  return {
    kind: 'failed',
    fault: isLate ? 'deploy_timed_out' : 'deploy_refused',
    detail: isLate ? `not done after ${wish.deployTimeoutMs / 1000} s` : reasonOf(end),
    ended,
    client,
  }
}

/** `never`: the images are there, and asking registries for digests costs time and needs a network. */
function words({ stack, file }: DeployWish, { configFolder }: CliParts): readonly string[] {
  const credentials = configFolder === null ? [] : ['--with-registry-auth']
  return ['stack', 'deploy', '--compose-file', file, '--resolve-image', 'never', ...credentials, stack]
}

const CONFIG_CHANGED = /only updates to Labels are allowed/

/** docker-compose says why in lines of its own, twice: with the container's name, and with the service's. */
const COMPOSE_FAULT = /^ERROR: for \S+ +(.+)$/gm

/** The CLI's last line says why; the lines before it, what it had made by then. */
function reasonOf({ output, exitCode }: CliEnd): string {
  const faults = [...new Set([...output.matchAll(COMPOSE_FAULT)].map(([, fault]) => fault))]
  const text = faults.length > 0 ? faults.join('; ') : (output.trim().split('\n').at(-1) ?? '')
  if (text === '') return exitCode === null ? 'the CLI was killed' : `exit code ${exitCode}`
  return CONFIG_CHANGED.test(text)
    ? `${text}: a config or secret cannot be changed under its name; give it a new one (bump its version)`
    : text
}
