import { request } from 'node:http'
import { ProbotOctokit } from 'probot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateAppKeys } from '../../../src/sandbox/keys.ts'
import {
  APP_ID,
  appKeys,
  appToken,
  failureOf,
  installationToken,
  type Scene,
  SITE,
  startScene,
} from '../support.ts'

let scene: Scene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

test('the App proves itself with a signed token, and is told who it is and where it is installed', async () => {
  const { asApp, gitHub } = scene
  const { data: app } = await asApp.rest.apps.getAuthenticated()
  expect(app).toMatchObject({ id: APP_ID, slug: 'berth-sandbox', owner: { login: 'acme' } })
  expect(app?.permissions).not.toMatchObject({ contents: 'write' })
  const { data: installations } = await asApp.rest.apps.listInstallations()
  expect(installations.map((one) => one.id)).toEqual([gitHub.memory.app.installationId])
  const { data: installation } = await asApp.rest.apps.getRepoInstallation(SITE)
  expect(installation).toMatchObject({ id: gitHub.memory.app.installationId, account: { login: 'acme' } })
})

test.each([
  ['signed by another key', 'other', {}],
  ['of another App', 'own', { iss: APP_ID + 1 }],
  ['that has ended', 'own', { exp: -10 }],
  ['that lasts an hour', 'own', { exp: 3600 }],
  ['from the future', 'own', { iat: 3600 }],
  ['without an end', 'own', { exp: undefined }],
  ['with another algorithm', 'own', {}, 'none'],
])('a token %s is refused with 401', async (_, key, claims, algorithm = 'RS256') => {
  const { gitHub } = scene
  const privateKey = key === 'own' ? (await appKeys).privateKey : (await generateAppKeys()).privateKey
  const { status } = await get('/app', `Bearer ${appToken(privateKey, claims, algorithm)}`)
  expect(status).toBe(401)
  expect(gitHub.unknownCalls()).toEqual([])
})

test('Octokit as the service has it gets its own token and works with it', async () => {
  const { gitHub } = scene
  const octokit = new ProbotOctokit({
    baseUrl: `${gitHub.url}/api/v3`,
    auth: {
      appId: APP_ID,
      privateKey: (await appKeys).privateKey,
      installationId: gitHub.memory.app.installationId,
    },
  })
  const { data } = await octokit.rest.apps.listReposAccessibleToInstallation()
  expect(data.repositories.map((one) => one.full_name)).toEqual(['acme/site'])
})

test('a repository opens to an installation token only, and only while it lasts', async () => {
  await using own = await startScene()
  const path = '/repos/acme/site'
  const statusOf = async (where: string, authorization?: string) =>
    (await get(where, authorization, own.gitHub.url)).status
  expect(await statusOf(path)).toBe(401)
  expect(await statusOf(path, 'Bearer nonsense')).toBe(401)
  expect(await statusOf(path, `Bearer ${appToken((await appKeys).privateKey)}`)).toBe(401)
  const token = await installationToken(own)
  const { body } = await get(path, `Bearer ${token}`, own.gitHub.url)
  expect(body).toMatchObject({ full_name: 'acme/site', private: true })
  expect(await statusOf('/repos/visitor/site', `Bearer ${token}`)).toBe(404)
  expect(await statusOf('/app', `Bearer ${token}`)).toBe(401)
  own.gitHub.expireTokens()
  expect(await statusOf(path, `Bearer ${token}`)).toBe(401)
})

test('a token may have less than the installation, never more, and what it lacks is named', async () => {
  const { asApp, gitHub } = scene
  const installation_id = gitHub.memory.app.installationId
  const { data: token } = await asApp.rest.apps.createInstallationAccessToken({
    installation_id,
    repositories: ['site'],
    permissions: { contents: 'read' },
  })
  expect(token).toMatchObject({ repository_selection: 'selected', permissions: { contents: 'read' } })
  const refused = await get('/repos/acme/site/pulls', `Bearer ${token.token}`)
  expect(refused.status).toBe(403)
  expect(refused.headers.get('x-accepted-github-permissions')).toBe('pull_requests=read')
  const more = asApp.rest.apps.createInstallationAccessToken({
    installation_id,
    permissions: { contents: 'write' },
  })
  expect(await failureOf(more)).toMatchObject({ status: 422 })
  const elsewhere = asApp.rest.apps.createInstallationAccessToken({ installation_id, repositories: ['none'] })
  expect(await failureOf(elsewhere)).toMatchObject({ status: 422 })
})

