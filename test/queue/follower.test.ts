import { expect, test } from 'vitest'
import { readStop } from '../../src/store/runFolder.ts'
import { PASSED } from '../store/samples.ts'
import { aScene, GREEN, RUN, STARTED } from './reaperScene.ts'

const STOP = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const
const OTHER = '01m7xj306c77rt40'

test('R-RUN-13 R-RUN-22 a stop that the records have is passed on to the run by the next look', async () => {
  const scene = await aScene()
  const run = scene.died([STARTED])
  await scene.follower.pass()
  expect(readStop(run)).toBeNull()
  await scene.store.requestStop(RUN, STOP)
  await scene.follower.pass()
  expect(readStop(run)).toEqual(STOP)
})

test('R-QUE-11 a run that cannot be followed keeps no other from its end, and is followed again once it can be', async () => {
  const scene = await aScene()
  const run = scene.died([STARTED])
  await scene.record(OTHER, 'b.test', 'running')
  scene.ended(GREEN, OTHER, 'b.test')
  await scene.store.requestStop(RUN, STOP)
  scene.broken.stop = true
  await scene.follower.pass()
  expect(await scene.row(OTHER)).toMatchObject({ state: 'concluded', verdict: PASSED })
  expect(scene.faults).toMatchObject([{ run: RUN, error: expect.stringContaining('ENOSPC') }])
  scene.broken.stop = false
  await scene.follower.pass()
  expect(readStop(run)).toEqual(STOP)
})
