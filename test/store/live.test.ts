import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../src/store/sqlite.ts'
import { meddle, mending, spoiling } from './meddle.ts'
import { aCheck, aDecision, aDelivery, aRun } from './samples.ts'

test('R-RUN-09 who is live is read once for all who ask, and again after each write, whoever wrote', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-live-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'berth.db')
  const noted: string[] = []
  const [store, other] = [await openStore(file, Date.now, ({ id }) => noted.push(id)), await openStore(file)]
  onTestFinished(() => Promise.all([store.close(), other.close()]).then(() => undefined))
  const live = async () => (await store.live()).map(({ id, stage }) => `${id} ${stage}`)
  await store.addDelivery(aDelivery('d1'))
  const [runs, reports] = [
    [aRun('r1'), aRun('r2')],
    [aCheck('r1', 0), aCheck('r2', 0)],
  ]
  await store.decide(aDecision('d1', { runs, reports }))
  expect(await live()).toEqual([])
  await store.change('r1', 'queued', { state: 'starting', startedAtMs: 1 }, [])
  expect(await live()).toEqual(['r1 null'])
  expect(await store.live()).toBe(await store.live())
  await other.change('r2', 'queued', { state: 'starting', startedAtMs: 1 }, [])
  expect(await live()).toEqual(['r1 null', 'r2 null'])
  await other.change('r1', 'starting', { state: 'running', stage: 'up' }, [])
  expect(await live()).toEqual(['r1 up', 'r2 null'])
  meddle(file, spoiling('r1'))
  expect([await live(), await live(), noted]).toEqual([['r2 null'], ['r2 null'], ['r1']])
  expect(await store.broken()).toMatchObject([{ id: 'r1' }])
  meddle(file, mending('r1'))
  expect([await live(), await store.broken()]).toEqual([['r1 up', 'r2 null'], []])
})
