import examples from '@octokit/webhooks-examples' with { type: 'json' }
import { Probot } from 'probot'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { APP_ID, appKeys, failureOf, type Scene, SECRET, SITE, startScene } from '../support.ts'

/** The package's types speak of its namespace; its JSON is the list itself. */
const EXAMPLES: typeof examples.default = JSON.parse(JSON.stringify(examples))

let scene: Scene
beforeAll(async () => {
  scene = await startScene()
})
beforeEach(() => {
  scene.receiver.received.length = 0
  scene.receiver.answer = 202
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

test('a comment is told by a webhook that Octokit verifies, and that tampering breaks', async () => {
  const { gitHub } = scene
  const comment = gitHub.people.comment(1, 'octocat', '!testme — please')
  const [webhook] = await received()
  const { headers, body } = webhook
  const probot = new Probot({
    appId: APP_ID,
    privateKey: (await appKeys).privateKey,
    secret: SECRET,
    logLevel: 'fatal',
  })
  await probot.ready()
  const signature = String(headers['x-hub-signature-256'])
  expect(await probot.webhooks.verify(body, signature)).toBe(true)
  expect(await probot.webhooks.verify(body.replace('!testme', '!evilme'), signature)).toBe(false)
  expect(headers).toMatchObject({
    'x-github-event': 'issue_comment',
    'x-github-delivery': expect.stringMatching(/^[0-9a-f-]{36}$/),
    'x-github-hook-id': '4',
    'content-type': 'application/json',
    'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
  })
  expect(JSON.parse(body)).toMatchObject({
    action: 'created',
    installation: { id: gitHub.memory.app.installationId },
    repository: { full_name: 'acme/site', clone_url: `${gitHub.url}/acme/site.git` },
    issue: { number: 1, pull_request: { url: `${gitHub.url}/api/v3/repos/acme/site/pulls/1` } },
    comment: {
      id: comment.id,
      body: '!testme — please',
      user: { type: 'User' },
      performed_via_github_app: null,
    },
    sender: { login: 'octocat' },
  })
})

test('Probot takes a webhook and answers through the API with the installation that it names', async () => {
  const { gitHub } = scene
  const probot = new Probot({
    appId: APP_ID,
    privateKey: (await appKeys).privateKey,
    secret: SECRET,
    baseUrl: `${gitHub.url}/api/v3`,
    logLevel: 'fatal',
  })
  await probot.load((app) => {
    app.on('issue_comment.created', async (context) => {
      await context.octokit.rest.reactions.createForIssueComment({
        ...context.repo(),
        comment_id: context.payload.comment.id,
        content: 'eyes',
      })
    })
  })
  const comment = gitHub.people.comment(1, 'octocat', '!testme')
  const [{ headers, body }] = await received()
  await probot.webhooks.verifyAndReceive({
    id: String(headers['x-github-delivery']),
    name: String(headers['x-github-event']),
    payload: body,
    signature: String(headers['x-hub-signature-256']),
  })
  const reactions = [...gitHub.memory.reactions.values()].filter((one) => one.commentId === comment.id)
  expect(reactions.map((one) => [one.content, one.author.login])).toEqual([['eyes', 'berth-sandbox[bot]']])
  expect(gitHub.unknownCalls()).toEqual([])
})

test('what the App says itself is told too, as said by a bot', async () => {
  const { data } = await scene.octokit.rest.issues.createComment({ ...SITE, issue_number: 1, body: 'Queued' })
  const [{ body }] = await received()
  expect(JSON.parse(body)).toMatchObject({
    comment: { id: data.id, user: { type: 'Bot' }, performed_via_github_app: { id: APP_ID } },
    sender: { login: 'berth-sandbox[bot]', type: 'Bot' },
  })
})

test('edits and deletions of comments are told, with what was there before', async () => {
  const { people } = scene.gitHub
  const { id } = people.comment(1, 'visitor', 'before')
  people.editComment(id, 'visitor', 'after')
  people.deleteComment(id, 'octocat')
  expect(await payloads()).toMatchObject({
    'issue_comment.created': { comment: { body: 'before' } },
    'issue_comment.edited': { changes: { body: { from: 'before' } }, comment: { body: 'after' } },
    'issue_comment.deleted': { comment: { id }, sender: { login: 'octocat' } },
  })
})

test('a pull request is told of from its opening to its end, each push with both commits', async () => {
  const { people, fork } = scene.gitHub
  const opened = await people.openPull({
    fork,
    branch: 'idea',
    title: 'An idea',
    body: '',
    author: 'visitor',
    files: { 'idea.txt': 'x\n' },
  })
  const pushed = await people.push(opened.number, { message: 'More', files: { 'idea.txt': 'y\n' } })
  people.close(opened.number, 'visitor')
  people.close(opened.number, 'visitor')
  await people.push(opened.number, { message: 'Unheard', files: {} })
  people.reopen(opened.number, 'octocat')
  expect(await payloads()).toMatchObject({
    'pull_request.opened': { number: opened.number, pull_request: { head: { repo: { fork: true } } } },
    'pull_request.synchronize': { before: opened.head.sha, after: pushed.head.sha },
    'pull_request.closed': { pull_request: { state: 'closed' }, sender: { login: 'visitor' } },
    'pull_request.reopened': { pull_request: { state: 'open' } },
  })
  expect(scene.receiver.received).toHaveLength(4)
})

test.each([
  'issue_comment.created',
  'pull_request.synchronize',
  'pull_request.closed',
  'check_run.rerequested',
  'check_suite.rerequested',
])('a payload of %s has every field that GitHub’s own examples agree on', async (name) => {
  const { people, memory } = scene.gitHub
  people.comment(1, 'octocat', 'x')
  const { head } = await people.push(1, { message: 'x', files: {} })
  await scene.octokit.rest.checks.create({ ...SITE, name: 'a', head_sha: head.sha })
  people.rerequest(Math.max(...memory.checkRuns.keys()), 'octocat')
  people.rerequestAll(1, 'octocat')
  people.close(1, 'octocat')
  people.reopen(1, 'octocat')
  const ours = pathsOf((await payloads())[name])
  const agreed = agreedPaths(name).filter((path) => !path.includes('.app.permissions.'))
  expect(agreed.filter((path) => !ours.includes(path))).toEqual([])
})

test('a delivery that fails is not tried again; asked for, it goes out once more with the same id and bytes', async () => {
  const { gitHub, receiver } = scene
  receiver.answer = 500
  gitHub.people.comment(1, 'octocat', 'again')
  const [first] = await received()
  const [record] = gitHub.deliveries.records()
  expect(record).toMatchObject({ status: { kind: 'answered', code: 500 }, redelivery: false })
  expect(receiver.received).toHaveLength(1)
  receiver.answer = 200
  expect(gitHub.deliveries.redeliver(record?.id ?? 0)).toBe(true)
  const [, second] = await received()
  expect(second?.body).toBe(first.body)
  expect(second?.headers['x-github-delivery']).toBe(first.headers['x-github-delivery'])
  expect(gitHub.deliveries.records()[0]).toMatchObject({ status: { code: 200 }, redelivery: true })
  expect(gitHub.deliveries.redeliver(0)).toBe(false)
})

test('a listener that is gone is a failed delivery with the reason, and GitHub goes on', async () => {
  await using own = await startScene()
  await own.receiver[Symbol.asyncDispose]()
  own.gitHub.people.comment(1, 'octocat', 'anybody there?')
  await own.gitHub.deliveries.idle()
  expect(own.gitHub.deliveries.records()[0]?.status).toEqual({ kind: 'failed', reason: 'ECONNREFUSED' })
  expect((await own.octokit.rest.issues.listComments({ ...SITE, issue_number: 1 })).data).toHaveLength(1)
})

test('ending does not wait for a listener that never answers', async () => {
  await using own = await startScene()
  own.receiver.answer = null
  own.gitHub.people.comment(1, 'octocat', 'anybody there?')
  await expect.poll(() => own.receiver.received.length).toBe(1)
  await own.gitHub.close()
  expect(own.gitHub.deliveries.records()[0]?.status).toEqual({ kind: 'failed', reason: 'the stand-in stops' })
})

test('comments can be read since a time, changed and taken away, but not be empty or without an end', async () => {
  const { rest } = scene.octokit
  const issue = { ...SITE, issue_number: 2 }
  const { data: comment } = await rest.issues.createComment({ ...issue, body: 'one' })
  const one = { ...SITE, comment_id: comment.id }
  expect((await rest.issues.updateComment({ ...one, body: 'two' })).data.body).toBe('two')
  const list = async (since: string) => (await rest.issues.listComments({ ...issue, since })).data.length
  expect(await list(comment.created_at)).toBe(1)
  expect(await list(new Date(Date.now() + 60_000).toISOString())).toBe(0)
  const { data: everywhere } = await rest.issues.listCommentsForRepo({
    ...SITE,
    sort: 'updated',
    direction: 'desc',
  })
  expect(everywhere[0]?.id).toBe(comment.id)
  for (const body of [' \n', 'x'.repeat(65_537)])
    expect(await failureOf(rest.issues.createComment({ ...issue, body }))).toMatchObject({ status: 422 })
  expect((await rest.issues.deleteComment(one)).status).toBe(204)
  expect(await failureOf(rest.issues.getComment(one))).toMatchObject({ status: 404 })
})

test('a reaction is made once: again is 200 and the same, and it counts in the comment', async () => {
  const { rest } = scene.octokit
  const { id } = scene.gitHub.people.comment(2, 'octocat', '!testme')
  const comment = { ...SITE, comment_id: id }
  const first = await rest.reactions.createForIssueComment({ ...comment, content: 'eyes' })
  const again = await rest.reactions.createForIssueComment({ ...comment, content: 'eyes' })
  expect([first.status, again.status]).toEqual([201, 200])
  expect(again.data.id).toBe(first.data.id)
  expect((await rest.issues.getComment(comment)).data.reactions).toMatchObject({ eyes: 1, total_count: 1 })
  expect((await rest.reactions.listForIssueComment(comment)).data).toHaveLength(1)
  const wrong = scene.octokit.request('POST /repos/acme/site/issues/comments/{comment_id}/reactions', {
    comment_id: id,
    content: 'smile',
  })
  expect(await failureOf(wrong)).toMatchObject({ status: 422 })
})

test('a person does what its role allows: strangers say nothing, readers change only their own words', async () => {
  const { people } = scene.gitHub
  const { id } = people.comment(2, 'octocat', 'mine')
  expect(() => people.editComment(id, 'visitor', 'yours')).toThrow(
    'visitor has the role read; this takes write',
  )
  expect(() => people.comment(2, 'stranger', 'hello')).toThrow('no person called stranger')
  expect(() => people.close(2, 'visitor')).toThrow('this takes triage')
})

async function received() {
  await scene.gitHub.deliveries.idle()
  const [first, ...others] = scene.receiver.received
  if (first === undefined) throw new Error('no webhook came')
  return [first, ...others] as const
}

/** What came, by event and action; the last of each. */
async function payloads(): Promise<Record<string, unknown>> {
  const all = await received()
  return Object.fromEntries(
    all.map(({ headers, body }) => {
      const payload: { action: string } = JSON.parse(body)
      return [`${String(headers['x-github-event'])}.${payload.action}`, payload]
    }),
  )
}

/** Paths that GitHub's examples of this event for an installed App have in common; what lists hold is left out. */
function agreedPaths(name: string): readonly string[] {
  const [event, action] = name.split('.')
  const [first = [], ...others] = EXAMPLES.filter((one) => one.name === event)
    .flatMap((one) => one.examples)
    .filter((example) => 'action' in example && example.action === action)
    .map((example) => pathsOf(example))
  return first.filter((path) => others.every((paths) => paths.includes(path)))
}

function pathsOf(value: unknown, prefix = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, child]) =>
    [`${prefix}${key}`].concat(pathsOf(child, `${prefix}${key}.`)),
  )
}
