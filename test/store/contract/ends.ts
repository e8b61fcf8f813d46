import { expect, test } from 'vitest'
import { aCheck, aDelivery, aRun, SHA } from '../samples.ts'
import { conclude, deciding, type Factory, queue, send } from './deeds.ts'

export function ends(records: Factory): void {
  test('R-REP-03 how it stands with the report of an end: none, waiting, sent, given up; one that was sent or given up goes out once more', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    expect(await store.endReport('r1')).toBeNull()
    expect(await store.resendEnd('r1', 5_000)).toBe(false)
    await conclude(store, 'r1')
    expect(await store.endReport('r1')).toBe('pending')
    expect(await store.resendEnd('r1', 5_000), 'it is on its way').toBe(false)
    await send(store, 'check:r1:1')
    expect(await store.endReport('r1')).toBe('sent')
    expect(await (await bed.open()).resendEnd('r1', 5_000)).toBe(true)
    const [again] = await store.dueReports(9_000, 10)
    expect(again).toMatchObject({ key: 'check:r1:1', body: aCheck('r1', 1).body, againAtMs: 5_000 })
    await store.reportFailed(again?.seq ?? 0, 'HTTP 404', 6_000)
    expect(await store.endReport('r1')).toBe('failed')
    expect(await store.resendEnd('r1', 7_000)).toBe(true)
    expect(await store.endReport('r1')).toBe('pending')
    expect(await store.endReport('r9')).toBeNull()
  })

  test('R-CMD-01 the runs of a commit are found by the id of their repository, newest first, over or not', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(
      store,
      aRun('r1', { enqueuedAtMs: 1 }),
      aRun('r2', { enqueuedAtMs: 2, pr: 13, repository: 'acme/renamed' }),
      aRun('r3', { enqueuedAtMs: 3, sha: 'f'.repeat(40) }),
      aRun('r4', { enqueuedAtMs: 4, repositoryId: '43' }),
    )
    await conclude(store, 'r1')
    expect((await store.runsAt('42', SHA)).map(({ id }) => id)).toEqual(['r2', 'r1'])
    expect(await store.runsAt('44', SHA)).toEqual([])
  })

  test('R-CMD-08 what was acted on is known for ever, by whatever delivery', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    expect(await store.hasActed('comment:9')).toBe(false)
    await decide({ subjects: ['comment:9'] })
    const other = await bed.open()
    expect([await other.hasActed('comment:9'), await other.hasActed('comment:99')]).toEqual([true, false])
  })

  test('R-QUE-01 a payload comes back as it was, whatever is in it', async () => {
    await using bed = await records()
    const store = await bed.open()
    const payload = '{"nul":"\u0000","escaped":"\\u0000","line":"\u2028","emoji":"\u{1F6A2}"}'
    await store.addDelivery(aDelivery('d1', { payload }))
    expect((await store.delivery('d1'))?.payload).toBe(payload)
    expect(await store.addDelivery(aDelivery('d2', { payload }), 'event_not_used')).toBe(true)
  })
}
