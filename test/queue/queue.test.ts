import { existsSync, rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { startQueue } from '../../src/queue/queue.ts'
import { aScene, GREEN, NAME, RUN, STARTED } from './reaperScene.ts'

const ENDED = '01m7xj306c77rt40'
const NEXT = '01m7xj306c77rt41'

test('R-RUN-09 R-JAN-09 what has ended while no service was there is concluded, and what nobody has any more is taken over, before any new work is taken, however long a look takes', async () => {
  const scene = await aScene()
  scene.died([STARTED])
  await scene.record(ENDED, 'b.test', 'running')
  scene.ended(GREEN, ENDED, 'b.test')
  await scene.record(NEXT, 'c.test', 'queued')
  const looks = slowly(scene.world.store.live)
  const starting = startQueue(
    { ...scene.world, store: { ...scene.world.store, live: looks.look } },
    scene.note,
  )
  onTestFinished(async () => {
    looks.open()
    await using _queue = await starting
    await scene.settled()
  })
  const seen = () => [
    ...scene.told.filter((line) => line.startsWith('run.')),
    ...scene.notes.map(({ how, run }) => `${how} ${run}`),
  ]
  await looks.asked(1)
  expect(seen()).toEqual([])
  looks.go()
  await looks.asked(2)
  expect(seen()).toEqual([`run.concluded ${ENDED}`])
  looks.go()
  await looks.asked(3)
  expect(seen()).toEqual([`run.concluded ${ENDED}`, `recovered ${RUN}`])
  looks.open()
  for (const id of [RUN, NEXT])
    await expect.poll(async () => (await scene.row(id))?.state, { timeout: 10_000 }).toBe('concluded')
})

test('R-JAN-11 a note of an end that a killed service has left out is written by the next one, and none of a run that has not ended', async () => {
  const scene = await aScene()
  const live = scene.died([STARTED])
  const held = tryAcquire(scene.state, [NAME])
  onTestFinished(() => (held.kind === 'held' ? letGo(held) : undefined))
  await scene.record(ENDED, 'b.test', 'running')
  const ended = scene.ended(GREEN, ENDED, 'b.test')
  await scene.follower.pass()
  expect(await scene.row(ENDED)).toMatchObject({ state: 'concluded' })
  rmSync(ended.reported)
  await using _queue = await startQueue(scene.world, scene.note)
  expect([existsSync(ended.reported), existsSync(live.reported)]).toEqual([true, false])
})

/** A question that is answered when the test lets it be: one at a time, in order. */
function slowly<T>(ask: () => Promise<T>) {
  const waiting: (() => void)[] = []
  let [count, isOpen] = [0, false]
  return {
    async look(): Promise<T> {
      count += 1
      if (!isOpen) await new Promise<void>((resolve) => void waiting.push(resolve))
      return ask()
    },
    asked: (times: number) => expect.poll(() => count, { timeout: 5_000 }).toBeGreaterThanOrEqual(times),
    go: () => waiting.shift()?.(),
    open() {
      isOpen = true
      for (const go of waiting.splice(0)) go()
    },
  }
}
