import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installationToken, type Scene, SITE, startScene } from '../support.ts'

let scene: Scene
let token: string
let clone: string
beforeAll(async () => {
  scene = await startScene()
  token = await installationToken(scene)
  clone = join(scene.dataDir, 'clone')
  await execa('git', ['init', '--quiet', clone])
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

test('any commit of the repository is fetched by its SHA with a token, a fork’s too', async () => {
  for (const number of [1, 2, 3]) {
    const { data: pull } = await scene.octokit.rest.pulls.get({ ...SITE, pull_number: number })
    await git(['fetch', '--quiet', '--depth=1', urlWith(token), pull.head.sha])
    expect(await git(['rev-parse', 'FETCH_HEAD'])).toBe(pull.head.sha)
    await git(['fetch', '--quiet', urlWith(token), `refs/pull/${number}/head`])
    expect(await git(['rev-parse', 'FETCH_HEAD'])).toBe(pull.head.sha)
  }
})

test('pull request 1 keeps the README, pull request 2 drops it', async () => {
  const filesAt = async (number: number) => {
    await git(['fetch', '--quiet', urlWith(token), `refs/pull/${number}/head`])
    return (await git(['ls-tree', '--name-only', 'FETCH_HEAD'])).split('\n')
  }
  expect(await filesAt(1)).toEqual(['README.md', 'greeting.txt', 'index.html'])
  expect(await filesAt(2)).toEqual(['index.html'])
})

test('a push moves the pull request, its commit can be fetched, and the repository says when it was pushed to', async () => {
  const before = (await scene.octokit.rest.pulls.get({ ...SITE, pull_number: 1 })).data
  const { head } = await scene.gitHub.people.push(1, { message: 'More', files: { 'more.txt': 'more\n' } })
  const after = (await scene.octokit.rest.pulls.get({ ...SITE, pull_number: 1 })).data
  expect(after).toMatchObject({
    head: { sha: head.sha },
    commits: before.commits + 1,
    changed_files: 2,
    additions: 2,
  })
  expect(Date.parse(after.head.repo.pushed_at ?? '')).toBeGreaterThanOrEqual(
    Date.parse(before.head.repo.pushed_at ?? ''),
  )
  await git(['fetch', '--quiet', urlWith(token), head.sha])
  await git(['checkout', '--quiet', head.sha])
  expect(await readFile(join(clone, 'more.txt'), 'utf8')).toBe('more\n')
})

test.each([
  ['no token', () => `${scene.gitHub.url}/acme/site.git`, '401'],
  ['a wrong token', () => urlWith('ghs_wrong'), 'Authentication failed'],
  [
    'the fork, where the App is not installed',
    () => urlWith(token).replace('/acme/', '/visitor/'),
    'not found',
  ],
])('with %s, git is refused', async (_, url, reason) => {
  const { exitCode, stderr } = await execa('git', ['ls-remote', url()], {
    reject: false,
    env: { GIT_TERMINAL_PROMPT: '0', GIT_ASKPASS: 'false', GIT_CURL_VERBOSE: '1' },
  })
  expect(exitCode).not.toBe(0)
  expect(stderr).toContain(reason)
})

test('without credentials the answer is 401 and asks for basic authentication', async () => {
  const response = await fetch(`${scene.gitHub.url}/acme/site.git/info/refs?service=git-upload-pack`)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toMatch(/^Basic/)
})

test('nothing can be pushed over HTTP, and no file outside the protocol is read', async () => {
  await git(['fetch', '--quiet', urlWith(token), 'main'])
  const push = await execa('git', ['-C', clone, 'push', urlWith(token), 'FETCH_HEAD:refs/heads/mine'], {
    reject: false,
  })
  expect(push.stderr).toContain('403')
  const headers = { authorization: `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}` }
  for (const path of ['config', 'HEAD', 'objects/info/packs', '..%2f..%2fconfig'])
    expect((await fetch(`${scene.gitHub.url}/acme/site.git/${path}`, { headers })).status).toBe(404)
})

function urlWith(secret: string): string {
  const url = new URL(`${scene.gitHub.url}/acme/site.git`)
  url.username = 'x-access-token'
  url.password = secret
  return url.href
}

async function git(args: readonly string[]): Promise<string> {
  return (await execa('git', ['-C', clone, ...args])).stdout
}
