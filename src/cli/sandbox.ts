import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { EXIT, HarnessError } from '../errors.ts'
import { openRuns } from '../lock/openRuns.ts'
import type { StopRequest } from '../model/journal.ts'
import { isAlive } from '../process/procfs.ts'
import { stopRun } from '../process/stopRun.ts'
import { clientIdOf } from '../sandbox/github/app.ts'
import { generateAppKeys } from '../sandbox/keys.ts'
import { readResult } from '../store/result.ts'
import { type RunPaths, readJournal, runPaths } from '../store/runFolder.ts'
import { type StatePaths, statePaths } from '../store/stateFolder.ts'
import { showMainJob } from './sandboxDemo.ts'
import { deathOf, end, lineWith, startPart, tailOf } from './sandboxParts.ts'
import { keepService, SERVICE_LOG, startService } from './sandboxService.ts'

const STAND_IN = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url))
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const RECIPES = fileURLToPath(new URL('../../recipes', import.meta.url))
const APP_ID = '1'
const LOOK_EVERY_MS = 100

/** `berth sandbox`: a stand-in for GitHub and the real service under it, each a process of its own, until Ctrl-C. */
export async function sandbox(options: { readonly port: number }): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  const folder = mkdtempSync(join(tmpdir(), 'berth-sandbox-'))
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  const world = await prepare(folder)
  const github = await startStandIn(world, options.port)
  undo.defer(() => end(github.child))
  const start = () => startService(world.folder, serviceEnvironment(world, github.url))
  const service = await keepService(start, (line) => process.stdout.write(`\n${line}\n`))
  undo.defer(() => endRuns(world))
  undo.defer(() => service.end())
  process.stdout.write(welcome(github.url, world, service.pid()))
  const demo = showMainJob(github.url, process.stdout, stop.signal)
  const died = await Promise.race([aborted(stop.signal), service.givenUp, deathOf(github.child)])
  stop.abort()
  process.stdout.write(
    died
      ? `\nA part of the sandbox died:\n${tailOf(join(folder, SERVICE_LOG))}\n${tailOf(join(folder, 'github.log'))}\n`
      : '\nTaking the sandbox down.\n',
  )
  await demo
  return died ? EXIT.harness : EXIT.ok
}

interface Sandbox {
  readonly folder: string
  readonly state: StatePaths
  readonly keyPath: string
  readonly publicKeyPath: string
  readonly secret: string
  readonly clientSecret: string
  readonly servicePort: number
}

async function prepare(folder: string): Promise<Sandbox> {
  const keys = await generateAppKeys()
  const [keyPath, publicKeyPath] = [join(folder, 'app.private-key.pem'), join(folder, 'app.public-key.pem')]
  writeFileSync(keyPath, keys.privateKey, { mode: 0o600 })
  writeFileSync(publicKeyPath, keys.publicKey)
  mkdirSync(join(folder, 'github'))
  writeFileSync(join(folder, 'berth.yml'), configuration(folder))
  const state = statePaths(join(folder, 'state'))
  return {
    folder,
    state,
    keyPath,
    publicKeyPath,
    secret: randomBytes(32).toString('hex'),
    clientSecret: randomBytes(20).toString('hex'),
    servicePort: await freePort(),
  }
}

function configuration(folder: string): string {
  return [
    `stateDir: ${JSON.stringify(join(folder, 'state'))}`,
    `recipesDir: ${JSON.stringify(RECIPES)}`,
    'baseDomain: ci.localhost',
    'slots: 2',
    'repositories:',
    '  acme/site: { recipes: [hello, red], default: hello }',
    'limits: { perActorPerHour: 1000, perPullRequestPerHour: 1000, perRepositoryPerHour: 1000, repeatsPerTenMinutes: 1000 }',
    'trust: { hold: maintain }',
    'budgets: { killGrace: 2s }',
    '',
  ].join('\n')
}

async function startStandIn(world: Sandbox, port: number): Promise<{ child: ChildProcess; url: string }> {
  const env = {
    ...process.env,
    PORT: String(port),
    WEBHOOK_URL: `http://127.0.0.1:${world.servicePort}/api/github/webhooks`,
    WEBHOOK_SECRET: world.secret,
    CLIENT_SECRET: world.clientSecret,
    CALLBACK_URL: `http://127.0.0.1:${world.servicePort}/sign-in/callback`,
    APP_ID,
    APP_PUBLIC_KEY_PATH: world.publicKeyPath,
    DATA_DIR: join(world.folder, 'github'),
  }
  const child = startPart(
    join(world.folder, 'github.log'),
    [process.execPath, STAND_IN, '--until-stdin-ends'],
    env,
  )
  const url: unknown = JSON.parse(
    await lineWith(child, '"url"', 'The stand-in for GitHub', join(world.folder, 'github.log')),
  )
  if (typeof url === 'object' && url !== null && 'url' in url && typeof url.url === 'string')
    return { child, url: url.url }
  throw new HarnessError('SANDBOX', 'The stand-in for GitHub said no address')
}

/** What a person has set up for a service of their own, in the environment or in `.env`, is not this one's. */
function serviceEnvironment(world: Sandbox, github: string): NodeJS.ProcessEnv {
  return {
    ...environment(world),
    GHE_HOST: new URL(github).host,
    GHE_PROTOCOL: 'http',
    APP_ID,
    PRIVATE_KEY: '',
    PRIVATE_KEY_PATH: world.keyPath,
    WEBHOOK_SECRET: world.secret,
    GITHUB_CLIENT_ID: clientIdOf(Number(APP_ID)),
    GITHUB_CLIENT_SECRET: world.clientSecret,
    HOST: '127.0.0.1',
    PORT: String(world.servicePort),
    BERTH_URL: '',
    LOG_LEVEL: 'info',
  }
}

function environment(world: Sandbox): NodeJS.ProcessEnv {
  return { ...process.env, BERTH_CONFIG: join(world.folder, 'berth.yml'), BERTH_STATE_DIR: world.state.root }
}

/** A port that was free a moment ago: the stand-in must know where the service will listen before the service can start. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function welcome(url: string, world: Sandbox, pid: number | undefined): string {
  return [
    'A sandbox of berth is up: a local stand-in for GitHub, and the real service under it.',
    '',
    `  Pull requests   ${url}`,
    `  The service     http://127.0.0.1:${world.servicePort} (process ${pid}; kill -9 it if you like: it comes back, and its runs go on)`,
    `  Its folder      ${world.folder} (goes when you leave)`,
    '',
    'Open a pull request there and comment !testme. Ctrl-C ends it all.',
    '',
    '',
  ].join('\n')
}

function aborted(signal: AbortSignal): Promise<false> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(false), { once: true }))
}

/** The service lets runs go on when it ends; here nothing may stay behind, and what its own processes leave, the janitor cleans. */
async function endRuns(world: Sandbox): Promise<void> {
  const stop: StopRequest = { reason: 'cancelled', by: 'the end of the sandbox', atMs: Date.now() }
  const runs = openRuns(world.state).map(({ run }) => runPaths(world.state, run))
  for (const run of runs) stopRun(run, stop)
  while (runs.some(isConducted)) await pause(LOOK_EVERY_MS)
  await end(spawn(process.execPath, [MAIN, 'janitor'], { env: environment(world), stdio: 'ignore' }), null)
}

function isConducted(run: RunPaths): boolean {
  const { lastProcess } = readJournal(run)
  return readResult(run) === null && lastProcess !== null && isAlive(lastProcess)
}
