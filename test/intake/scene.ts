import { createHash, createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { createProbot } from 'probot'
import { gitHubFacts } from '../../src/intake/github.ts'
import { Intake } from '../../src/intake/intake.ts'
import type { IntakeWorld } from '../../src/intake/ports.ts'
import { webhookDoor } from '../../src/intake/webhook.ts'
import type { EventLog } from '../../src/model/events.ts'
import type { NewRun, Store } from '../../src/model/ports.ts'
import type { Fields } from '../../src/model/read.ts'
import type { NewReport } from '../../src/model/report.ts'
import { firstCheck } from '../../src/report/checkRun.ts'
import { SYSTEM_TIME, type Time } from '../../src/report/time.ts'
import { newRunId } from '../../src/store/runId.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aConfig, aRecipe } from '../model/policyWorld.ts'
import { type FactServer, startFactServer } from './factServer.ts'

export const SECRET = 'a secret of the tests'
export const PATH = '/api/github/webhooks'

const SIZES = { size: { values: ['s', 'l'], default: 's' } }

export const CONFIG: IntakeWorld['config'] = {
  ...aConfig(),
  repositories: [
    { pattern: 'codertocat/*', recipes: ['hello', 'world'], default: 'hello', supersede: null, priority: 0 },
  ],
  supersede: 'queued',
  baseDomain: 'ci.test',
  runDomains: /^[a-z0-9-]+\.ci\.test$/,
}

/** What the world gives the intake whatever GitHub is. */
export const PARTS = {
  recipes: [aRecipe('hello', { arguments: SIZES }), aRecipe('world')],
  hash: (text: string) => createHash('sha256').update(text).digest('hex'),
  firstCheck: (run: NewRun) => firstCheck(run, null),
  runPage: () => null,
  waitOf: async () => null,
  reasons: null,
  newRunId,
}

/** Only its check of signatures is used here. */
const probot = createProbot({
  env: {},
  overrides: { secret: SECRET, githubToken: 'none', logLevel: 'fatal' },
}).ready()

interface Ended {
  readonly outcome: string
  /** False = it had been acted on before, and nothing was written. */
  readonly isNew: boolean
}

export interface Scene extends AsyncDisposable {
  readonly url: string
  readonly store: Store
  readonly gitHub: FactServer
  readonly intake: Intake
  /** Names of what was logged, in order. */
  readonly events: readonly string[]
  /** Ids of the deliveries that are decided, in that order. */
  readonly order: readonly string[]
  /** Delivers as GitHub does; resolves to the answer. */
  deliver(
    event: string,
    payload: Fields | string,
    delivery?: { readonly id?: string; readonly signature?: string },
  ): Promise<Response>
  /** Delivers, and resolves to how that was decided. */
  decided(event: string, payload: Fields, id?: string): Promise<Ended>
  ended(id: string): Promise<Ended>
  /** Resolves at the next log line of this name. */
  next(event: string): Promise<void>
  /** Reports that wait to be sent: at most one per run. */
  reports(): Promise<readonly NewReport[]>
  /** Bodies of the waiting replies. */
  replies(): Promise<readonly string[]>
  reactions(): Promise<readonly string[]>
}

export interface SceneOptions {
  readonly config?: Partial<IntakeWorld['config']>
  readonly time?: Time
  readonly store?: (store: Store) => Store
  readonly world?: (world: IntakeWorld) => Partial<IntakeWorld>
  /** What is in the records when the intake starts. */
  readonly before?: (store: Store) => Promise<unknown>
}

/** The door on loopback, the records on disk, and as much of GitHub as is asked. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'berth-intake-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const time = options.time ?? SYSTEM_TIME
  const opened = await openStore(join(folder, 'berth.db'), () => time.now())
  stack.defer(() => opened.close())
  const store = options.store?.(opened) ?? opened
  await options.before?.(opened)
  const gitHub = stack.use(await startFactServer())
  const log = makeLog()
  const world = worldOf({ store, gitHub, time, options })
  const intake = stack.use(new Intake({ world: () => world, log, decided: () => {} }))
  const { webhooks } = await probot
  const door = webhookDoor({
    path: PATH,
    store,
    verify: (body, signature) => webhooks.verify(body, signature),
    stored: () => intake.wake(),
    now: () => time.now(),
    log,
  })
  const server = createServer(async (request, response) => {
    if (!(await door(request, response))) response.writeHead(404).end()
  })
  stack.defer(() => closed(server))
  const url = await listening(server)
  const owned = stack.move()
  return {
    ...sceneOf({ url, store, gitHub, intake, log }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export function signatureOf(body: string, secret = SECRET): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

function worldOf({
  store,
  gitHub,
  time,
  options,
}: {
  readonly store: Store
  readonly gitHub: FactServer
  readonly time: Time
  readonly options: SceneOptions
}): IntakeWorld {
  const quiet = () => undefined
  const octokit = new Octokit({
    baseUrl: gitHub.url,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  })
  const world: IntakeWorld = {
    store,
    github: gitHubFacts({ octokitFor: async () => octokit, time, store }),
    config: { ...CONFIG, ...options.config },
    ...PARTS,
    time,
  }
  return { ...world, ...options.world?.(world) }
}

interface TestLog extends EventLog {
  readonly events: string[]
  readonly order: string[]
  ended(id: string): Promise<Ended>
  next(event: string): Promise<void>
}

export function makeLog(): TestLog {
  const events: string[] = []
  const order: string[] = []
  const ended = new Map<string, PromiseWithResolvers<Ended>>()
  const waiting: { readonly event: string; readonly seen: () => void }[] = []

  function endOf(id: string): PromiseWithResolvers<Ended> {
    const known = ended.get(id) ?? Promise.withResolvers<Ended>()
    ended.set(id, known)
    return known
  }

  function note(data: object, event: string): void {
    events.push(event)
    if (event === 'delivery.decided' && 'delivery' in data && 'outcome' in data && 'isNew' in data) {
      order.push(String(data.delivery))
      endOf(String(data.delivery)).resolve({ outcome: String(data.outcome), isNew: data.isNew === true })
    }
    for (const waiter of waiting.filter((one) => one.event === event)) waiter.seen()
  }

  return {
    events,
    order,
    info: note,
    warn: note,
    error: note,
    ended: (id) => endOf(id).promise,
    next: (event) => new Promise((seen) => waiting.push({ event, seen: () => seen() })),
  }
}

function sceneOf(parts: Pick<Scene, 'url' | 'store' | 'gitHub' | 'intake'> & { readonly log: TestLog }) {
  const { url, store, log } = parts
  let deliveries = 0

  const deliver: Scene['deliver'] = (event, payload, { id, signature } = {}) => {
    deliveries += 1
    const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
    const headers = {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': id ?? `delivery-${deliveries}`,
      'x-hub-signature-256': signature ?? signatureOf(body),
    }
    return fetch(`${url}${PATH}`, { method: 'POST', headers, body })
  }

  async function bodies(kind: NewReport['kind'], key: string): Promise<readonly string[]> {
    const reports = await store.dueReports(Number.MAX_SAFE_INTEGER, 1000)
    return reports
      .filter((report) => report.kind === kind)
      .map((report) => String(JSON.parse(report.body)[key]))
  }

  return {
    url,
    store,
    gitHub: parts.gitHub,
    intake: parts.intake,
    events: log.events,
    order: log.order,
    next: log.next,
    deliver,
    ended: log.ended,
    async decided(event: string, payload: Fields, id = `decided-${deliveries}`) {
      await deliver(event, payload, { id })
      return log.ended(id)
    },
    reports: () => store.dueReports(Number.MAX_SAFE_INTEGER, 1000),
    replies: () => bodies('reply', 'body'),
    reactions: () => bodies('reaction', 'content'),
  }
}

export async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
}

export async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
