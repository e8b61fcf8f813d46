import { describe, expect } from 'vitest'
import type { CheckRun } from '../../src/sandbox/github/records.ts'
import type { Gate } from '../fixtures/gate.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe.concurrent('the service in the middle of a run', () => {
  test('R-RUN-09 R-REP-01 is SIGKILLed and started again: the run goes on, and its check ends once, as the run did', async ({
    scene,
  }) => {
    const { inside, run } = await runningRun(scene)
    await scene.service().kill()
    await scene.serve()
    inside.go()
    await endsGreenInOneProcess(scene, run)
  })

  test('R-RUN-09 is SIGKILLed, and the run ends while no service is there: the next one tells its end', async ({
    scene,
  }) => {
    const { inside, run } = await runningRun(scene)
    await scene.service().kill()
    inside.go()
    expect(await run.concluded()).toMatchObject({ conclusion: 'success' })
    expect(run.check().status).toBe('in_progress')
    await scene.serve()
    await endsGreenInOneProcess(scene, run)
  })

  test('R-RUN-09 gets a SIGTERM: it ends with 0 while the run goes on, and the next service concludes it', async ({
    scene,
  }) => {
    const { inside, run } = await runningRun(scene)
    await scene.service().stop()
    expect(scene.world.judge().holders('app-1.ci.localhost')).toContain(run.conductor().pid)
    expect(run.check().status).toBe('in_progress')
    await scene.serve()
    inside.go()
    await endsGreenInOneProcess(scene, run)
  })

  test('R-RUN-09 R-QUE-06 ends with a queued run behind the live one: the next service starts it in its turn', async ({
    scene,
  }) => {
    const { inside, run } = await runningRun(scene)
    const second = await scene.testme(1)
    await second.shows('what it waits for', ({ output }) => (output.title ?? '').includes(run.id))
    await scene.service().stop()
    await scene.serve()
    inside.go()
    await inside.reached()
    await second.shows('its stage', isInside)
    inside.go()
    await endsGreenInOneProcess(scene, run)
    await endsGreenInOneProcess(scene, second)
    expect(scene.world.trace().filter((line) => line.endsWith(' up'))).toEqual([
      `${run.id} up`,
      `${second.id} up`,
    ])
  })
})

async function runningRun(scene: Scene): Promise<{ readonly inside: Gate; readonly run: AskedRun }> {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  await run.shows('its stage', isInside)
  return { inside, run }
}

function isInside({ output }: CheckRun): boolean {
  return (output.title ?? '').startsWith('Stage inside')
}

async function endsGreenInOneProcess({ checks }: Scene, run: AskedRun): Promise<void> {
  expect((await run.completed()).conclusion).toBe('success')
  expect(checks.story(run.id)).toEqual(['queued', 'in_progress', 'success'])
  expect(checks.ends(run.id)).toBe(1)
  expect(run.count('process.started')).toBe(1)
}
