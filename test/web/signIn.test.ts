import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { repositoryOfRun } from '../../src/intake/decideAction.ts'
import { gitHubFacts } from '../../src/intake/github.ts'
import { SYSTEM_TIME } from '../../src/report/time.ts'
import { clientIdOf } from '../../src/sandbox/github/app.ts'
import { type GitHubStandIn, startGitHubStandIn } from '../../src/sandbox/github/server.ts'
import { generateAppKeys } from '../../src/sandbox/keys.ts'
import type { GitHubSignIn, WebWorld } from '../../src/web/ports.ts'
import { gitHubApp } from '../../src/world/github.ts'
import { gitHubSignIn } from '../../src/world/signIn.ts'
import { TRUST } from '../model/policyWorld.ts'
import { type Visitor, visit } from './browser.ts'
import { aQueued, type Scene, startScene } from './scene.ts'

const SECRET = 'the client secret of the tests'
const CALLBACK = 'https://berth.test/sign-in/callback'
const APP_ID = 4711
const quiet = () => undefined

interface Two extends AsyncDisposable {
  readonly gitHub: GitHubStandIn
  readonly scene: Scene
  readonly signIn: GitHubSignIn
}

/** The stand-in for GitHub with the App's client, and the pages that sign in with it. */
async function start(change: (world: WebWorld) => WebWorld = (world) => world): Promise<Two> {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'berth-sign-in-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const { publicKey, privateKey } = await generateAppKeys()
  const webhookUrl = 'http://127.0.0.1:9/api/github/webhooks'
  const gitHub = stack.use(
    await startGitHubStandIn({
      port: 0,
      host: '127.0.0.1',
      webhookUrl,
      webhookSecret: 'x',
      appId: APP_ID,
      appPublicKey: publicKey,
      dataDir: folder,
      log: { info: quiet, warn: quiet },
      oauth: { secret: SECRET, callbackUrl: CALLBACK },
    }),
  )
  const apiUrl = `${gitHub.url}/api/v3`
  const client = { id: clientIdOf(APP_ID), secret: SECRET }
  const here = { host: '127.0.0.1', port: 0, publicUrl: 'https://berth.test', logLevel: 'silent' }
  const credentials = { appId: APP_ID, privateKey, webhookSecret: 'x', client, apiUrl, ...here }
  const app = await gitHubApp(credentials)
  const limits = { limitedUntil: async () => 0, noteLimit: async () => undefined }
  const facts = gitHubFacts({ octokitFor: app.clientFor, time: SYSTEM_TIME, store: limits })
  let signIn: GitHubSignIn | null = null
  const scene = stack.use(
    await startScene((world) => {
      signIn = gitHubSignIn({
        credentials,
        store: world.store,
        config: () => ({ trust: TRUST, repositories: world.config().repositories }),
        permissionOf: (run, person) => facts.permissionOf(repositoryOfRun(run), person),
      })
      return change({ ...world, gitHubSignIn: signIn })
    }, facts),
  )
  if (signIn === null) throw new Error('the pages were not made')
  const owned = stack.move()
  return { gitHub, scene, signIn, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Where GitHub sends the browser of this person back to. */
async function atGitHub(address: string, login: string): Promise<string> {
  const choice = await (await fetch(address)).text()
  expect(choice).toContain(`login=${login}`)
  const { headers } = await fetch(`${address}&login=${login}`, { redirect: 'manual' })
  return headers.get('location') ?? ''
}

async function signIn({ scene }: Two, login: string, to = '/'): Promise<{ visitor: Visitor; back: string }> {
  const visitor = visit(scene)
  const begun = await visitor.get(`/sign-in/github?to=${encodeURIComponent(to)}`)
  const back = await atGitHub(begun.location, login)
  return { visitor, back: back.replace('https://berth.test', '') }
}

function ofSite({ gitHub }: Two) {
  const { repository } = gitHub
  return aQueued({
    repositoryId: String(repository.id),
    repository: 'acme/site',
    installationId: gitHub.memory.app.installationId,
    pr: 1,
  })
}

test('R-OBS-04 who signs in with GitHub is who GitHub says, and what they were doing goes on; PKCE and state are asked for', async () => {
  await using two = await start()
  const begun = await visit(two.scene).get('/sign-in/github')
  const asked = new URL(begun.location)
  expect(`${asked.origin}${asked.pathname}`).toBe(`${two.gitHub.url}/login/oauth/authorize`)
  expect(Object.fromEntries(asked.searchParams)).toEqual({
    client_id: clientIdOf(APP_ID),
    redirect_uri: CALLBACK,
    state: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  })
  const { visitor, back } = await signIn(two, 'octocat', '/reasons')
  const came = await visitor.get(back)
  expect([came.status, came.location]).toEqual([303, '/reasons'])
  expect((await visitor.get('/')).text).toContain('sign out octocat')
  expect([...visitor.cookies.keys()]).toEqual(['__Host-berth'])
})

test('R-OBS-04 a code is taken once, by the browser that began, with its state: nobody is signed in as somebody else', async () => {
  await using two = await start()
  const { visitor, back } = await signIn(two, 'octocat')
  const stranger = await visit(two.scene).get(back)
  expect([stranger.status, stranger.text]).toEqual([403, expect.stringContaining('was not begun here')])
  const other = await signIn(two, 'octocat')
  const code = new URL(back, CALLBACK).searchParams.get('code') ?? ''
  const mixed = other.back.replace(/code=\w+/, `code=${code}`)
  // GitHub itself refuses the code of another flow: its challenge does not fit.
  expect((await other.visitor.get(mixed)).status).toBe(502)
  expect((await other.visitor.get(other.back)).status).toBe(403)
  expect((await visitor.get(back.replace(/state=[\w-]+/, 'state=x'))).status).toBe(403)
  expect([visitor.cookies.size, other.visitor.cookies.size]).toEqual([0, 0])
})

test('R-CMD-06 R-OBS-04 GitHub is asked for the permission at each action, as for a comment', async () => {
  await using two = await start()
  const run = ofSite(two)
  await two.scene.queue(run)
  const { visitor, back } = await signIn(two, 'visitor')
  await visitor.get(back)
  const csrf = await visitor.csrf()
  const act = async () => {
    const sent = await visitor.post('/act', { csrf, act: 'cancel', run: run.id })
    return (await visitor.get(sent.location)).text
  }
  expect(await act()).toContain('not permitted: This needs write here, and you have read')
  expect((await two.scene.store.run(run.id))?.stop).toBeNull()
  two.gitHub.memory.roles.get(two.gitHub.repository.id)?.set('visitor', 'write')
  expect(await act()).toContain('stop requested')
  expect((await two.scene.store.run(run.id))?.stop).toMatchObject({ by: 'visitor', reason: 'cancelled' })
  const [last] = await two.scene.store.actions(1)
  expect(last).toMatchObject({ by: 'visitor', act: 'cancel', end: { code: 'stop_requested' } })
})

test('R-CMD-06 R-JAN-10 a person holds only domains of the pull request, and only with that permission', async () => {
  await using two = await start()
  const run = ofSite(two)
  await two.scene.queue(run)
  two.gitHub.memory.roles.get(two.gitHub.repository.id)?.set('visitor', 'admin')
  const { visitor, back } = await signIn(two, 'visitor')
  await visitor.get(back)
  const csrf = await visitor.csrf()
  expect((await visitor.get('/')).text).not.toContain('Hold or release a name')
  const hold = async (fields: Record<string, string>) => {
    const sent = await visitor.post('/act', { csrf, act: 'hold', for: '1m', reason: 'x', ...fields })
    return sent.location === '' ? sent.text : (await visitor.get(sent.location)).text
  }
  expect(await hold({ run: run.id, name: 'other.ci.test' })).toContain('unknown domain')
  expect(await hold({ name: 'other.ci.test' })).toContain('no such run')
  expect(await two.scene.store.openOrders()).toEqual([])
})

test('R-OBS-04 where only members look, GitHub says who is one', async () => {
  const members = (world: WebWorld): WebWorld => ({
    ...world,
    config: () => ({ ...world.config(), web: { reading: 'members' } }),
  })
  await using two = await start(members)
  await two.scene.queue(ofSite(two))
  const outsider = await signIn(two, 'visitor')
  const refused = await outsider.visitor.get(outsider.back)
  expect([refused.status, refused.text]).toEqual([
    403,
    expect.stringContaining('visitor may run nothing here'),
  ])
  expect((await outsider.visitor.get('/')).status).toBe(303)
  const member = await signIn(two, 'octocat')
  await member.visitor.get(member.back)
  expect((await member.visitor.get('/')).text).toContain('sign out octocat')
})

test('R-OBS-04 while GitHub does not answer nobody is signed in, and it is said', async () => {
  await using two = await start()
  const { visitor, back } = await signIn(two, 'octocat')
  await two.gitHub.close()
  const { status, text } = await visitor.get(back)
  expect([status, text]).toEqual([502, expect.stringContaining('GitHub did not say who you are')])
  expect(two.scene.faults).toMatchObject([{ event: 'web.failed', path: '/sign-in/callback' }])
  expect(JSON.stringify(two.scene.faults)).not.toContain(SECRET)
})
