import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { holdOf } from '../../src/lock/holds.ts'
import { tryAcquire } from '../../src/lock/nameLocks.ts'
import type { NewOrder, Order } from '../../src/model/order.ts'
import type { Store } from '../../src/model/ports.ts'
import { byHandOn } from '../../src/process/byHand.ts'
import { identityOf, signalIdentity } from '../../src/process/procfs.ts'
import { type OrderLoop, type OrderWorld, startOrders } from '../../src/queue/orders.ts'
import { lastAuditLines } from '../../src/store/audit.ts'
import { openStore } from '../../src/store/sqlite.ts'
import type { StatePaths } from '../../src/store/stateFolder.ts'
import { stateFolder } from '../lock/world.ts'
import { aDecision, aDelivery } from '../store/samples.ts'

const NAME = 'a.ci.test'

interface Scene {
  readonly state: StatePaths
  /** Stores orders as a decided comment does. */
  readonly order: (...orders: readonly Partial<NewOrder>[]) => Promise<void>
  readonly start: (store?: OrderWorld['store']) => OrderLoop
  readonly store: Store
  /** How the order ended, once it has. */
  readonly ended: (id: string) => Promise<string>
  readonly open: () => Promise<readonly Order[]>
}

async function scene(): Promise<Scene> {
  const state = stateFolder()
  const store = await openStore(state.database)
  const loops: OrderLoop[] = []
  const ends = new Map<string, PromiseWithResolvers<string>>()
  const endOf = (id: string) => {
    const known = ends.get(id) ?? Promise.withResolvers<string>()
    ends.set(id, known)
    return known
  }
  const note = (data: object) => {
    if ('order' in data && 'outcome' in data) endOf(String(data.order)).resolve(String(data.outcome))
  }
  onTestFinished(async () => {
    for (const loop of loops) await loop.close()
    const hold = holdOf(state, NAME)
    if (hold !== null) signalIdentity(hold.holder, 'SIGKILL')
    await store.close()
  })
  return {
    state,
    async order(...orders) {
      const id = `delivery of ${orders.map((one) => one.id).join()}`
      await store.addDelivery(aDelivery(id))
      await store.decide(aDecision(id, { orders: orders.map(anOrder) }))
    },
    store,
    start(its = store) {
      const log = { info: note, warn: note, error: note }
      const world = { store: its, byHand: byHandOn(state), ended: () => undefined, now: Date.now, log }
      const loop = startOrders(world)
      loops.push(loop)
      return loop
    },
    ended: (id) => endOf(id).promise,
    open: () => store.openOrders(),
  }
}

function anOrder(change: Partial<NewOrder>): NewOrder {
  const what = { id: 'o1', action: 'hold', name: NAME, forMs: 60_000, reason: 'a look' } as const
  return { ...what, by: 'octocat', commentId: null, orderedAtMs: Date.now(), ...change }
}

test('R-JAN-10 a hold that is asked for in a comment keeps the name, says whose it is, and a release frees it', async () => {
  const { state, order, start, ended } = await scene()
  await order({ id: 'o1' })
  const loop = start()
  expect(await ended('o1')).toBe('held')
  expect(tryAcquire(state, [NAME]).kind).toBe('busy')
  expect(holdOf(state, NAME)).toMatchObject({ by: 'octocat', reason: 'a look', order: 'o1' })
  await order({ id: 'o2', action: 'release', reason: 'done' })
  loop.wake()
  expect(await ended('o2')).toBe('hold_ended')
  await expect.poll(() => tryAcquire(state, [NAME]).kind).toBe('held')
  expect(lastAuditLines(state, 9).map(({ action, by, reason }) => [action, by, reason])).toEqual([
    ['hold', 'octocat', 'a look'],
    ['release', 'octocat', 'done'],
  ])
})

test('R-JAN-10 R-LCK-13 a hold waits for its turn, and one that a release overtakes never acquires', async () => {
  const { state, order, start, ended } = await scene()
  const held = tryAcquire(state, [NAME])
  expect(held.kind).toBe('held')
  await order({ id: 'o1' })
  const loop = start()
  await order({ id: 'o2', action: 'release' })
  loop.wake()
  expect(await ended('o1')).toBe('withdrawn')
  expect(await ended('o2')).toBe('busy')
  expect(holdOf(state, NAME)).toBeNull()
})

test('R-JAN-10 a hold whose time is over before its turn came is not made, and says who has the name', async () => {
  const { state, order, start, ended } = await scene()
  expect(tryAcquire(state, [NAME]).kind).toBe('held')
  await order({ id: 'o1', orderedAtMs: Date.now() - 120_000 })
  start()
  expect(await ended('o1')).toBe('not_held')
})

test('R-JAN-10 a hold whose time has passed long ago is not made either where the name is free', async () => {
  const { state, order, start, ended } = await scene()
  await order({ id: 'o1', orderedAtMs: Date.now() - 3_600_000 })
  start()
  expect(await ended('o1')).toBe('not_held')
  expect(holdOf(state, NAME)).toBeNull()
  expect(tryAcquire(state, [NAME]).kind).toBe('held')
})

