import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { identityOf } from '../../src/process/procfs.ts'
import { createDispatcher } from '../../src/queue/dispatcher.ts'
import { startQueue } from '../../src/queue/queue.ts'
import { createRunFolder, readStop, runPaths } from '../../src/store/runFolder.ts'
import { requestFor } from '../lock/world.ts'
import { PASSED } from '../store/samples.ts'
import { aScene, GREEN, NAME, RUN, STARTED } from './reaperScene.ts'

test('R-RUN-09 R-QUE-04 a run that a restored copy has for queued, and that has ended since, ends as it did', async () => {
  const scene = await aScene('queued')
  scene.ended(GREEN)
  await start(scene)
  await expect.poll(() => scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED, attempts: 1 })
  expect(scene.faults).toEqual([])
})

test('R-RUN-09 R-QUE-04 the same where nobody has looked before it was to be started', async () => {
  const scene = await aScene('queued')
  scene.ended(GREEN)
  await createDispatcher(scene.world, () => undefined).pass()
  await expect.poll(() => scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED })
})

test('R-RUN-09 R-RUN-11 one that has died since is torn down, and ends as what it is', async () => {
  const scene = await aScene('queued')
  scene.died([STARTED])
  await start(scene)
  await expect.poll(() => scene.row(), { timeout: 15_000 }).toMatchObject({ state: 'concluded' })
  expect((await scene.row())?.verdict).toMatchObject({ reason: 'harness_fault' })
})

test('R-RUN-09 R-QUE-14 one that lives is followed, and hears of a stop: it does not end as one that never began', async () => {
  const scene = await aScene('queued')
  const run = scene.died([{ ...STARTED, ...identityOf(process.pid) }])
  const held = tryAcquire(scene.state, [NAME])
  onTestFinished(() => (held.kind === 'held' ? letGo(held) : undefined))
  // A run process that is told to stop is sent a signal as well.
  const heard = new Promise((resolve) => process.once('SIGTERM', resolve))
  const stop = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const
  await scene.store.requestStop(RUN, stop)
  await start(scene)
  await heard
  expect(await scene.row()).toMatchObject({ state: 'running', verdict: null })
  expect(readStop(run)).toEqual(stop)
})

test('R-JAN-11 R-RUN-09 the folder of a run that is over, and that a restored copy does not know, is kept for nobody', async () => {
  const scene = await aScene('queued')
  const [over, live] = ['01m7xj306c77rt3a', '01m7xj306c77rt3b'] as const
  scene.ended(GREEN, over)
  createRunFolder(scene.state, requestFor(live, ['b.test']), join(scene.state.root, 'recipe'))
  await start(scene)
  expect(existsSync(runPaths(scene.state, over).reported)).toBe(true)
  expect(existsSync(runPaths(scene.state, live).reported)).toBe(false)
})

test('R-JAN-11 R-RUN-21 a note that the disk does not take keeps no run from its end, and comes with the next one', async () => {
  const scene = await aScene('queued')
  const other = '01m7xj306c77rt3a'
  scene.ended(GREEN)
  const { reported } = runPaths(scene.state, RUN)
  mkdirSync(join(reported, 'in the way'), { recursive: true })
  await start(scene)
  expect(await scene.row()).toMatchObject({ state: 'concluded', verdict: PASSED })
  expect(scene.faults).toEqual([])
  rmSync(reported, { recursive: true })
  createRunFolder(scene.state, requestFor(other, ['b.test']), join(scene.state.root, 'recipe'))
  scene.world.machine.noteReported(other)
  expect([RUN, other].map((id) => existsSync(runPaths(scene.state, id).reported))).toEqual([true, true])
})

async function start({ world, note }: Awaited<ReturnType<typeof aScene>>): Promise<void> {
  const queue = await startQueue(world, note)
  onTestFinished(() => queue[Symbol.asyncDispose]())
}
