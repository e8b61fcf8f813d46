import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Dockerode from 'dockerode'
import { HarnessError, InputError } from '../../errors.ts'
import { type Fields, fieldsOf, optional, textOf } from '../../model/read.ts'
import { COMPOSE_KINDS, OBJECT_KINDS, type ObjectKind } from '../../model/stackObjects.ts'
import { engineError, timeoutError } from './engineError.ts'

/** The operator's own words for where the engine is; as the CLI has them. */
export interface EngineAddress {
  /** `DOCKER_HOST`; null = the usual socket. */
  readonly host: string | null
  /** `DOCKER_CERT_PATH`: folder of ca.pem, cert.pem and key.pem; null = no TLS. */
  readonly certPath: string | null
}

/** One engine. Whoever has it acts as the service: stages never see it. */
export interface Engine {
  readonly address: string
  /** How many calls were made so far. */
  readonly calls: () => number
  /**
   * Asks the engine, for a bounded time. What it was asked to do may still come after a time-out, or when the signal aborts.
   * @param what such as `list services`, for the error
   * @throws EngineError
   */
  readonly call: <T>(
    what: string,
    ask: (docker: Dockerode, signal: AbortSignal) => Promise<T>,
    options?: CallOptions,
  ) => Promise<T>
}

export interface CallOptions {
  readonly mostMs?: number
  readonly signal?: AbortSignal
}

const USUAL_SOCKET = '/var/run/docker.sock'
const MOST_MS = 20_000

/**
 * A client of the engine. It connects with the first call.
 * @throws InputError when the address is none that can be used
 */
export async function openEngine({ host, certPath }: EngineAddress): Promise<Engine> {
  const address = host ?? `unix://${USUAL_SOCKET}`
  const options = connectionTo(address, certPath)
  // Loaded here: it costs a run that has no Docker a third of a second.
  const { default: Docker } = await import('dockerode')
  const docker = new Docker(options)
  let calls = 0
  return {
    address,
    calls: () => calls,
    call(what, ask, options) {
      calls += 1
      return bounded(what, address, (signal) => ask(docker, signal), options)
    },
  }
}

/** What a swarm recipe needs of the engine. */
export interface SwarmFacts {
  readonly version: string
  readonly node: string
}

/** What an engine can have of ours: one that is no manager of a swarm refuses to list what only a swarm has. @throws EngineError */
export async function kindsOf(engine: Engine): Promise<readonly ObjectKind[]> {
  return fieldsOf((await infoOf(engine))['Swarm'] ?? {}, 'Swarm')['ControlAvailable'] === true
    ? OBJECT_KINDS
    : COMPOSE_KINDS
}

/**
 * Who the engine is, if stacks can be deployed on it.
 * @throws EngineError when it does not answer; HarnessError NO_SWARM when it is no manager of a swarm
 */
export async function requireSwarm(engine: Engine): Promise<SwarmFacts> {
  const info = await infoOf(engine)
  const swarm = fieldsOf(info['Swarm'] ?? {}, 'Swarm')
  if (swarm['ControlAvailable'] === true) {
    return { version: textOf(info, 'ServerVersion'), node: textOf(swarm, 'NodeID') }
  }
  const state = optional(swarm, 'LocalNodeState', textOf) ?? 'unknown'
  throw new HarnessError(
    'NO_SWARM',
    `The Docker Engine at ${engine.address} is no swarm manager (swarm: ${state}): docker swarm init --advertise-addr 127.0.0.1`,
  )
}

/** @throws EngineError */
export async function engineVersion(engine: Engine, mostMs: number): Promise<string> {
  return textOf(await infoOf(engine, { mostMs }), 'ServerVersion')
}

/** Its types take no signal, and it does: without one the connection to a silent engine would keep a process alive. @throws EngineError */
async function infoOf(engine: Engine, options?: CallOptions): Promise<Fields> {
  const ask = (docker: Dockerode, abortSignal: AbortSignal): Promise<unknown> =>
    Reflect.apply(docker.info, docker, [{ abortSignal }])
  const info = await engine.call('say what it is', ask, options)
  return fieldsOf(info, 'info')
}

/** A `host` from the environment would win over a socket: each is said. */
function connectionTo(address: string, certPath: string | null): Dockerode.DockerOptions {
  if (address.startsWith('unix://')) {
    return { host: undefined, socketPath: address.slice('unix://'.length) || USUAL_SOCKET, protocol: 'http' }
  }
  const url = URL.canParse(address) ? new URL(address) : null
  if (url === null || url.protocol !== 'tcp:' || url.hostname === '') {
    throw new InputError('docker.host', [`${address}: it must be unix:///path or tcp://host:port`])
  }
  const place = { host: url.hostname, socketPath: undefined }
  if (certPath === null) return { ...place, port: url.port || 2375, protocol: 'http' }
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFileSync(join(certPath, name)))
  return { ...place, port: url.port || 2376, protocol: 'https', ca, cert, key: key?.toString('utf8') }
}

/** An own timer: that of `AbortSignal.timeout` does not keep the process alive. */
async function bounded<T>(
  what: string,
  address: string,
  ask: (signal: AbortSignal) => Promise<T>,
  { mostMs = MOST_MS, signal }: CallOptions = {},
): Promise<T> {
  signal?.throwIfAborted()
  const over = new AbortController()
  const stop = (): void => over.abort(signal?.reason)
  const timer = setTimeout(() => over.abort(timeoutError(what, address, mostMs)), mostMs)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    // Some calls take no signal: theirs may be answered, by nobody's leave, later or never.
    return await Promise.race([ask(over.signal), aborted(over.signal)])
  } catch (error) {
    if (over.signal.aborted) throw over.signal.reason
    throw engineError(what, address, error)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
