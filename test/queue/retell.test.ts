import { expect, onTestFinished, test } from 'vitest'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import type { NewRun, Store } from '../../src/model/ports.ts'
import type { OtherHolder } from '../../src/model/wait.ts'
import { changeRun, concludeRun } from '../../src/queue/changes.ts'
import type { Machine, QueueWorld } from '../../src/queue/ports.ts'
import { createRetelling } from '../../src/queue/retell.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { stateFolder } from '../lock/world.ts'
import { aCheck, aDecision, aDelivery, aRun, PASSED } from '../store/samples.ts'

const MINUTE = 60_000
const START = Date.UTC(2026, 0, 2, 3, 0, 0)

test('R-REP-01 R-REP-05 who moves up is told so, with who has the name and when its turn is to come', async () => {
  const scene = await aScene()
  await scene.past('old', 10 * MINUTE)
  await scene.queue(['r1', 'r2', 'r3'], ['a.test'])
  await scene.start('r1')
  scene.tick(5 * MINUTE)
  await scene.pass()
  expect(await scene.title('r2')).toBe('Queued, place 1 (starts about 03:10 UTC)')
  expect(await scene.title('r3')).toBe('Queued, place 2 (starts about 03:20 UTC)')
  expect(await scene.summary('r2')).toContain(
    'is with run `r1`, of pull request 12, asked by `octocat`, since 2026-01-02 03:00 UTC.',
  )
  await scene.conclude('r1')
  await scene.start('r2')
  scene.tick(MINUTE)
  await scene.pass()
  expect(await scene.title('r3'), 'told again once in place × minutes').toBe(
    'Queued, place 1 (starts about 03:15 UTC)',
  )
})

test('R-REP-05 what would say the same again is not written, however often it is looked at', async () => {
  const scene = await aScene()
  await scene.past('old', 10 * MINUTE)
  await scene.queue(['r1', 'r2'], ['a.test'])
  await scene.start('r1')
  const before = await scene.reports('r2')
  for (let minute = 0; minute < 9; minute += 1) {
    scene.tick(MINUTE)
    await scene.pass()
  }
  expect((await scene.reports('r2')) - before).toBe(1)
})

test('R-REP-05 a queue that moves all the time costs each run at most one write a minute, and about one in all', async () => {
  const scene = await aScene()
  const ids = Array.from({ length: 100 }, (_, index) => `r${String(index).padStart(3, '0')}`)
  await scene.queue(ids, ['a.test'])
  const written: { readonly id: string; readonly atMs: number }[] = []
  for (const [step, first] of ids.slice(0, 60).entries()) {
    await scene.start(first)
    await scene.conclude(first)
    scene.tick(10_000)
    const rest = ids.slice(step + 1)
    const before = await Promise.all(rest.map(scene.reports))
    await scene.pass()
    const after = await Promise.all(rest.map(scene.reports))
    for (const [index, id] of rest.entries())
      if (after[index] !== before[index]) written.push({ id, atMs: scene.now() })
  }
  const last = new Map<string, number>()
  for (const { id, atMs } of written) {
    expect(atMs - (last.get(id) ?? 0), id).toBeGreaterThanOrEqual(MINUTE)
    last.set(id, atMs)
  }
  expect(written.length).toBeGreaterThan(60)
  expect(written.length, '60 have passed').toBeLessThan(90)
  expect(
    written
      .map(({ id }) => id)
      .sort()
      .at(-1),
    'those further back hear nothing',
  ).toMatch(/^r0[0-7]\d$/)
})

test('R-REP-05 what is said of the queue goes after what is said of ends', async () => {
  const scene = await aScene()
  await scene.queue(['r1', 'r2'], ['a.test'])
  await scene.start('r1')
  scene.tick(5 * MINUTE)
  await scene.pass()
  await scene.conclude('r1')
  const due = await scene.store.dueReports(scene.now(), 10)
  expect(due.map(({ runId, terminal }) => `${runId} ${terminal}`)).toEqual(['r1 true', 'r2 false'])
})

test('R-REP-05 a pass over thousands asks the store about a bounded number, and the next ones come to the others', async () => {
  const scene = await aScene()
  const ids = Array.from({ length: 450 }, (_, index) => `r${String(index).padStart(3, '0')}`)
  await scene.queueApart(ids)
  scene.tick(5 * MINUTE)
  const asked: number[] = []
  for (let pass = 0; pass < 3; pass += 1) {
    const before = scene.asked()
    await scene.pass()
    asked.push(scene.asked() - before)
  }
  expect(asked).toEqual([200, 200, 200])
  expect(await scene.title('r449')).toBe('Queued, place 1')
})

