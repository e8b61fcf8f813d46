import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { HarnessError } from '../../src/errors.ts'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import type { Store } from '../../src/model/ports.ts'
import { createDispatcher } from '../../src/queue/dispatcher.ts'
import type { Machine, QueueWorld } from '../../src/queue/ports.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aCheck, aDecision, aDelivery, aRun } from '../store/samples.ts'

const RUN = 'run-1'

/** A machine on which every name is free: it counts what is held. */
function machineOf(): Machine & { held: number; launched: number } {
  const machine = {
    held: 0,
    launched: 0,
    async takeTurn() {
      machine.held += 1
      const start = async () => {
        machine.launched += 1
        return { ended: new Promise<void>(() => undefined) }
      }
      return { kind: 'held' as const, start, giveBack: () => void (machine.held -= 1) }
    },
    leaveTurn: () => undefined,
    look: () => ({ exists: false, journal: EMPTY_JOURNAL, result: null }),
    stop: () => undefined,
    recover: async () => ({ kind: 'clean' as const }),
    dead: () => new Set<string>(),
    noteReported: () => undefined,
    watch: () => ({ [Symbol.dispose]: () => undefined }),
    gone: async () => undefined,
    watchNames: () => ({ [Symbol.dispose]: () => undefined }),
  }
  return machine
}

async function aQueue(): Promise<{ readonly store: Store } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-queue-'))
  const store = await openStore(join(folder, 'berth.db'))
  await store.addDelivery(aDelivery('d-1'))
  await store.decide(aDecision('d-1', { runs: [aRun(RUN)], reports: [aCheck(RUN, 0)] }))
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}

test('R-QUE-02 R-QUE-14 names that a run has got are given back when the store cannot take its claim', async () => {
  await using queue = await aQueue()
  const machine = machineOf()
  const [failed, started] = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
  let isBroken = true
  const world: QueueWorld = {
    store: {
      ...queue.store,
      change: async (...change) => {
        if (isBroken) throw new HarnessError('STORE_BUSY', 'the database is locked')
        return queue.store.change(...change)
      },
    },
    machine,
    slots: () => 1,
    isOff: () => false,
    unreported: () => [],
    waits: { of: async () => null, all: async () => new Map(), moved: () => undefined },
    suppressed: async () => [],
    checkReport: (row) => aCheck(row.id, row.reports),
    reportsChanged: () => undefined,
    now: Date.now,
    log: { info: () => undefined, warn: () => undefined, error: (_, event) => failed.resolve(event) },
  }
  const dispatcher = createDispatcher(world, started.resolve)
  await dispatcher.pass()
  expect(await failed.promise).toBe('dispatch.failed')
  expect([machine.held, machine.launched]).toEqual([0, 0])
  expect(await queue.store.run(RUN)).toMatchObject({ state: 'queued' })

  isBroken = false
  await dispatcher.pass()
  expect(await started.promise).toBe(RUN)
  expect(machine.launched).toBe(1)
  expect(await queue.store.run(RUN)).toMatchObject({ state: 'starting' })
})
