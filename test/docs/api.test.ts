import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { hashOf, newSecret } from '../../src/web/access/secret.ts'
import { PASSED } from '../store/samples.ts'
import { aQueued, type Scene, startScene } from '../web/scene.ts'

const page = readFileSync(fileURLToPath(new URL('../../docs/api.md', import.meta.url)), 'utf8')

/** A command of the page and the answer below it. */
const EXAMPLES = [...page.matchAll(/```sh\n([\s\S]*?)```\n```json\n([\s\S]*?)```/g)].map(
  ([, command = '', answer = '']) => ({ command, answer }),
)

const run = promisify(execFile)

async function twoPassed(scene: Scene): Promise<void> {
  for (const tookMs of [3_000, 5_000]) {
    const { id, ...rest } = aQueued()
    await scene.queue({ id, ...rest })
    await scene.change(id, { state: 'starting', startedAtMs: 1_000 })
    await scene.change(id, { state: 'concluded', concludedAtMs: 1_000 + tookMs, verdict: PASSED })
  }
}

/** What the page shows as `…` may be anything that is there. */
function expected(value: unknown): unknown {
  if (value === '…') return expect.anything()
  if (Array.isArray(value)) return value.map(expected)
  if (typeof value !== 'object' || value === null) return value
  return expect.objectContaining(
    Object.fromEntries(Object.entries(value).map(([key, part]) => [key, expected(part)])),
  )
}

test('docs/api.md: every command in it is one of the examples', () => {
  expect(EXAMPLES).toHaveLength([...page.matchAll(/^```sh$/gm)].length)
  expect(EXAMPLES.length).toBeGreaterThanOrEqual(6)
})

test.each(EXAMPLES)('R-OBS-04 docs/api.md: $command', async ({ command, answer }) => {
  await using scene = await startScene()
  await twoPassed(scene)
  const [token, waiting] = [newSecret(), aQueued()]
  const made = { name: 'ci-bot', scope: 'act', madeBy: 'root', madeAtMs: 1, endsAtMs: null } as const
  await scene.store.addToken(made, hashOf(token))
  await (command.includes('$RUN') ? scene.queue(waiting) : undefined)
  const env = { PATH: process.env['PATH'], BERTH: scene.url, TOKEN: token, RUN: waiting.id }
  const { stdout } = await run('sh', ['-euc', command], { env })
  expect(JSON.parse(stdout)).toEqual(expected(JSON.parse(answer)))
})

test('R-OBS-04 docs/api.md names every address that the description has', async () => {
  await using scene = await startScene()
  const { paths } = JSON.parse((await scene.get('/api/v1/openapi.json')).text)
  expect(Object.keys(paths).filter((path) => !page.includes(`\`/api/v1${path}\``))).toEqual([])
})
