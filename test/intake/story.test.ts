import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Probot } from 'probot'
import { expect, test } from 'vitest'
import { gitHubFacts } from '../../src/intake/github.ts'
import { Intake } from '../../src/intake/intake.ts'
import { webhookDoor } from '../../src/intake/webhook.ts'
import type { Store } from '../../src/model/ports.ts'
import { SYSTEM_TIME } from '../../src/report/time.ts'
import { type GitHubStandIn, startGitHubStandIn } from '../../src/sandbox/github/server.ts'
import { generateAppKeys } from '../../src/sandbox/keys.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { CONFIG, closed, listening, makeLog, PARTS, PATH, SECRET } from './scene.ts'

const APP_ID = 4711

interface Story extends AsyncDisposable {
  readonly gitHub: GitHubStandIn
  readonly store: Store
  /** Lets somebody act, and resolves to how the delivery of this event that follows is decided. */
  after(act: () => unknown, event: string): Promise<string>
}

/** GitHub's stand-in, Probot as it is in service, the door, the records and the intake. */
async function startStory(): Promise<Story> {
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
      repositories: [{ pattern: 'acme/*', recipes: ['hello'], default: null, supersede: null }],
    },
    time: SYSTEM_TIME,
  }
  const intake = stack.use(new Intake({ world, log, decided: () => undefined }))
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

test('R-CMD-01 from a comment on GitHub to a run in the queue, with the real Octokit in between', async () => {
  await using story = await startStory()
  const { gitHub, store, after } = story
  const { people } = gitHub
  const head = [...gitHub.memory.pulls.values()].find(({ number }) => number === 1)?.head.sha ?? ''

  expect(await after(() => people.comment(1, 'octocat', 'please\n\n!testme'), 'issue_comment')).toBe(
    'run_queued',
  )
  expect(await after(() => people.comment(1, 'visitor', '!testme'), 'issue_comment')).toBe('not_permitted')
  expect(await after(() => people.comment(1, 'visitor', '> !testme'), 'issue_comment')).toBe('no_command')
  const [run, ...more] = await store.queued()
  expect(more).toEqual([])
  expect(run).toMatchObject({ repository: 'acme/site', pr: 1, sha: head, actor: 'octocat', fork: false })

  const files = { 'greeting.txt': 'Hello again.\n' }
  expect(await after(() => people.push(1, { message: 'Say it again', files }), 'pull_request')).toBe(
    'head_seen',
  )
  expect((await store.run(run?.id ?? ''))?.stop).toMatchObject({ reason: 'superseded', by: 'octocat' })
  expect(await after(() => people.close(1, 'octocat'), 'pull_request')).toBe('pr_closed')
  expect(await after(() => people.comment(1, 'octocat', '!testme'), 'issue_comment')).toBe('pr_closed')
  expect(gitHub.unknownCalls()).toEqual([])
})

test('R-CMD-08 a delivery that GitHub sends again, by hand, changes nothing', async () => {
  await using story = await startStory()
  const { gitHub, store } = story
  await story.after(() => gitHub.people.comment(1, 'octocat', '!testme'), 'issue_comment')
  const [sent] = gitHub.deliveries.records()
  expect(gitHub.deliveries.redeliver(sent?.id ?? 0)).toBe(true)
  await gitHub.deliveries.idle()
  expect(gitHub.deliveries.records()[0]).toMatchObject({
    redelivery: true,
    status: { kind: 'answered', code: 202 },
  })
  expect(await store.queued()).toHaveLength(1)
})
