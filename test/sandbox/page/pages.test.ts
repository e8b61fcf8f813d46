import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Scene, SITE, startScene } from '../support.ts'

let scene: Scene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

test('the list shows every pull request and what its newest check says', async () => {
  const { head } = await scene.gitHub.people.push(2, { message: 'x', files: {} })
  await scene.octokit.rest.checks.create({ ...SITE, name: 'a', head_sha: head.sha, conclusion: 'failure' })
  const { text } = await get('/')
  for (const title of ['Greet visitors', 'Drop the README', 'Fix a word']) expect(text).toContain(title)
  expect(text).toContain('data-state="failure">Failed<')
})

test('a pull request shows what was said, who reacted, what its check says, and its buttons', async () => {
  const { octokit, gitHub } = scene
  const { id } = gitHub.people.comment(1, 'octocat', '!testme')
  await octokit.rest.reactions.createForIssueComment({ ...SITE, comment_id: id, content: 'eyes' })
  await octokit.rest.issues.createComment({ ...SITE, issue_number: 1, body: 'Queued **hello**' })
  const { data: pull } = await octokit.rest.pulls.get({ ...SITE, pull_number: 1 })
  const { data: run } = await octokit.rest.checks.create({
    ...SITE,
    name: 'berth / <hello>',
    head_sha: pull.head.sha,
    status: 'in_progress',
    output: {
      title: 'Stage check',
      summary: '| stage | took |\n|---|---|\n| deploy | 1 s |',
      text: '<b>log</b>',
    },
    actions: [{ label: 'Cancel', description: 'Stops it', identifier: 'cancel' }],
  })
  const { text, headers } = await get('/acme/site/pull/1')
  expect(text).toContain(pull.head.sha)
  expect(text).toContain('title="berth-sandbox[bot]">👀<')
  expect(text).toContain('Queued <strong>hello</strong>')
  expect(text).toContain('berth / &lt;hello&gt;')
  expect(text).toContain('<td>deploy</td><td>1 s</td>')
  expect(text).toContain('&lt;b&gt;log&lt;/b&gt;')
  expect(text).toContain(`action="/acme/site/runs/${run.id}/action"`)
  expect(text).not.toContain('Re-run')
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('a file at a commit is shown line by line, each with an anchor; what is not there is not found', async () => {
  const files = { 'docs/a b.md': 'one\n<b>two</b>\n' }
  const { head } = await scene.gitHub.people.push(1, { message: 'file', files })
  const { text } = await get(`/acme/site/blob/${head.sha}/docs/a%20b.md`)
  expect(text).toContain('<li id="L2">&lt;b&gt;two&lt;/b&gt;</li>')
  for (const path of [`${head.sha}/docs/none.md`, `${head.sha}/docs`, `${'0'.repeat(40)}/docs/a%20b.md`])
    expect((await fetch(`${scene.gitHub.url}/acme/site/blob/${path}`)).status, path).toBe(404)
})

test('annotations show level, place and words as GitHub does; of many, five at once', async () => {
  const { head } = await scene.gitHub.people.push(1, { message: 'annotated', files: {} })
  const annotations = Array.from({ length: 7 }, (_, index) => ({
    path: 'src/<a>.ts',
    start_line: 3,
    end_line: 3 + index,
    annotation_level: 'warning' as const,
    title: `<b>${index}</b>`,
    message: 'one\n<i>two</i>',
    raw_details: '<u>trace</u>',
  }))
  await scene.octokit.rest.checks.create({
    ...SITE,
    name: 'annotated',
    head_sha: head.sha,
    conclusion: 'failure',
    output: { title: 'Red', summary: '', annotations },
  })
  const { text } = await get('/acme/site/pull/1')
  expect(text).toContain('<h4>Annotations (7)</h4>')
  expect(text).toContain('data-level="warning"')
  expect(text).toContain('<code>src/&lt;a&gt;.ts:3</code>')
  expect(text).toContain('<code>src/&lt;a&gt;.ts:3-9</code>')
  expect(text).toContain('<p class="title">&lt;b&gt;0&lt;/b&gt;</p>')
  expect(text).toContain('<p class="message" tabindex="0">one\n&lt;i&gt;two&lt;/i&gt;</p>')
  expect(text).toContain('<pre tabindex="0">&lt;u&gt;trace&lt;/u&gt;</pre>')
  expect(text).toContain('<summary>2 more</summary>')
})

test('programs read the checks of a pull request as JSON, newest first', async () => {
  const { head } = await scene.gitHub.people.push(2, { message: 'x', files: {} })
  const create = (name: string) => scene.octokit.rest.checks.create({ ...SITE, name, head_sha: head.sha })
  await create('first')
  await create('second')
  expect(JSON.parse((await get('/acme/site/pull/2/checks.json')).text)).toMatchObject([
    { name: 'second', status: 'queued', conclusion: null, title: null },
    { name: 'first' },
  ])
  expect((await get('/acme/site/pull/99/checks.json')).status).toBe(404)
})

test('the form comments as whom one chooses, a quick button says its command, and the App hears both', async () => {
  scene.receiver.received.length = 0
  const said = await post('/acme/site/pull/3/comments', { as: 'visitor', body: 'one\r\ntwo' })
  expect(said.status).toBe(303)
  expect(said.headers.get('location')).toMatch(/^\/acme\/site\/pull\/3#issuecomment-\d+$/)
  await post('/acme/site/pull/3/comments', { as: 'octocat', body: '', quick: '!testme help' })
  await scene.gitHub.deliveries.idle()
  const heard = scene.receiver.received.map(({ body }) => JSON.parse(body).comment)
  expect(heard.map((comment) => [comment.user.login, comment.body]).toSorted()).toEqual([
    ['octocat', '!testme help'],
    ['visitor', 'one\ntwo'],
  ])
})

test('the buttons edit, delete, push, close, reopen and press the check’s own', async () => {
  const { gitHub, octokit } = scene
  const { id } = gitHub.people.comment(3, 'visitor', 'before')
  await post(`/acme/site/comments/${id}`, { do: 'edit', body: 'after' })
  expect(gitHub.memory.comments.get(id)?.body).toBe('after')
  await post(`/acme/site/comments/${id}`, { do: 'delete' })
  expect(gitHub.memory.comments.has(id)).toBe(false)
  await post('/acme/site/pull/3/commits', {})
  const { data: pull } = await octokit.rest.pulls.get({ ...SITE, pull_number: 3 })
  expect(pull.commits).toBe(2)
  await post('/acme/site/pull/3/close', {})
  expect((await get('/acme/site/pull/3')).text).toContain('Closed')
  await post('/acme/site/pull/3/reopen', {})
  const { data: run } = await octokit.rest.checks.create({
    ...SITE,
    name: 'a',
    head_sha: pull.head.sha,
    conclusion: 'cancelled',
    actions: [{ label: 'Again', description: '', identifier: 'again' }],
  })
  const pressed = await post(`/acme/site/runs/${run.id}/action`, { identifier: 'again' })
  expect(pressed.headers.get('location')).toBe('/acme/site/pull/3')
  await post(`/acme/site/runs/${run.id}/rerequest`, {})
  expect((await get('/acme/site/pull/3')).text).toContain('Re-run all checks')
  await post('/acme/site/pull/3/rerequest', {})
  const events = gitHub.deliveries.records().map(({ event, action }) => `${event}.${action}`)
  expect(events.slice(0, 3)).toEqual([
    'check_suite.rerequested',
    'check_run.rerequested',
    'check_run.requested_action',
  ])
})

test('deliveries are listed with their outcome, and sent again by a button', async () => {
  scene.gitHub.people.comment(1, 'octocat', 'listed')
  await scene.gitHub.deliveries.idle()
  const [record] = scene.gitHub.deliveries.records()
  const { text } = await get('/deliveries')
  expect(text).toContain('issue_comment.created')
  expect(text).toContain(record?.guid)
  await post(`/deliveries/${record?.id}/redeliver`, {})
  expect(scene.gitHub.deliveries.records()[0]).toMatchObject({ guid: record?.guid, redelivery: true })
})

test('a form of another site is refused, and so is what a person may not do', async () => {
  const before = scene.gitHub.memory.comments.size
  const foreign = await post(
    '/acme/site/pull/1/comments',
    { as: 'octocat', body: 'x' },
    'http://evil.example',
  )
  expect(foreign.status).toBe(403)
  expect((await post('/acme/site/pull/1/comments', { as: 'nobody', body: 'x' })).status).toBe(403)
  expect((await post('/acme/site/pull/1/comments', { as: 'octocat', body: '  ' })).status).toBe(422)
  expect(scene.gitHub.memory.comments.size).toBe(before)
})

test('what is not there is not found', async () => {
  for (const path of [
    '/acme/site/pull/99',
    '/acme/other/pull/1',
    '/acme/site/runs/1',
    '/assets/..%2froutes.ts',
  ])
    expect(await get(path)).toMatchObject({
      status: 404,
      text: expect.stringContaining('<h1>Not Found</h1>'),
    })
  expect((await get('/assets/style.css')).headers.get('content-type')).toContain('text/css')
})

async function get(path: string) {
  const response = await fetch(`${scene.gitHub.url}${path}`)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

function post(path: string, fields: Record<string, string>, origin = scene.gitHub.url): Promise<Response> {
  return fetch(`${scene.gitHub.url}${path}`, {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  })
}