test('each role is told in GitHub’s four words and by its own name', async () => {
  const { octokit } = scene
  const permissionOf = async (username: string) =>
    (await octokit.rest.repos.getCollaboratorPermissionLevel({ ...SITE, username })).data
  expect(await permissionOf('octocat')).toMatchObject({ permission: 'write', role_name: 'maintain' })
  expect(await permissionOf('visitor')).toMatchObject({ permission: 'read', role_name: 'read' })
  expect(await failureOf(permissionOf('nobody'))).toMatchObject({ status: 404 })
})

test('lists come in pages that name their neighbours', async () => {
  const { octokit } = scene
  const { data, headers } = await octokit.rest.pulls.list({ ...SITE, per_page: 1, page: 2 })
  expect(data.map((pull) => pull.number)).toEqual([2])
  for (const neighbour of ['prev', 'next', 'first', 'last'])
    expect(headers.link).toContain(`rel="${neighbour}"`)
  const all = await octokit.paginate(octokit.rest.pulls.list, { ...SITE, per_page: 1 })
  expect(all.map((pull) => pull.number)).toEqual([3, 2, 1])
})

test('an answer that has not changed is not sent again, and costs nothing', async () => {
  const { octokit } = scene
  const first = await octokit.rest.pulls.get({ ...SITE, pull_number: 1 })
  const again = octokit.rest.pulls.get({
    ...SITE,
    pull_number: 1,
    headers: { 'if-none-match': first.headers.etag ?? '' },
  })
  expect(await failureOf(again)).toMatchObject({ status: 304 })
  const { data } = await octokit.rest.rateLimit.get()
  expect(data.rate.used).toBe(Number(first.headers['x-ratelimit-used']))
})

test('a call that GitHub may know and the stand-in does not is 404, and noted', async () => {
  await using own = await startScene()
  const call = own.octokit.rest.repos.listBranches(SITE)
  expect(await failureOf(call)).toMatchObject({ status: 404 })
  const unknown = [{ method: 'GET', path: '/api/v3/repos/acme/site/branches' }]
  expect(own.gitHub.unknownCalls()).toEqual(unknown)
  expect(await (await fetch(`${own.gitHub.url}/unknown-calls`)).json()).toEqual(unknown)
})

test('a call without a user agent is refused', async () => {
  const status = await new Promise((resolve, reject) => {
    request(`${scene.gitHub.url}/api/v3/meta`, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })
  expect(status).toBe(403)
})

test('whoever writes too fast, or calls too often, is sent away with the time to come back', async () => {
  await using own = await startScene({ writesPerMinute: 2, requestsPerHour: 3 })
  const write = () => own.octokit.rest.issues.createComment({ ...SITE, issue_number: 1, body: 'again' })
  await write()
  await write()
  const third = await write().catch((error: unknown) => error)
  expect(third).toMatchObject({
    status: 403,
    response: { headers: { 'retry-after': expect.stringMatching(/^\d+$/) } },
  })
  expect(String(third)).toContain('secondary rate limit')
  await own.octokit.rest.pulls.get({ ...SITE, pull_number: 1 })
  const call = own.octokit.rest.pulls.get({ ...SITE, pull_number: 1 })
  expect(await failureOf(call)).toMatchObject({
    status: 403,
    message: expect.stringContaining('rate limit exceeded'),
  })
})

test('a bad day can be arranged: an answer lost after the work was done, and refusals before it', async () => {
  await using own = await startScene()
  const { gitHub, octokit } = own
  const write = () => octokit.rest.issues.createComment({ ...SITE, issue_number: 1, body: 'once' })
  await octokit.rest.pulls.get({ ...SITE, pull_number: 1 })
  gitHub.addFault({ method: 'POST', path: /comments$/, times: 1, effect: { kind: 'lost' } })
  gitHub.addFault({ method: 'POST', path: /comments$/, times: 1, effect: { kind: 'answer', status: 502 } })
  expect((await failureOf(write())).status).toBe(500)
  expect((await failureOf(write())).status).toBe(502)
  const { data } = await octokit.rest.issues.listComments({ ...SITE, issue_number: 1 })
  expect(data).toHaveLength(1)
})

async function get(path: string, authorization?: string, url = scene.gitHub.url) {
  const response = await fetch(`${url}/api/v3${path}`, {
    headers: authorization === undefined ? {} : { authorization },
  })
  const body: unknown = await response.json()
  return { status: response.status, headers: response.headers, body }
}
