import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { fetchIntoMirror } from '../../src/process/mirror.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe('the mirror of a repository', () => {
  test('R-LCK-14 R-RUN-18 that three runs want at once, and nobody has cloned: it has the commit of each, in each of five rounds', async ({
    scene,
  }) => {
    await scene.openPull()
    for (const round of [1, 2, 3, 4, 5]) {
      const mirrors = join(scene.world.root, `mirrors-${round}`)
      mkdirSync(mirrors)
      const wishes = [1, 2, 4].map((pr) => wishOf(scene, mirrors, pr))
      const [mirror = ''] = await Promise.all(wishes.map((wish) => fetchIntoMirror(wish)))
      for (const { request } of wishes) expect(typeIn(mirror, request.sha), `round ${round}`).toBe('commit')
    }
  })
})

function wishOf({ gitHub }: Scene, mirrors: string, pr: number): Parameters<typeof fetchIntoMirror>[0] {
  const { memory, repository, url } = gitHub
  const token = {
    permissions: { contents: 'read' },
    repositoryIds: null,
    expiresAtMs: Date.now() + 3_600_000,
  } as const
  memory.tokens.set('ghs_test', { value: 'ghs_test', ...token })
  const sha = memory.pulls.get(`${repository.id}#${pr}`)?.head.sha ?? ''
  const cloneUrl = `${url}/acme/site.git`
  const request = {
    run: `run-${pr}`,
    pr,
    repositoryId: 'github-1',
    cloneUrl,
    sha,
    ref: `refs/pull/${pr}/head`,
  }
  const options = { run: request.run, signal: new AbortController().signal, token: 'ghs_test' }
  return { mirrors, request, options }
}

function typeIn(mirror: string, sha: string): string {
  return execFileSync('git', ['-C', mirror, 'cat-file', '-t', sha], { encoding: 'utf8' }).trim()
}
