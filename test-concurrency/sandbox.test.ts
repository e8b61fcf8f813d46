import { existsSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { isAlive, kill } from './fixtures/kernel.ts'
import type { Started } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until, within } from './fixtures/until.ts'
import { BERTH } from './fixtures/world.ts'

interface Check {
  readonly external_id: string
  readonly status: string
  readonly conclusion: string | null
  readonly title: string
}

describe('`berth sandbox`', () => {
  test('R-RUN-09 R-JAN-08 shows the main job; its service, killed in the middle of a run, comes back and ends that run’s check once; Ctrl-C leaves nothing', async ({
    world,
  }) => {
    const sandbox = world.start([BERTH, 'sandbox', '--port', '0'], {
      env: { ...world.env, TMPDIR: world.root, LOG_LEVEL: 'fatal', BERTH_URL: 'https://another.example.org' },
    })
    const page = await sandbox.says(/see it at (\S+)/)
    expect(sandbox.output()).toContain('completed · success · All 3 stages passed')

    await comment(page, '!testme hello size=l')
    const [run] = await checksWhen(page, 'the long stage', ([newest]) =>
      (newest?.title ?? '').includes('stays-up'),
    )
    kill(Number(await sandbox.says(/\(process (\d+);/)), 'SIGKILL')
    const again = Number(await sandbox.says(/up again \(process (\d+)\)/))
    const checks = await checksWhen(page, 'the end', ([newest]) => newest?.status === 'completed')
    expect(checks[0]).toMatchObject({
      ...run,
      status: 'completed',
      conclusion: 'success',
      title: 'All 3 stages passed',
    })
    expect(checks).toHaveLength(2)

    const folder = await sandbox.says(/Its folder\s+(\S+)/)
    expect(existsSync(folder)).toBe(true)
    await interrupt(sandbox)
    expect({ folder: existsSync(folder), service: isAlive(again) }).toEqual({ folder: false, service: false })
  })

  test('R-RUN-09 whose process is killed takes its service along', async ({ world }) => {
    const sandbox = world.start([BERTH, 'sandbox', '--port', '0'], {
      env: { ...world.env, TMPDIR: world.root, LOG_LEVEL: 'fatal' },
    })
    const service = Number(await sandbox.says(/\(process (\d+);/))
    expect(isAlive(service)).toBe(true)
    sandbox.kill('SIGKILL')
    await until('the end of the service', () => !isAlive(service))
  })
})

async function comment(page: string, body: string): Promise<void> {
  const form = new URLSearchParams({ as: 'octocat', body })
  const headers = { origin: new URL(page).origin }
  const posted = await fetch(`${page}/comments`, { method: 'POST', body: form, headers, redirect: 'manual' })
  expect(posted.status).toBe(303)
}

function checksWhen(page: string, what: string, isSo: (checks: readonly Check[]) => boolean) {
  const look = async (): Promise<readonly Check[]> => {
    for (;;) {
      const answer = await fetch(`${page}/checks.json`)
      const checks = (await answer.json()) as readonly Check[]
      if (isSo(checks)) return checks
    }
  }
  return within(what, look())
}

async function interrupt(sandbox: Started): Promise<void> {
  sandbox.kill('SIGINT')
  await sandbox.endedWith(0)
}