test('R-QUE-04 R-QUE-11 a release is carried out once, whatever becomes of its record: the name may be somebody else’s by then', async () => {
  const { state, store, order, start, ended } = await scene()
  await order({ id: 'o1' })
  const broken = { ...store, endOrder: () => Promise.reject(new Error('the disk is full')) }
  const first = start(broken)
  await expect.poll(() => holdOf(state, NAME)?.order).toBe('o1')
  await order({ id: 'o2', action: 'release' })
  first.wake()
  await expect.poll(() => tryAcquire(state, [NAME]).kind).toBe('held')
  await first.close()
  expect((await store.openOrders()).map(({ id }) => id)).toContain('o2')
  start()
  expect(await ended('o2')).toBe('failed')
})

test('R-QUE-11 R-JAN-10 a hold that stands while the records take nothing is told as held when they do', async () => {
  const { state, store, order, start, ended } = await scene()
  let isFull = true
  const full = {
    ...store,
    endOrder: (...end: Parameters<typeof store.endOrder>) =>
      isFull ? Promise.reject(new Error('the disk is full')) : store.endOrder(...end),
  }
  await order({ id: 'o1' })
  const loop = start(full)
  await expect.poll(() => holdOf(state, NAME)?.order).toBe('o1')
  isFull = false
  loop.wake()
  expect(await ended('o1')).toBe('held')
})

test('R-JAN-10 R-QUE-01 a service that ends while a hold waits leaves the order to the next one, which makes it once', async () => {
  const { state, order, start, ended, open } = await scene()
  const blocker = tryAcquire(state, [NAME])
  if (blocker.kind !== 'held') throw new Error('the name is not free')
  await order({ id: 'o1' })
  const first = start()
  await first.close()
  expect((await open()).map(({ id }) => id)).toEqual(['o1'])
  const { closeSync } = await import('node:fs')
  for (const fd of blocker.fds) closeSync(fd)
  start()
  expect(await ended('o1')).toBe('held')
  expect(await open()).toEqual([])
})

test('R-JAN-10 a hold that was made by a service which died over its record is found, and not made twice', async () => {
  const { state, order, start, ended } = await scene()
  const { hold } = byHandOn(state)
  const done = await hold({ ...anOrder({}), end: null }, 60_000, new AbortController().signal)
  expect(done.outcome).toBe('held')
  const before = holdOf(state, NAME)
  await order({ id: 'o1' })
  start()
  expect(await ended('o1')).toBe('held')
  expect(holdOf(state, NAME)?.holder).toEqual(before?.holder)
})

test('R-JAN-10 a release declares a dirty name clean, and says of a free one that it was', async () => {
  const { state, order, start, ended } = await scene()
  await mkdir(state.locks, { recursive: true })
  writeFileSync(
    `${state.locks}/${NAME}.lock`,
    `${JSON.stringify({ run: '01gone', locks: [NAME], since: 1 })}\n`,
  )
  await order(
    { id: 'o1', action: 'release', orderedAtMs: 1 },
    { id: 'o2', action: 'release', orderedAtMs: 2 },
  )
  start()
  expect(await ended('o1')).toBe('declared_clean')
  expect(await ended('o2')).toBe('was_free')
})

test('R-QUE-11 an order that cannot be carried out fails by itself, visibly, and stops no other', async () => {
  const { state, order, start, ended } = await scene()
  await mkdir(`${state.locks}/${NAME}.lock`, { recursive: true })
  await order({ id: 'o1' }, { id: 'o2', name: 'b.ci.test', action: 'release', orderedAtMs: Date.now() + 1 })
  start()
  expect(await ended('o1')).toBe('failed')
  expect(await ended('o2')).toBe('was_free')
})

test('R-LCK-01 the process that keeps a name ends with a starter that dies before its note is on disk', async () => {
  const { state } = await scene()
  const { spawn } = await import('node:child_process')
  const program = `
    import { holdInBackground } from ${JSON.stringify(new URL('../../src/lock/holds.ts', import.meta.url).href)}
    import { tryAcquire } from ${JSON.stringify(new URL('../../src/lock/nameLocks.ts', import.meta.url).href)}
    import fs from 'node:fs'
    import { syncBuiltinESMExports } from 'node:module'
    const state = JSON.parse(process.argv[1])
    fs.renameSync = () => process.kill(process.pid, 'SIGKILL')
    syncBuiltinESMExports()
    const held = tryAcquire(state, ['${NAME}'])
    await holdInBackground(state, held, { name: '${NAME}', reason: 'r', by: 'b', untilMs: 0, order: null }, 60_000)
  `
  const starter = spawn(
    process.execPath,
    ['--input-type=module-typescript', '-e', program, JSON.stringify(state)],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  const signal = await new Promise((resolve) => starter.once('exit', (_, by) => resolve(by)))
  expect(signal).toBe('SIGKILL')
  await expect.poll(() => tryAcquire(state, [NAME]).kind).toBe('held')
  expect(identityOf(starter.pid ?? 0)).toBeNull()
})
