import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { GitHubFault } from '../../src/intake/gitHubFault.ts'
import type { NewRun } from '../../src/model/ports.ts'
import { type GitHubApp, gitHubApp } from '../../src/world/github.ts'
import { APP_ID, appKeys, type Scene, SECRET, startScene } from '../sandbox/support.ts'
import { aRun } from '../store/samples.ts'

async function appOf({ gitHub }: Scene): Promise<GitHubApp> {
  return gitHubApp({
    appId: APP_ID,
    privateKey: (await appKeys).privateKey,
    webhookSecret: SECRET,
    client: null,
    apiUrl: `${gitHub.url}/api/v3`,
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'http://127.0.0.1',
    logLevel: 'info',
  })
}

function runOf({ gitHub: { memory, repository } }: Scene): NewRun {
  const { installationId } = memory.app
  return aRun('a', { installationId, repositoryId: String(repository.id) })
}

/** The next request for a token is refused; those after it are not. */
function refuseOnce({ gitHub }: Scene, status: 404 | 403 | 500, headers: Record<string, string> = {}): void {
  const effect = { kind: 'answer', status, headers } as const
  gitHub.addFault({ method: 'POST', path: /access_tokens$/, times: 1, effect })
}

describe('the tokens that it works with', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  test('R-REP-06 that GitHub ends before their hour are renewed after the first refusal', async () => {
    await using scene = await startScene()
    const app = await appOf(scene)
    const ask = async () => {
      const client = await app.clientFor(scene.gitHub.memory.app.installationId)
      const { status } = await client.request('GET /repos/{owner}/{repo}', { owner: 'acme', repo: 'site' })
      return status
    }
    expect(await ask()).toBe(200)
    const token = await app.cloneToken(runOf(scene))
    // A false `performance` would begin at zero, and this process may be older than what is to pass.
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 })
    scene.gitHub.expireTokens()
    await expect(ask()).rejects.toMatchObject({ status: 401 })
    vi.useRealTimers()
    vi.restoreAllMocks()
    expect(await ask()).toBe(200)
    expect(await app.cloneToken(runOf(scene))).not.toBe(token)
  })
})

describe('the token to clone with', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  test('is asked for once, while it lasts', async () => {
    await using scene = await startScene()
    const app = await appOf(scene)
    const token = await app.cloneToken(runOf(scene))
    expect(await app.cloneToken(runOf(scene))).toBe(token)
  })

  test('R-QUE-09 that GitHub does not give to this App is a fault for good', async () => {
    await using scene = await startScene()
    const app = await appOf(scene)
    refuseOnce(scene, 404)
    const fault = await app.cloneToken(runOf(scene)).catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(GitHubFault)
    expect(fault).toMatchObject({ retryable: false, message: expect.stringContaining('HTTP 404') })
  })

  test('R-REP-04 R-QUE-09 is not asked for before GitHub’s own time, and else after a pause that grows', async () => {
    await using scene = await startScene()
    const app = await appOf(scene)
    const isRefusedFor = async (ms: number): Promise<void> => {
      await expect(app.cloneToken(runOf(scene))).rejects.toMatchObject({ retryable: true })
      vi.advanceTimersByTime(ms - 500)
      await expect(app.cloneToken(runOf(scene))).rejects.toThrow()
      vi.advanceTimersByTime(500)
    }
    refuseOnce(scene, 500)
    await isRefusedFor(2_000)
    refuseOnce(scene, 500)
    await isRefusedFor(4_000)
    refuseOnce(scene, 403, { 'retry-after': '600' })
    await isRefusedFor(600_000)
    expect(await app.cloneToken(runOf(scene))).toMatch(/^ghs_/)
  })
})
