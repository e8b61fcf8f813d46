import { closeSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { GitHubFault } from '../../src/intake/gitHubFault.ts'
import { Intake } from '../../src/intake/intake.ts'
import type { GitHubFacts } from '../../src/intake/ports.ts'
import { lockExclusively, writeMark } from '../../src/lock/lockFile.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { EMPTY_JOURNAL, type Entry, type EntryBody, withEntry } from '../../src/model/journal.ts'
import type { Name } from '../../src/model/names.ts'
import type { NewRun, RunChange, Store } from '../../src/model/ports.ts'
import type { RunRequest } from '../../src/model/run.ts'
import { byHandOn } from '../../src/process/byHand.ts'
import { startOrders } from '../../src/queue/orders.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { SYSTEM_TIME } from '../../src/report/time.ts'
import { writeSynced } from '../../src/store/durable.ts'
import { writeResult } from '../../src/store/result.ts'
import { createRunFolder, type RunPaths } from '../../src/store/runFolder.ts'
import { newRunId } from '../../src/store/runId.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { lockPath, openStateFolder, type StatePaths } from '../../src/store/stateFolder.ts'
import { createWeb } from '../../src/web/app.ts'
import { createMetrics, type Metrics } from '../../src/web/metrics.ts'
import type { WebWorld } from '../../src/web/ports.ts'
import { stateReads } from '../../src/web/stateReads.ts'
import { actingOf } from '../../src/world/acting.ts'
import { CONFIG, makeLog, PARTS } from '../intake/scene.ts'
import { aRecipe, LIMITS } from '../model/policyWorld.ts'
import { aCheck, aDecision, aDelivery, aRun, SHA } from '../store/samples.ts'

export const DOMAIN = 'site-hello-pr12.ci.test'

/** The pages over HTTP, with records and a state folder of their own. */
export interface Scene extends AsyncDisposable {
  readonly url: string
  readonly state: StatePaths
  readonly store: Store
  readonly metrics: Metrics
  /** What was logged as a fault. */
  readonly faults: object[]
  /** What the service is asked about itself. */
  readonly readiness: { reasons: readonly string[] }
  get(path: string): Promise<Answer>
  /** Sends the path byte for byte: no client has tidied it up. */
  rawGet(path: string): Promise<string>
  queue(...runs: readonly NewRun[]): Promise<void>
  change(id: string, change: RunChange): Promise<void>
  /** A run's folder with these journal lines. */
  folder(request: RunRequest, lines: readonly Line[]): RunPaths
  /** Has the name's lock from here on, as a run's processes would. */
  hold(name: Name, run: string, since: number): void
}

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** A journal line and its time. */
export type Line = readonly [at: number, body: EntryBody]

/** What only GitHub knows, where nobody asks it. */
const NO_GITHUB: GitHubFacts = {
  permissionOf: () => Promise.reject(new GitHubFault('GitHub is not asked here', { notBeforeMs: 0 })),
  pullRequest: () => Promise.reject(new GitHubFault('GitHub is not asked here', { notBeforeMs: 0 })),
}

/**
 * @param github by which actions are decided, in the intake as it is in service
 * @param waitMs for a decision, at most
 */
export async function startScene(
  change: (world: WebWorld) => WebWorld = (world) => world,
  github: GitHubFacts = NO_GITHUB,
  waitMs = 15_000,
): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const root = mkdtempSync(join(tmpdir(), 'berth-web-'))
  stack.defer(() => rmSync(root, { recursive: true, force: true }))
  const state = openStateFolder(join(root, 'state'))
  const store = await openStore(state.database)
  stack.defer(() => store.close())
  const [reads, readiness, faults] = [stateReads(state), { reasons: [] as readonly string[] }, [] as object[]]
  const config = (): ReturnType<WebWorld['config']> => ({
    slots: 4,
    limits: LIMITS,
    switchedOff: [],
    web: { reading: 'public' },
    repositories: [{ pattern: 'acme/*', recipes: ['hello'], default: null, supersede: null, priority: 0 }],
  })
  const own = {
    config,
    refused: () => null,
    now: Date.now,
    gitHubSignIn: null,
    publicUrl: 'https://berth.test',
  }
  const metrics = createMetrics({ store, ...reads, ...own })
  const ready = async () => readiness.reasons
  const log = { error: (data: object, event: string) => void faults.push({ ...data, event }) }
  const waits = waitsOn({ store, slots: () => 4, others: () => [], now: () => own.now() })
  const recipes = () => [aRecipe('hello')]
  const act = startActing(stack, { store, state, github, waitMs, config: config() })
  const world: WebWorld = { ...reads, ...own, store, recipes, waits, act, ready, metrics, log }
  const server = createAdaptorServer({ fetch: createWeb(change(world)).fetch })
  const port = await new Promise<number>((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  )
  stack.defer(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  const held: number[] = []
  stack.defer(() => held.forEach((fd) => closeSync(fd)))
  const ending = stack.move()
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    state,
    store,
    metrics,
    faults,
    readiness,
    get: (path) => get(`${url}${path}`),
    rawGet: (path) => rawGet(port, path),
    queue: (...runs) => queue(store, runs),
    change: (id, wish) => changeRun(store, id, wish),
    folder: (request, lines) => makeFolder(state, root, request, lines),
    hold: (name, run, since) => held.push(hold(state, name, run, since)),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

interface ActingParts {
  readonly store: Store
  readonly state: StatePaths
  readonly github: GitHubFacts
  readonly waitMs: number
  readonly config: Pick<WebWorld['config'] extends () => infer C ? C : never, 'repositories'>
}

/** The intake and the orders as they are in service. */
function startActing(
  stack: AsyncDisposableStack,
  { store, state, github, waitMs, config }: ActingParts,
): WebWorld['act'] {
  const log = makeLog()
  const orders = stack.use(
    startOrders({ store, byHand: byHandOn(state), ended: () => undefined, now: Date.now, log }),
  )
  const acting = actingOf({ store, stored: () => intake.wake(), isOff: () => false, waitMs })
  const world = { ...PARTS, store, github, config: { ...CONFIG, ...config }, time: SYSTEM_TIME }
  const intake: Intake = stack.use(
    new Intake({
      world: () => world,
      log,
      decided({ deliveryId }) {
        acting.decided(deliveryId)
        orders.wake()
      },
    }),
  )
  return acting.act
}

export function aRequest(id: string, change: Partial<RunRequest> = {}): RunRequest {
  return {
    version: 1,
    run: id,
    recipe: 'hello',
    recipeDigest: 'a'.repeat(64),
    driver: 'process',
    domain: DOMAIN,
    names: [DOMAIN],
    repository: 'acme/site',
    repositoryId: 'github-42',
    cloneUrl: 'https://github.test/acme/site.git',
    pr: 12,
    sha: SHA,
    ref: 'refs/pull/12/head',
    actor: 'octocat',
    arguments: { size: 's' },
    env: { SECRET_OF_THE_RECIPE: 'x' },
    stages: ['check', 'deploy', 'stays-up'].map((name) => aStage(name)),
    teardown: { run: 'true', timeoutMs: 60_000 },
    budgets: { deadlineMs: 600_000, teardownMs: 60_000, killGraceMs: 10_000, ceilingMs: 670_000 },
    limits: { memoryBytes: null, processes: null, cpus: null },
    runAs: null,
    secrets: { folder: null, names: [], withheld: [] },
    foreground: false,
    keepMs: 0,
    instance: 'ci-1',
    requestedAtMs: 1_000,
    ...change,
  }
}

export function aQueued(change: Partial<NewRun> = {}): NewRun {
  return aRun(newRunId(), { enqueuedAtMs: Date.now(), names: [DOMAIN], domain: DOMAIN, ...change })
}

/** The first lines of a run whose checkout took two seconds. */
export function begun(at: number, stages = ['check', 'deploy', 'stays-up']): readonly Line[] {
  return [
    [at, { event: 'process.started', pid: 4242, startTime: '77', boot: 'b', wrapper: 4240 }],
    [at + 2_000, { event: 'prepared', stages, keepMs: 0, containment: 'sweep', fault: null }],
  ]
}

export function stage(
  name: string,
  at: number,
  tookMs: number,
  outcome: 'success' | 'failure' = 'success',
): readonly Line[] {
  const exitCode = outcome === 'success' ? 0 : 1
  return [
    [at, { event: 'stage.started', name, containment: { kind: 'sweep', run: 'r', stage: name } }],
    [
      at + tookMs,
      { event: 'stage.ended', name, outcome, exitCode, detail: `exit code ${exitCode}`, ending: null },
    ],
  ]
}

export function tornDown(at: number, tookMs: number, left: readonly string[] = []): readonly Line[] {
  const report = { verified: left.length === 0, ended: 3, ending: null, tookMs, left }
  return [
    [at, { event: 'teardown.started', containment: { kind: 'sweep', run: 'r', stage: 'teardown' } }],
    [at + tookMs, { event: 'teardown.ended', report }],
  ]
}

function aStage(name: string) {
  return { name, run: 'true', timeoutMs: 60_000, uninterruptible: false }
}

async function get(url: string): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual' })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

function rawGet(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    })
    let text = ''
    socket.setEncoding('utf8')
    socket.on('data', (part: string) => {
      text += part
    })
    socket.once('error', reject)
    socket.once('end', () => resolve(text))
  })
}

