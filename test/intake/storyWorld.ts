import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Probot } from 'probot'
import { gitHubFacts } from '../../src/intake/github.ts'
import { Intake } from '../../src/intake/intake.ts'
import { webhookDoor } from '../../src/intake/webhook.ts'
import type { Store } from '../../src/model/ports.ts'
import { SYSTEM_TIME } from '../../src/report/time.ts'
import { type GitHubStandIn, startGitHubStandIn } from '../../src/sandbox/github/server.ts'
import { generateAppKeys } from '../../src/sandbox/keys.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { CONFIG, closed, listening, makeLog, PARTS, PATH, SECRET } from './scene.ts'

export const APP_ID = 4711

export interface Story extends AsyncDisposable {
  readonly gitHub: GitHubStandIn
  readonly store: Store
  readonly privateKey: string
  /** Lets somebody act, and resolves to how the delivery of this event that follows is decided. */
  after(act: () => unknown, event: string): Promise<string>
}

/** GitHub's stand-in, Probot as it is in service, the door, the records and the intake. */
export async function startStory(told: { readonly events?: readonly string[] } = {}): Promise<Story> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'berth-story-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const store = await openStore(join(folder, 'berth.db'))
  stack.defer(() => store.close())
  const ready = Promise.withResolvers<ReturnType<typeof webhookDoor>>()
  const server = createServer(async (request, response) => {
    const door = await ready.promise
    if (!(await door(request, response))) response.writeHead(404).end()
  })
  const url = await listening(server)
  stack.defer(() => closed(server))
  const { publicKey, privateKey } = await generateAppKeys()
  const quiet = () => undefined
  const gitHub = stack.use(
    await startGitHubStandIn({
      port: 0,
      host: '127.0.0.1',
      webhookUrl: `${url}${PATH}`,
      webhookSecret: SECRET,
      appId: APP_ID,
      appPublicKey: publicKey,
      dataDir: folder,
      log: { info: quiet, warn: quiet },
      ...told,
    }),
  )
  const probot = new Probot({
    appId: APP_ID,
    privateKey,
    secret: SECRET,
    baseUrl: `${gitHub.url}/api/v3`,
    logLevel: 'fatal',
  })
  await probot.ready()
  const log = makeLog()
  const world = {
    ...PARTS,
    store,
    github: gitHubFacts({ octokitFor: (id) => probot.auth(id), time: SYSTEM_TIME, store }),
    config: {
      ...CONFIG,
      repositories: [{ pattern: 'acme/*', recipes: ['hello'], default: null, supersede: null, priority: 0 }],
    },
    time: SYSTEM_TIME,
  }
  const intake = stack.use(new Intake({ world: () => world, log, decided: () => undefined }))
  ready.resolve(
    webhookDoor({
      path: PATH,
      store,
      verify: (body, signature) => probot.webhooks.verify(body, signature),
      stored: () => intake.wake(),
      now: Date.now,
      log,
    }),
  )
  const owned = stack.move()
  return {
    gitHub,
    store,
    privateKey,
    async after(act, event) {
      const before = new Set(gitHub.deliveries.records().map(({ id }) => id))
      await act()
      const sent = gitHub.deliveries
        .records()
        .find((record) => !before.has(record.id) && record.event === event)
      await gitHub.deliveries.idle()
      return (await log.ended(sent?.guid ?? '')).outcome
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
