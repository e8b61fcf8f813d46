import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RunRow } from '../../src/model/ports.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { queue } from '../store/contract/deeds.ts'
import { aRow, aRun } from '../store/samples.ts'

test('R-REP-05 one look at the queue serves all who ask, until it moves, is old, or somebody new asks', async () => {
  const scene = aScene(['r1', 'r2', 'r3'])
  for (let index = 0; index < 50; index += 1) for (const id of ['r1', 'r2', 'r3']) await scene.waits.of(id)
  await scene.waits.all()
  expect(scene.looks()).toBe(1)
  scene.waits.moved()
  await scene.waits.of('r1')
  expect(scene.looks()).toBe(2)
  scene.tick(4_999)
  await scene.waits.of('r1')
  expect(scene.looks()).toBe(2)
  scene.tick(1)
  await scene.waits.of('r1')
  expect(scene.looks()).toBe(3)
  scene.queue('r4')
  expect(await scene.waits.of('r4')).toMatchObject({ place: 4 })
  expect(scene.looks()).toBe(4)
  scene.tick(-60_000)
  await scene.waits.of('r1')
  expect(scene.looks(), 'a clock that was set back').toBe(5)
})

test('R-REP-01 the kernel is asked only where the records do not know who has the name', async () => {
  const scene = aScene(['r1'])
  await scene.waits.of('r1')
  expect(scene.asked()).toBe(1)
  scene.runs(aRow('r0', { state: 'running', startedAtMs: 1 }))
  scene.waits.moved()
  expect(await scene.waits.of('r1')).toMatchObject({ holder: { run: 'r0' } })
  expect(scene.asked()).toBe(1)
})

test('R-REP-05 a queue so long that a look at it takes a while is looked at for a twentieth of the time, however fast it moves and whoever asks', async () => {
  const scene = aScene(Array.from({ length: 1_001 }, (_, index) => `r${index + 1}`))
  scene.cost(200)
  await scene.waits.of('r1')
  scene.queue('new')
  scene.waits.moved()
  expect(await scene.waits.of('r1')).toMatchObject({ place: 1 })
  expect(await scene.waits.of('new'), 'it is told later').toBeNull()
  scene.pass(3_999)
  await scene.waits.all()
  expect(scene.looks()).toBe(1)
  scene.pass(1)
  expect(await scene.waits.of('new')).not.toBeNull()
  expect(scene.looks()).toBe(2)
})

test('R-QUE-05 a comment on a long queue reads what is new of it, as long as it is short enough to be kept', async () => {
  const scene = await aRealScene()
  await scene.queue('r1', 'r2', 'r3')
  expect(await scene.waits.of('r3')).toMatchObject({ place: 3 })
  await scene.queue('r4')
  expect(await scene.waits.of('r4')).toMatchObject({ place: 4 })
  await scene.store.change('r1', 'queued', { state: 'starting', startedAtMs: 1 }, [])
  scene.waits.moved()
  expect(await scene.waits.of('r4')).toMatchObject({ place: 3, holder: { run: 'r1' } })
  await scene.store.change('r1', 'starting', { state: 'queued' }, [])
  scene.waits.moved()
  expect(await scene.waits.of('r4')).toMatchObject({ place: 4, holder: null })
  expect(scene.read(), 'runs that were read, look by look').toEqual([3, 1, 0, 1])
})

test('a look that fails is not remembered', async () => {
  const scene = aScene(['r1'])
  scene.fail(true)
  await expect(scene.waits.of('r1')).rejects.toThrow('disk I/O error')
  scene.fail(false)
  expect(await scene.waits.of('r1')).toMatchObject({ place: 1 })
  expect(await scene.waits.of('unknown')).toBeNull()
})

/** On real records. */
async function aRealScene() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-waits-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = await openStore(join(folder, 'berth.db'))
  onTestFinished(() => store.close())
  const read: number[] = []
  const waits = waitsOn({
    store: {
      ...store,
      async queueSince(since) {
        const news = await store.queueSince(since)
        read.push(news.queued.length)
        return news
      },
    },
    slots: () => 4,
    others: () => [],
    now: () => 100_000,
  })
  const queueRuns = (...ids: readonly string[]) => queue(store, ...ids.map((id) => aRun(id)))
  return { store, waits, queue: queueRuns, read: () => read }
}

function aScene(ids: readonly string[]) {
  const queued = ids.map((id) => aRow(id))
  let live: readonly RunRow[] = []
  let nowMs = 100_000
  let [looks, asked] = [0, 0]
  let [monotonicMs, costMs] = [0, 1]
  let fails = false
  const waits = waitsOn({
    store: {
      async queueSince() {
        looks += 1
        if (fails) throw new Error('disk I/O error')
        monotonicMs += costMs
        return { upTo: 0, queued: [...queued], left: [] }
      },
      live: async () => live,
      durations: async () => [1_000],
    },
    slots: () => 4,
    others() {
      asked += 1
      return []
    },
    now: () => nowMs,
    monotonic: () => monotonicMs,
  })
  return {
    waits,
    looks: () => looks,
    asked: () => asked,
    queue: (id: string) => void queued.push(aRow(id)),
    runs(row: RunRow) {
      live = [row]
    },
    cost(ms: number) {
      costMs = ms
    },
    pass(ms: number) {
      monotonicMs += ms
    },
    fail(does: boolean) {
      fails = does
    },
    tick(ms: number) {
      nowMs += ms
    },
  }
}