async function queue(store: Store, runs: readonly NewRun[]): Promise<void> {
  const delivery = `d-${newRunId()}`
  await store.addDelivery(aDelivery(delivery))
  await store.decide(aDecision(delivery, { runs, reports: runs.map((run) => aCheck(run.id, 0)) }))
}

async function changeRun(store: Store, id: string, wish: RunChange): Promise<void> {
  const row = await store.run(id)
  if (row === null) throw new Error(`there is no run ${id}`)
  const report = aCheck(id, row.reports, { terminal: wish.state === 'concluded' })
  const changed = await store.change(id, row.state, wish, [report])
  if (changed.kind !== 'changed') throw new Error(`run ${id} was not changed: ${changed.kind}`)
}

function makeFolder(state: StatePaths, root: string, request: RunRequest, lines: readonly Line[]): RunPaths {
  const recipe = join(root, 'recipe')
  mkdirSync(recipe, { recursive: true })
  writeFileSync(join(recipe, 'recipe.yml'), 'description: x\n')
  const run = createRunFolder(state, request, recipe)
  const entries = lines.map(([at, body]): Entry => ({ at, mono: at, ...body }))
  writeSynced(run.journal, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
  writeResult(run, request, entries.reduce(withEntry, EMPTY_JOURNAL))
  return run
}

function hold(state: StatePaths, name: Name, run: string, since: number): number {
  const fd = lockExclusively(lockPath(state, name))
  if (fd === null) throw new Error(`${name} is held already`)
  addOpenRun(state, { run, locks: [name], since })
  writeMark(fd, { run, locks: [name], since })
  return fd
}
