import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { forget } from '../../src/queue/forget.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aCheck, aDecision, aDelivery, aRun, PASSED } from '../store/samples.ts'

test('R-JAN-11 a record goes after its folder: of many runs, those without one are forgotten, wherever they stand', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-forget-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = await openStore(join(folder, 'berth.db'))
  onTestFinished(() => store.close())
  const ids = Array.from({ length: 1200 }, (_, index) => `run-${String(index).padStart(4, '0')}`)
  await store.addDelivery(aDelivery('d1'))
  const names = (id: string) => [`${id}.ci.test`]
  await store.decide(
    aDecision('d1', {
      runs: ids.map((id) => aRun(id, { names: names(id) })),
      reports: ids.map((id) => aCheck(id, 0)),
    }),
  )
  for (const id of ids) {
    const end = { state: 'concluded', verdict: PASSED, concludedAtMs: 1_500 } as const
    await store.change(id, 'queued', end, [aCheck(id, 1, { terminal: true })])
  }
  for (let due = await store.dueReports(9e12, 500); due.length > 0; due = await store.dueReports(9e12, 500))
    for (const { seq } of due) await store.reportSent(seq, 2_000, null)
  // The janitor has not come to the first thousand.
  await forget({ store, hasFolder: (id) => id < 'run-1000' }, 2_000)
  expect((await store.runsOver(2_000, null)).length).toBe(500)
  expect(await store.run('run-0999')).not.toBeNull()
  expect(await store.run('run-1000')).toBeNull()
  expect(await store.run('run-1199')).toBeNull()
  await forget({ store, hasFolder: () => false }, 1_500)
  expect(await store.run('run-0999'), 'not older than is kept').not.toBeNull()
  let turns = 0
  const counting = setInterval(() => (turns += 1), 0)
  await forget({ store, hasFolder: () => false }, 2_000)
  clearInterval(counting)
  expect(turns, 'others are served meanwhile').toBeGreaterThan(0)
  expect(await store.runs({ limit: 9 })).toEqual([])
})