test('R-REP-01 a name that somebody keeps by hand is said to be theirs, and how long', async () => {
  const scene = await aScene()
  scene.others.push({
    name: 'a.test',
    run: null,
    pr: null,
    by: 'root',
    sinceMs: START,
    untilMs: START + 30 * MINUTE,
  })
  await scene.queue(['r1'], ['a.test'])
  scene.tick(5 * MINUTE)
  await scene.pass()
  expect(await scene.title('r1')).toBe('Queued, place 1 (starts about 03:30 UTC)')
  expect(await scene.summary('r1')).toContain('`a.test` is kept by `root`, since 2026-01-02 03:00 UTC.')
})

test('a run that cannot be asked about keeps no other from being told', async () => {
  const scene = await aScene()
  await scene.queue(['r1', 'r2'], ['a.test'])
  scene.tick(5 * MINUTE)
  scene.failFor('r1')
  await scene.pass()
  expect(scene.errors).toEqual(['retell.failed r1'])
  expect(await scene.title('r2')).toBe('Queued, place 2')
})

/** The real store and rendering, and a clock by hand. */
async function aScene() {
  let nowMs = START
  let asked = 0
  let fails: string | null = null
  const errors: string[] = []
  const others: OtherHolder[] = []
  const now = () => nowMs
  const store = await openStore(stateFolder().database, now)
  onTestFinished(() => store.close())
  const watched: Store = {
    ...store,
    async lastCheck(id) {
      asked += 1
      if (id === fails) throw new Error('a broken row')
      return store.lastCheck(id)
    },
  }
  const world: QueueWorld = {
    store: watched,
    machine: NO_MACHINE,
    unreported: () => [],
    slots: () => 4,
    isOff: () => false,
    suppressed: async () => [],
    waits: waitsOn({ store, slots: () => 4, others: () => others, now, monotonic: () => 0 }),
    checkReport: (row, journal, wait) => checkReport(row, journal, { ...NO_EXTRAS, wait }),
    reportsChanged: () => undefined,
    now,
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (data, event) => errors.push(`${event} ${'run' in data ? String(data.run) : ''}`),
    },
  }
  const rowOf = async (id: string) => {
    const row = await store.run(id)
    if (row === null) throw new Error(`there is no run ${id}`)
    return row
  }
  const output = async (id: string): Promise<Record<string, string>> =>
    JSON.parse((await store.lastCheck(id))?.body ?? '{}').output
  const start = async (id: string) =>
    changeRun(world, await rowOf(id), { state: 'starting', startedAtMs: nowMs }, EMPTY_JOURNAL)
  const conclude = async (id: string) => concludeRun(world, await rowOf(id), PASSED, EMPTY_JOURNAL)
  const add = async (runs: readonly NewRun[]) => {
    const delivery = runs.map(({ id }) => id).join(' ')
    await store.addDelivery(aDelivery(delivery))
    await store.decide(aDecision(delivery, { runs, reports: runs.map(({ id }) => aCheck(id, 0)) }))
  }
  const queue = (ids: readonly string[], names: readonly string[]) =>
    add(ids.map((id) => aRun(id, { names, enqueuedAtMs: nowMs })))
  return {
    store,
    others,
    errors,
    now,
    start,
    conclude,
    queue,
    /** Each for a name of its own. */
    queueApart: (ids: readonly string[]) => add(ids.map((id) => aRun(id, { names: [`${id}.test`] }))),
    pass: createRetelling(world),
    asked: () => asked,
    reports: async (id: string) => (await rowOf(id)).reports,
    title: async (id: string) => (await output(id))['title'],
    summary: async (id: string) => (await output(id))['summary'],
    failFor(id: string) {
      fails = id
    },
    tick(ms: number) {
      nowMs += ms
    },
    /** A run that began so long before the start, and ended at it. */
    async past(id: string, lastedMs: number) {
      nowMs -= lastedMs
      await queue([id], ['past.test'])
      await start(id)
      nowMs += lastedMs
      await conclude(id)
    },
  }
}

const NO_MACHINE: Machine = {
  takeTurn: async () => ({ kind: 'busy', name: 'a.test', run: null }),
  leaveTurn: () => undefined,
  look: () => ({ exists: false, journal: EMPTY_JOURNAL, result: null }),
  stop: () => undefined,
  recover: async () => ({ kind: 'busy' }),
  dead: () => new Set(),
  noteReported: () => undefined,
  gone: async () => undefined,
  watch: () => ({ [Symbol.dispose]: () => undefined }),
  watchNames: () => ({ [Symbol.dispose]: () => undefined }),
}
