import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

test('R-QUE-11 a run whose record cannot be read stops nobody else: others are taken, started and concluded, the pages say so', async ({
  scene,
}) => {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  scene.slots(1)
  await scene.serve()
  const first = await scene.testme(1)
  await inside.reached()
  const broken = await scene.testme(2)
  await broken.shows('what it waits for', ({ output }) => (output.title ?? '').includes('a free slot'))
  using records = new DatabaseSync(join(scene.world.state, 'berth.db'), { timeout: 5000 })
  const spoil = records.prepare('UPDATE runs SET stop = ? WHERE id = ?')
  spoil.run('{"reason":"new_word","by":"x","atMs":1}', broken.id)

  scene.gitHub.people.rerequest(broken.check().id, 'octocat')
  const third = await scene.testme(1)
  inside.go()
  await inside.reached()
  for (const path of ['/', `/runs/${broken.id}`, '/api/v1/queue', '/metrics'])
    expect(await get(scene, path)).toMatchObject({
      status: 200,
      text: expect.stringMatching(/new_word|berth_runs_broken 1/),
    })
  expect(await get(scene, '/readyz')).toMatchObject({ status: 200 })
  inside.go()
  for (const run of [first, third]) expect((await run.completed()).conclusion).toBe('success')
  const told = scene.service().log()
  expect(told.filter(({ msg }) => msg === 'run.unreadable')).toHaveLength(1)

  spoil.run(null, broken.id)
  for (let run = 0; run < 2; run += 1) {
    await inside.reached()
    inside.go()
  }
  const [again] = await until('the run that the button asked for', () => {
    const runs = scene.runs().filter(({ id }) => ![first, third, broken].some((run) => run.id === id))
    return runs.length === 1 ? runs : null
  })
  for (const run of [broken, again]) expect((await run?.completed())?.conclusion).toBe('success')
})

async function get({ env }: Scene, path: string) {
  const response = await fetch(`http://127.0.0.1:${env['PORT']}${path}`)
  return { status: response.status, text: await response.text() }
}
