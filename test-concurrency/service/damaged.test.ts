import { describe, expect } from 'vitest'
import type { Gate } from '../fixtures/gate.ts'
import { test } from '../fixtures/test.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import { recordsFileOf } from './fixtures/recordsFile.ts'
import { type Scene, startScene } from './fixtures/scene.ts'
import type { LogLine } from './fixtures/service.ts'

const WAY_OUT = 'is damaged; stop the service, move the file away or restore a copy, and start again'

describe.concurrent('a run is under way, and its service comes back to records', () => {
  test('R-QUE-10 R-RUN-09 of a newer version: it refuses them by name and ends with 70, and changes nothing; the run goes on', async ({
    world,
  }) => {
    await using scene = await startScene(world)
    const { inside, run } = await runUnderWay(scene)
    const records = recordsFileOf(world)
    records.version(1)
    const service = scene.begin()
    await service.started.endedWith(70)
    expect(service.started.output()).toMatch(
      new RegExp(`${records.path} has schema version \\d+, .*; start the newer berth`),
    )
    expect(world.judge().holders('app-1.ci.localhost')).toContain(run.conductor().pid)
    records.version(-1)
    await scene.serve()
    inside.go()
    expect((await run.completed()).conclusion).toBe('success')
    await scene.stop()
  })

  test('R-QUE-11 R-RUN-09 of which a page is damaged that the start needs: it refuses them by name and ends with 70', async ({
    world,
  }) => {
    await using scene = await startScene(world)
    const { inside, run } = await runUnderWay(scene)
    const records = recordsFileOf(world)
    const copy = await records.backUp()
    records.spoil('runs_live')
    const service = scene.begin()
    await service.started.endedWith(70)
    expect(service.started.output()).toContain(`${records.path} ${WAY_OUT}`)
    await endsByItself(scene, inside, run)
    records.restore(copy)
    await scene.serve()
    expect((await run.completed()).conclusion).toBe('success')
    await scene.stop()
  })

  for (const [table, answer] of [
    ['reports', 202],
    ['deliveries', 503],
  ] as const)
    test(`R-QUE-01 R-QUE-11 R-RUN-09 of which a page of ${table} is damaged: it is not ready and says why; with a copy in its place each has its end`, async ({
      world,
    }) => {
      await using scene = await startScene(world)
      const { inside, run } = await runUnderWay(scene)
      const records = recordsFileOf(world)
      const copy = await records.backUp()
      records.spoil(table)
      await scene.serve()
      await scene.comment(2, '!testme app')
      const [delivery] = scene.gitHub.deliveries.records()
      expect(delivery?.status).toMatchObject({ kind: 'answered', code: answer })
      const isTold = ({ error = '' }: LogLine) => error.includes(WAY_OUT)
      await until('the service to tell of it', () => scene.service().log().some(isTold))
      expect(await readiness(scene)).toMatchObject({ status: 503, text: expect.stringContaining(WAY_OUT) })
      await endsByItself(scene, inside, run)
      expect(run.check().status, 'GitHub is told nothing that is not recorded').toBe('in_progress')

      await scene.service().kill()
      records.restore(copy)
      await scene.serve()
      expect((await run.completed()).conclusion).toBe('success')
      scene.gitHub.deliveries.redeliver(delivery?.id ?? 0)
      await inside.reached()
      inside.go()
      const [, again] = await until('the check of the second run', () =>
        scene.runs().length === 2 ? scene.runs() : null,
      )
      expect((await again?.completed())?.conclusion).toBe('success')
      expect(await readiness(scene)).toMatchObject({ status: 200 })
      await scene.stop()
    })
})

/** A run that stands in its stage, and a service that has ended in order, so that all records are in their file. */
async function runUnderWay(scene: Scene): Promise<{ readonly inside: Gate; readonly run: AskedRun }> {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  await run.shows('its stage', ({ output }) => (output.title ?? '').startsWith('Stage inside'))
  await scene.stop()
  return { inside, run }
}

async function endsByItself({ world }: Scene, inside: Gate, run: AskedRun): Promise<void> {
  inside.go()
  expect(await run.concluded()).toMatchObject({ conclusion: 'success', verified: true })
  await until('a free domain', () => Object.keys(world.judge().marks).length === 0)
}

async function readiness({ env }: Scene) {
  const response = await fetch(`http://127.0.0.1:${env['PORT']}/readyz`)
  return { status: response.status, text: await response.text() }
}
