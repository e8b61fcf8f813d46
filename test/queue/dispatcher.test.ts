import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { letGo } from '../../src/lock/nameLocks.ts'
import { hasWaiters, peekTickets } from '../../src/lock/tickets.ts'
import { SHA } from '../store/samples.ts'
import { aScene } from './dispatcherScene.ts'

const NAMES = ['a.test', 'r:gpu']
/** A machine that is busy with other things takes its time. */
const SOON = { timeout: 5_000 }
const STOP = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const

test('R-QUE-05 R-LCK-13 a pass over a queue that has not changed reads none of it, and still asks for each name at its head', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  await scene.queue('r1', ['a.test'])
  for (let index = 2; index <= 40; index += 1) await scene.queue(`r${index}`, NAMES)
  await scene.pass()
  await scene.pass()
  const before = scene.reads()
  for (let index = 0; index < 10; index += 1) await scene.pass()
  expect(scene.reads() - before).toBe(0)
  expect(scene.turns.at(-1)).toBe('r1 busy')
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1), 'nothing was written, and no event came').toBe('r1 held')
})

test('R-QUE-14 what another process writes is carried out by the next pass', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  for (const id of ['r1', 'r2', 'r3']) await scene.queue(id, ['a.test'])
  for (let index = 0; index < 3; index += 1) await scene.pass()
  const other = await scene.open()
  await other.requestStop('r1', STOP)
  await scene.pass()
  expect(await scene.row('r1')).toMatchObject({ state: 'concluded', verdict: { reason: 'cancelled' } })
  expect(scene.turns.at(-1)).toBe('r2 busy')
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1), 'the one that has ended waits there no more').toBe('r2 held')
})

test('R-QUE-05 R-LCK-13 who is not the first any more stands in the way of nobody who waits for the same name', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  await scene.queue('r1', ['a.test'])
  await scene.pass()
  await scene.queue('r2', ['a.test'], { priority: 5 })
  await scene.pass()
  expect(scene.turns).toEqual(['r1 busy', 'r2 busy'])
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1)).toBe('r2 held')
})

test('R-QUE-05 who is just being tried counts as under way: two free slots are offered to two repositories', async () => {
  const scene = await aScene()
  await scene.queue('r1', ['a.test'])
  await scene.queue('r2', ['b.test'])
  await scene.queue('r3', ['c.test'], { repositoryId: '43' })
  await scene.pass()
  expect(scene.turns).toEqual(['r1 held', 'r3 held', 'r2 held'])
})

test('R-QUE-05 R-QUE-15 an attempt that takes long keeps no slot from the next one; it gives its names back when it finds none in the end', async () => {
  const all = await aScene()
  all.scene.slots = 1
  all.scene.starts = true
  all.spoilStarts()
  const [held, starting] = [all.park('r1 held'), all.park('r2 starts')]
  await all.queue('r1', ['a.test'])
  await all.queue('r2', ['b.test'])
  await all.dispatch()
  await held.reached
  await expect.poll(all.parked, SOON).toContain('r2 starts')
  held.go()
  await expect.poll(async () => (await all.row('r1'))?.waitsFor, SOON).toBe('a free slot (1 at a time)')
  letGo(all.hold(['a.test']))
  starting.go()
  await expect.poll(async () => (await all.row('r2'))?.state, SOON).toBe('concluded')
})

test('R-QUE-02 a run whose start fails ends at once, with its cause, and its names are free', async () => {
  const all = await aScene()
  all.scene.starts = true
  all.spoilStarts()
  await all.queue('r1', ['a.test'])
  await all.dispatch()
  await expect.poll(async () => (await all.row('r1'))?.state, SOON).toBe('concluded')
  expect((await all.row('r1'))?.verdict).toMatchObject({
    reason: 'not_started',
    title: expect.stringMatching(/^harness: .*ENOTDIR/),
  })
  letGo(all.hold(['a.test']))
})

test('R-QUE-04 R-QUE-14 a run that is asked to stop while it is being tried is not started: it gives its names back, and ends', async () => {
  const all = await aScene()
  all.scene.starts = true
  const held = all.park('r1 held')
  await all.queue('r1', ['a.test'])
  await all.dispatch()
  await held.reached
  await all.store.requestStop('r1', STOP)
  held.go()
  await all.settled()
  expect(await all.row('r1')).toMatchObject({ state: 'queued', attempts: 0 })
  letGo(all.hold(['a.test']))
  await all.pass()
  expect(await all.row('r1')).toMatchObject({ state: 'concluded', verdict: { reason: 'cancelled' } })
})

test('R-QUE-11 what a pass that failed had still to do is done by the next one', async () => {
  const all = await aScene()
  all.hold(['a.test'])
  await all.queue('r1', ['a.test'])
  await all.pass()
  await all.store.requestStop('r1', STOP)
  all.scene.isBroken = true
  await expect(all.pass()).rejects.toThrow('the database is locked')
  all.scene.isBroken = false
  await all.pass()
  expect(await all.row('r1')).toMatchObject({ state: 'concluded', verdict: { reason: 'cancelled' } })
})

