import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from '../test-concurrency/fixtures/until.ts'
import type { Scene } from '../test-concurrency/service/fixtures/scene.ts'
import type { StackText } from './fixtures/stackFile.ts'
import { filesOf, serviceTest as test } from './fixtures/stacks.ts'

const STACK: StackText = { services: { app: {} } }

test('R-RUN-20 R-CMD-07 a fork’s stack is deployed without users of its own once a writer has read it, by a recipe that does all in containers, and by no other', async ({
  scene,
  stacks,
}) => {
  const [isolating, exposing] = [stacks.name('isolating'), stacks.name('exposing')]
  for (const name of [isolating, exposing]) scene.recipe(name)
  const inside = { exec: { service: 'app', run: 'echo in a container' } }
  stacks.write(isolating, { stages: { deploy: { deploy: {} }, inside } })
  stacks.write(exposing, { stages: { deploy: { deploy: {} }, host: { run: 'true' } } })
  const { number, sha } = await openFork(scene)
  await scene.serve()

  await refused(scene, number, `!testme ${exposing}`, 'fork_needs_isolation')
  await refused(scene, number, `!testme ${isolating}`, 'fork_needs_approval')
  await scene.comment(number, `!testme ok ${sha}`)
  await refused(scene, number, `!testme ${exposing}`, 'fork_needs_isolation')
  const run = await scene.testme(number, isolating)
  expect((await run.completed()).conclusion).toBe('success')
  const request = JSON.parse(readFileSync(join(run.folder, 'request.json'), 'utf8'))
  expect(request).toMatchObject({ runAs: null, sha })
  expect(stacks.left()).toEqual([])
})

/** A push and a comment in one second cannot be told apart by GitHub's times: in doubt the head has moved. */
async function openFork({ gitHub: { memory, people } }: Scene): Promise<{ number: number; sha: string }> {
  const third = [...memory.pulls.values()].find(({ number }) => number === 3)
  const fork = memory.repositories.get(third?.head.repositoryId ?? 0)
  if (fork === undefined) throw new Error('there is no fork')
  const texts = { title: 'A stack', body: '', author: 'octocat' }
  const pull = await people.openPull({ branch: 'stack', files: filesOf(STACK), fork, ...texts })
  const pushedAtMs = memory.repositories.get(fork.id)?.pushedAtMs ?? 0
  await until(
    'a later second than that of the push',
    () => Math.floor(Date.now() / 1000) > Math.floor(pushedAtMs / 1000),
  )
  return { number: pull.number, sha: pull.head.sha }
}

async function refused(scene: Scene, pr: number, line: string, reason: string): Promise<void> {
  const told = () => scene.replies(pr).filter((text) => text.includes(`**[${reason}](`)).length
  const before = told()
  await scene.comment(pr, line)
  await until(`${reason} for ${line}`, () => told() > before)
}
