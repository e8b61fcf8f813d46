import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type GitHubStandIn, startGitHubStandIn } from '../../src/sandbox/github/server.ts'
import { generateAppKeys } from '../../src/sandbox/keys.ts'
import { readServiceLog, type ServiceLog } from './serviceLog.ts'
import { nowMs } from './wait.ts'
import { makeWorld, type World } from './world.ts'

const LAUNCHER = fileURLToPath(new URL('../berth', import.meta.url))
const APP_ID = 1
export const SECRET = 'a secret of the benchmark'
export const WEBHOOKS = '/api/github/webhooks'

/** `berth serve` as a process of its own, and a GitHub for it in this one. */
export interface Service extends AsyncDisposable {
  readonly pid: number
  /** From its start until it said that it was ready, milliseconds. */
  readonly readyMs: number
  /** Where it listens. */
  readonly port: number
  readonly world: World
  readonly gitHub: GitHubStandIn
  readonly log: ServiceLog
  /** Resolves to the moment (monotonic, ms) at which GitHub has the answer to this delivery of a comment. */
  readonly answerTo: (delivery: string) => Promise<number>
  /** Rejects when the service has not taken a comment. */
  readonly refused: Promise<never>
  /** What it has written to standard error. */
  readonly complaints: () => string
}

/** In a world of its own. @param nodeOptions for the service's Node */
export async function startService(folder: string, nodeOptions: readonly string[] = []): Promise<Service> {
  await using undo = new AsyncDisposableStack()
  const world = undo.use(makeWorld(folder))
  const service = undo.use(await serveIn(world, nodeOptions))
  const ending = undo.move()
  return { ...service, [Symbol.asyncDispose]: () => ending.disposeAsync() }
}

/** In a world that outlives it. */
export async function serveIn(world: World, nodeOptions: readonly string[] = []): Promise<Service> {
  await using undo = new AsyncDisposableStack()
  const port = await freePort()
  const answers = answersOf()
  const { gitHub, keyPath } = await startGitHub(world, port, answers.log)
  undo.use(gitHub)
  const complaintsPath = join(world.root, 'service.err')
  const complaints = () => readFileSync(complaintsPath, 'utf8')
  const beganMs = nowMs()
  const child = spawnService(world, { gitHub, port, keyPath, nodeOptions, complaintsPath })
  undo.defer(() => end(child))
  if (child.stdout === null) throw new Error('the service has no output')
  const log = readServiceLog(child.stdout, complaints)
  await log.next(({ event }) => event === 'service.ready')
  const readyMs = nowMs() - beganMs
  const ending = undo.move()
  return {
    pid: child.pid ?? 0,
    readyMs,
    port,
    world,
    gitHub,
    log,
    answerTo: answers.to,
    refused: answers.refused,
    complaints,
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

/** GitHub's own limits would be all that is measured with a thousand comments. */
const NO_LIMITS = { requestsPerHour: 1_000_000, writesPerMinute: 1_000_000, writesPerHour: 1_000_000 }

async function startGitHub(world: World, port: number, log: ReturnType<typeof answersOf>['log']) {
  const keys = await generateAppKeys()
  const keyPath = join(world.root, 'app.pem')
  writeFileSync(keyPath, keys.privateKey, { mode: 0o600 })
  const gitHub = await startGitHubStandIn({
    port: 0,
    host: '127.0.0.1',
    webhookUrl: `http://127.0.0.1:${port}${WEBHOOKS}`,
    webhookSecret: SECRET,
    appId: APP_ID,
    appPublicKey: keys.publicKey,
    dataDir: join(world.root, 'github'),
    log,
    limits: NO_LIMITS,
  })
  return { gitHub, keyPath }
}

/** GitHub's side of a delivery: its log says when it had the answer. Our own replies are comments, too: only the id tells which is whose. */
function answersOf() {
  const answers = new Map<string, PromiseWithResolvers<number>>()
  const refused = Promise.withResolvers<never>()
  refused.promise.catch(() => undefined)
  const answerTo = (delivery: string) => {
    const answer = answers.get(delivery) ?? Promise.withResolvers<number>()
    answers.set(delivery, answer)
    return answer
  }
  const note = (data: object, event: string) => {
    const { event: kind, guid, status } = { event: '', guid: '', status: {}, ...data }
    if (kind !== 'issue_comment') return
    if (event === 'webhook.delivered') answerTo(guid).resolve(nowMs())
    else refused.reject(new Error(`the service did not take a comment: ${JSON.stringify(status)}`))
  }
  return {
    log: { info: note, warn: note },
    to: (delivery: string) => answerTo(delivery).promise,
    refused: refused.promise,
  }
}

interface Parts {
  readonly gitHub: GitHubStandIn
  readonly port: number
  readonly keyPath: string
  readonly nodeOptions: readonly string[]
  readonly complaintsPath: string
}

/** It ends with us, however we end; a session of its own keeps a Ctrl-C of the terminal from it, so that we end it in order. */
function spawnService(
  world: World,
  { gitHub, port, keyPath, nodeOptions, complaintsPath }: Parts,
): ChildProcess {
  const env = {
    ...world.env,
    NODE_OPTIONS: nodeOptions.join(' '),
    GHE_HOST: new URL(gitHub.url).host,
    GHE_PROTOCOL: 'http',
    APP_ID: String(APP_ID),
    PRIVATE_KEY_PATH: keyPath,
    WEBHOOK_SECRET: SECRET,
    HOST: '127.0.0.1',
    PORT: String(port),
  }
  const fd = openSync(complaintsPath, 'a', 0o600)
  const words = ['--pdeathsig', 'TERM', LAUNCHER, 'serve']
  try {
    return spawn('setpriv', words, { cwd: world.root, env, stdio: ['ignore', 'pipe', fd], detached: true })
  } finally {
    closeSync(fd)
  }
}

/** Runs go on without it; one that waits for them is not waited for. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_END_MS)
  await ended
  clearTimeout(late)
}

const LONGEST_END_MS = 3_000

/** A port that was free a moment ago: GitHub must know where the service will listen before the service can start. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