test('R-Q-05 R-LCK-13 who gets its names when dispatching has been switched off gives them back, and waits for none of them until it is on again', async () => {
  const all = await aScene()
  all.scene.starts = true
  const held = all.park('r1 held')
  await all.queue('r1', ['a.test'])
  await all.dispatch()
  await held.reached
  all.scene.off = ['dispatch']
  held.go()
  await all.settled()
  expect(await all.row('r1')).toMatchObject({ state: 'queued', attempts: 0 })
  all.scene.off = []
  const other = all.hold(['a.test'])
  await all.pass()
  expect([all.turns.at(-1), hasWaiters(all.state, 'a.test')]).toEqual(['r1 busy', true])
  all.scene.off = ['dispatch']
  await all.pass()
  expect(hasWaiters(all.state, 'a.test'), 'whoever else wants it stands behind nobody').toBe(false)
  letGo(other)
  await all.pass()
  expect(all.turns.at(-1)).toBe('r1 busy')
  all.scene.off = []
  all.scene.starts = false
  await all.pass()
  expect(all.turns.at(-1)).toBe('r1 held')
})

test('R-QUE-05 each run waits for the nearest one ahead, so that an end changes what one run says, and not what all say', async () => {
  const scene = await aScene()
  scene.hold(['a.test'])
  for (const id of ['r1', 'r2', 'r3', 'r4']) await scene.queue(id, ['a.test'])
  for (let index = 0; index < 3; index += 1) await scene.pass()
  expect((await scene.row('r4'))?.waitsFor).toBe('run r3, which is ahead of it for a.test')
  const before = (await scene.row('r4'))?.reports
  await scene.store.requestStop('r1', STOP)
  for (let index = 0; index < 3; index += 1) await scene.pass()
  expect((await scene.row('r2'))?.waitsFor).toBe('a.test, which somebody else has')
  expect((await scene.row('r4'))?.reports).toBe(before)
})

test('R-QUE-15 a run whose recipe keeps crashing at its commit says so, rests, and holds up nobody; when its time is over it is first again', async () => {
  const all = await aScene()
  const loop = { repositoryId: '42', repository: 'acme/site', pr: 12, recipe: 'hello', sha: SHA, times: 3 }
  all.scene.loops = [{ ...loop, lastAtMs: 1, title: 'harness: boom', untilMs: 5_000 }]
  await all.queue('r1', ['a.test'])
  await all.queue('r2', ['a.test', 'r:gpu'])
  await all.pass()
  expect((await all.row('r1'))?.waitsFor).toBe(
    'crash_loop: hello has ended in a fault of the harness 3 times in a row at this commit, and rests until 1970-01-01T00:00:05Z',
  )
  expect(all.turns, 'another recipe, behind it on the same domain').toEqual(['r2 held'])
  const [reads, reports] = [all.reads(), (await all.row('r1'))?.reports]
  for (let index = 0; index < 3; index += 1) await all.pass()
  expect((await all.row('r1'))?.reports).toBe(reports)
  expect(all.reads() - reads, 'nothing was written').toBeLessThanOrEqual(1)
  all.scene.nowMs = 5_000
  all.scene.loops = []
  await all.pass()
  expect(all.turns.at(-1)).toBe('r1 held')
  expect((await all.row('r2'))?.waitsFor).toContain('run r1')
})

test('R-QUE-14 R-LCK-13 a run that is stopped while it is tried keeps no place, whatever fails when that is over', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  const token = Promise.withResolvers<null>()
  scene.scene.token = token.promise
  await scene.queue('r1', ['a.test'])
  await scene.dispatch()
  await scene.store.requestStop('r1', { reason: 'cancelled', by: 'octocat', atMs: 1 })
  await scene.dispatch()
  expect(await scene.row('r1')).toMatchObject({ state: 'concluded' })
  scene.scene.failsToRead = 'r1'
  token.resolve(null)
  await expect.poll(() => scene.turns).toEqual(['r1 busy', expect.stringContaining('disk I/O error')])
  await scene.pass()
  expect(peekTickets(scene.state, 'a.test')).toEqual([])
  letGo(held)
})

test('R-QUE-14 R-LCK-13 nor does one whose record cannot be read any more: others start', async () => {
  const scene = await aScene()
  const held = scene.hold(['a.test'])
  await scene.queue('r1', ['a.test'])
  await scene.queue('r2', ['a.test'])
  await scene.pass()
  expect(scene.turns.at(-1)).toBe('r1 busy')
  using meddler = new DatabaseSync(scene.state.database)
  meddler.exec(`UPDATE runs SET names = '"none"' WHERE id = 'r1'`)
  letGo(held)
  await scene.pass()
  expect(scene.turns.at(-1)).toBe('r2 held')
})

test('R-QUE-01 R-QUE-05 while many are told what they wait for others are served: a pass does not keep the event loop to itself', async () => {
  const scene = await aScene()
  scene.hold(['a.test'])
  for (let index = 1; index <= 90; index += 1) await scene.queue(`r${index}`, ['a.test'])
  let turns = 0
  const counting = setInterval(() => (turns += 1), 0)
  onTestFinished(() => clearInterval(counting))
  await scene.dispatch()
  expect(turns).toBeGreaterThan(1)
  expect((await scene.row('r90'))?.waitsFor).toBe('run r89, which is ahead of it for a.test')
})
