import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect } from 'vitest'
import { isAlive } from '../fixtures/kernel.ts'
import { outputOf } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import { warmed } from '../fixtures/warm.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe.concurrent('the queue', () => {
  test('R-QUE-14 R-LCK-13 a run that is cancelled while GitHub keeps its token back leaves no place behind: the next one gets the domain', async ({
    scene,
  }) => {
    const inside = parkedRecipe(scene)
    await scene.serve()
    const first = await scene.testme(1)
    await inside.reached()
    await scene.service().kill()
    scene.road.decide = ({ asks, body }) =>
      asks.endsWith('/access_tokens') && body.includes('repository_ids') ? 'wait' : 'pass'
    await scene.serve()
    const second = await scene.testme(1)
    await scene.road.waiting()
    await outputOf(scene.world.berth('cancel', second.id))
    expect((await second.completed()).conclusion).toBe('cancelled')
    scene.road.decide = () => 'pass'
    scene.road.open()
    const third = await scene.testme(1)
    inside.go()
    await inside.reached()
    inside.go()
    for (const run of [first, third]) expect((await run.completed()).conclusion).toBe('success')
  })

  test('R-QUE-05 case 43 a clock that was set back between two comments stops nobody: both runs come, one after the other', async ({
    scene,
  }) => {
    const inside = parkedRecipe(scene)
    await scene.serve()
    const first = await scene.testme(1)
    await inside.reached()
    const second = await scene.testme(1)
    await second.shows('what it waits for', ({ output }) => (output.title ?? '').includes(first.id))
    const third = await scene.testme(1)
    await third.shows('what it waits for', ({ output }) => (output.title ?? '').includes(second.id))
    setBack(scene, third.id)
    await second.shows('the run ahead of it', ({ output }) => (output.title ?? '').includes(third.id))
    for (const _ of [first, second]) {
      inside.go()
      await inside.reached()
    }
    inside.go()
    for (const run of [first, second, third]) expect((await run.completed()).conclusion).toBe('success')
  })

  test('R-LCK-17 R-RUN-09 case 12a: a queued run has its processes before the one ahead of it has ended; they end with a service that is SIGKILLed, and the next one begins anew', async ({
    scene,
  }) => {
    scene.recipe('app', { stages: { inside: `${GATE} inside` } })
    const inside = scene.world.gate('inside')
    await scene.serve()
    const first = await scene.testme(1)
    await inside.reached()
    const second = await scene.testme(1)
    const lost = await warmed(second.id)
    await scene.service().kill()
    await until('the end of warm processes', () => !isAlive(lost.wrapper) && !isAlive(lost.process))
    await scene.serve()
    const pair = await warmed(second.id)
    inside.go()
    await inside.reached()
    expect(second.conductor()).toEqual({ pid: pair.process, wrapper: pair.wrapper })
    inside.go()
    for (const run of [first, second]) expect((await run.completed()).conclusion).toBe('success')
  })
})

function parkedRecipe(scene: Scene) {
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  return scene.world.gate('inside')
}

/** As if the run had been asked for at a time before the others were. */
function setBack({ world }: Scene, run: string): void {
  using store = new DatabaseSync(join(world.state, 'berth.db'), { timeout: 5000 })
  store.prepare('UPDATE runs SET enqueued_at = enqueued_at - 60000 WHERE id = ?').run(run)
}
