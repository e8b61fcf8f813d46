import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../src/store/sqlite.ts'
import { meddle } from './meddle.ts'
import { aCheck, aDecision, aDelivery, aRun } from './samples.ts'

test.each([
  `enqueued_at = enqueued_at - 60000`,
  `priority = 1`,
  `names = '["other.ci.test"]'`,
  `repository_id = '7'`,
  `pr = 99`,
  `recipe = 'other'`,
  `sha = '${'f'.repeat(40)}'`,
  `waits_for = 'a slot'`,
])(
  'R-QUE-05 a queued run that somebody puts right by hand (%s) is news to whoever keeps the queue in mind',
  async (change) => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-store-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'berth.db')
    const store = await openStore(file)
    onTestFinished(() => store.close())
    await store.addDelivery(aDelivery('d1'))
    await store.decide(aDecision('d1', { runs: [aRun('r1')], reports: [aCheck('r1', 0)] }))
    const { upTo } = await store.queueSince(null)
    const before = await store.version()
    meddle(file, `UPDATE runs SET ${change} WHERE id = 'r1'`)
    expect(await store.version()).not.toBe(before)
    expect((await store.queueSince(upTo)).queued).toMatchObject([{ id: 'r1' }])
  },
)
