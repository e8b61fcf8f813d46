import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { EXIT, HarnessError } from '../../errors.ts'
import { pageRoutes } from '../page/routes.ts'
import { eventPayload } from './answers/events.ts'
import { API_PREFIX } from './answers/schemas.ts'
import { restApi, type UnknownCall } from './api/api.ts'
import { type Fault, newFaults, type Ordered } from './api/faults.ts'
import { GITHUB_LIMITS, type Limits, newMeter } from './api/limits.ts'
import { APP_EVENTS, APP_PERMISSIONS, registeredApp } from './app.ts'
import { type Deliveries, newDeliveries, type Webhook } from './deliveries.ts'
import { addExample, addRepository, MAINTAINER, ORGANISATION } from './example.ts'
import { gitFolder } from './git/bare.ts'
import { gitHttp } from './git/http.ts'
import type { Hub, HubEvent, PublicHub } from './hub.ts'
import type { StandInLog } from './log.ts'
import { type Memory, newMemory } from './memory.ts'
import { oauthRoutes } from './oauth.ts'
import { newOwner, type Owner } from './owner.ts'
import { newPeople, type People } from './people.ts'
import type { App, OAuthClient, Permissions, Repository } from './records.ts'

const FIRST_ID = 1001
const HOOK_ID = 4

export interface StandInOptions {
  /** 0 = any free port. */
  readonly port: number
  readonly host: '127.0.0.1'
  /** Where the App's webhooks go. */
  readonly webhookUrl: string
  readonly webhookSecret: string
  readonly appId: number
  /** PEM. */
  readonly appPublicKey: string
  /** Git repositories are made in a new folder in here, which is removed at the end. */
  readonly dataDir: string
  readonly log: StandInLog
  /** What the App is granted and told; by default what berth's own `app.yml` asks for. */
  readonly permissions?: Permissions
  readonly events?: readonly string[]
  readonly limits?: Partial<Limits>
  /** For people who sign in with the App; without it nobody can. */
  readonly oauth?: OAuthClient
}

/** A GitHub on this machine, and what only its owner can do with it. */
export interface GitHubStandIn extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`; `GHE_HOST` is its host and port. */
  readonly url: string
  readonly port: number
  readonly memory: Memory
  /** The example repository, `acme/site`. */
  readonly repository: Repository
  /** Its fork by `visitor`. */
  readonly fork: Repository
  readonly people: People
  /** A further repository of the account, without a pull request, and what people do there. */
  addRepository(name: string): Promise<People>
  /** Of the account and its example repository. */
  readonly owner: Owner
  readonly deliveries: Deliveries
  /** Calls of the API that no route answers: each is a gap between this GitHub and the real one. */
  unknownCalls(): readonly UnknownCall[]
  /** Makes coming requests fail. */
  addFault(fault: Fault): Ordered
  /** Every token given out so far is refused from now on. */
  expireTokens(): void
  close(): Promise<void>
}

/** Starts the stand-in with its example repository; ready when it resolves. Throws `PORT_TAKEN` where the port is in use. */
export async function startGitHubStandIn(options: StandInOptions): Promise<GitHubStandIn> {
  await mkdir(options.dataDir, { recursive: true })
  const root = await mkdtemp(join(options.dataDir, 'github-'))
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rm(root, { recursive: true, force: true }))
  const app = appOf(options)
  const deliveries = newDeliveries(webhookOf(options), Date.now, options.log)
  undo.defer(() => deliveries.close())
  const memory = newMemory(app, FIRST_ID)
  const quietHub: Hub = { memory, git: gitFolder(root), now: Date.now, emit: () => undefined }
  const { site, fork } = await addExample(quietHub)
  const server = createServer()
  const port = await listen(server, options)
  undo.defer(() => stop(server))
  const hub = tellingHub(quietHub, `http://${options.host}:${port}`, deliveries)
  const people = newPeople(hub, site)
  const parts = serveAll(server, { hub, people, deliveries, site, options })
  undo.defer(parts.close)
  const ending = undo.move()
  return {
    url: hub.url,
    port,
    memory,
    repository: site,
    fork,
    people,
    addRepository: async (name) => newPeople(hub, await addRepository(hub, ORGANISATION, name, '')),
    owner: newOwner(hub, site, MAINTAINER),
    deliveries,
    unknownCalls: () => parts.unknownCalls,
    addFault: parts.addFault,
    expireTokens: () => memory.tokens.clear(),
    close: () => ending.disposeAsync(),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  }
}

function appOf(options: StandInOptions): App {
  return registeredApp({
    id: options.appId,
    publicKey: options.appPublicKey,
    homepage: new URL('/', options.webhookUrl).href,
    permissions: options.permissions ?? APP_PERMISSIONS,
    events: options.events ?? APP_EVENTS,
    atMs: Date.now(),
  })
}

function webhookOf({ webhookUrl, webhookSecret, appId }: StandInOptions): Webhook {
  return { url: webhookUrl, secret: webhookSecret, hookId: HOOK_ID, appId }
}

/** Installations are told to every App, and check suites to every one that may write checks, without a subscription (docs.github.com, webhook events). */
function hears({ events, permissions }: App, name: HubEvent['name']): boolean {
  if (name === 'installation') return true
  return events.includes(name) || (name === 'check_suite' && permissions['checks'] === 'write')
}

/** A hub whose events reach the App, those that it has asked for. */
function tellingHub(quiet: Hub, url: string, deliveries: Deliveries): PublicHub {
  const hub: PublicHub = {
    ...quiet,
    url,
    emit: (event) => {
      if (hears(quiet.memory.app, event.name))
        deliveries.send(event.name, event.action, eventPayload(hub, event))
    },
  }
  return hub
}

interface Served {
  readonly hub: PublicHub
  readonly people: People
  readonly deliveries: Deliveries
  readonly site: Repository
  readonly options: StandInOptions
}

/** API, git and pages on one port, as GitHub Enterprise has them. */
function serveAll(server: Server, { hub, people, deliveries, site, options }: Served) {
  const faults = newFaults(API_PREFIX)
  const meter = newMeter(hub, { ...GITHUB_LIMITS, ...options.limits })
  const unknownCalls: UnknownCall[] = []
  const noteUnknown = (call: UnknownCall) => void unknownCalls.push(call)
  const git = gitHttp(hub, options.log)
  const web = new Hono()
    .route('/', restApi({ hub, meter, faults, log: options.log, noteUnknown }))
    .route('/', git.routes)
    .route('/', options.oauth === undefined ? new Hono() : oauthRoutes(hub, options.oauth))
    .route('/', pageRoutes({ hub, people, deliveries, repository: site, unknownCalls: () => unknownCalls }))
  server.on('request', getRequestListener(web.fetch))
  return { unknownCalls, addFault: faults.add, close: git.close }
}

function listen(server: Server, { port, host }: StandInOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new HarnessError('PORT_TAKEN', `Port ${port} on ${host} cannot be used; name another one`, {
          cause,
          exitCode: EXIT.taken,
        }),
      ),
    )
    server.listen(port, host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : port)
    })
  })
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
