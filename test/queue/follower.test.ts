import { appendFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { EntryBody } from '../../src/model/journal.ts'
import { readStop } from '../../src/store/runFolder.ts'
import { PASSED } from '../store/samples.ts'
import { aScene, GREEN, RUN, STARTED, textOf } from './reaperScene.ts'

const STOP = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const
const TEARDOWN: EntryBody = {
  event: 'teardown.started',
  containment: { kind: 'sweep', run: RUN, stage: 'teardown' },
}
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

test('R-RUN-09 R-RUN-13 R-OBS-01 a run of which nothing is new is left alone, until its journal, its record or a stop says something', async () => {
  const scene = await aScene()
  const run = scene.died([STARTED])
  const passes = async (count: number) => {
    for (let pass = 0; pass < count; pass += 1) await scene.follower.pass()
  }
  await passes(3)
  const [told, reports] = [scene.told.length, await scene.reports()]
  expect(await scene.row()).toMatchObject({ state: 'running', stage: 'checkout' })
  await passes(3)
  expect([scene.told.length, await scene.reports()]).toEqual([told, reports])
  await scene.store.change(RUN, 'running', { stage: 'up' }, [])
  await passes(1)
  expect(await scene.row(), 'the journal counts more').toMatchObject({ stage: 'checkout' })
  await passes(2)
  appendFileSync(run.journal, textOf([TEARDOWN]))
  await passes(1)
  expect(await scene.row()).toMatchObject({ state: 'tearing_down', stage: 'teardown' })
  await passes(2)
  await scene.store.requestStop(RUN, STOP)
  await passes(1)
  expect(readStop(run)).toEqual(STOP)
})

test('R-OBS-03 how its stages went is written with a run’s end, in the same transaction', async () => {
  const scene = await aScene()
  const containment = { kind: 'sweep', run: RUN, stage: 'up' } as const
  const begun: EntryBody = { event: 'stage.started', name: 'up', containment }
  const ended: EntryBody = {
    event: 'stage.ended',
    name: 'up',
    outcome: 'success',
    exitCode: 0,
    detail: '',
    ending: null,
  }
  scene.ended([STARTED, begun, ended, ...GREEN.slice(1)])
  await scene.follower.pass()
  expect(await scene.row()).toMatchObject({ state: 'concluded' })
  const stages = (await scene.store.pastStages([RUN])).get(RUN)
  expect(stages?.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['up', 'success'],
    ['teardown', 'success'],
  ])
})
