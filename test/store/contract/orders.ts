import { expect, test } from 'vitest'
import type { NewOrder } from '../../../src/model/order.ts'
import { aReaction, aRun } from '../samples.ts'
import { deciding, type Factory, tell } from './deeds.ts'

const HELD = { outcome: 'held', detail: 'until then', atMs: 3_000 } as const

export function orders(records: Factory): void {
  test('R-JAN-10 R-QUE-01 an order comes with the decision that it is of, oldest first, until it has ended', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    await decide({ orders: [anOrder('o2', 2_000), anOrder('o1', 1_000), anOrder('o0', 2_000)] })
    const other = await bed.open()
    expect(await other.openOrders()).toEqual(
      [anOrder('o1', 1_000), anOrder('o0', 2_000), anOrder('o2', 2_000)].map((order) =>
        Object.assign(order, { end: null }),
      ),
    )
    expect(await other.endOrder('o1', HELD)).toBe(true)
    expect((await store.openOrders()).map(({ id }) => id)).toEqual(['o0', 'o2'])
  })

  test('R-QUE-04 R-JAN-10 an order is begun once and ends once, whoever asks; one that has ended is not begun', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    await decide({ orders: [anOrder('o1'), anOrder('o2')] })
    const other = await bed.open()
    expect(await store.beginOrder('o1', 2_000)).toBe(true)
    expect(await other.beginOrder('o1', 2_000)).toBe(false)
    expect(await other.endOrder('o1', HELD)).toBe(true)
    expect(await store.endOrder('o1', { ...HELD, outcome: 'failed' })).toBe(false)
    expect(await store.endOrder('o2', HELD)).toBe(true)
    expect(await other.beginOrder('o2', 2_000)).toBe(false)
    expect([await store.beginOrder('o3', 1), await store.endOrder('o3', HELD)]).toEqual([false, false])
  })

  test('R-CMD-04 the reply to the comment of an order is to tell its end, once', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    const { repository, installationId, pr } = aRun('any')
    const parts = [{ text: 'Holding.', runs: [], orders: ['o1'] }]
    await decide({
      orders: [{ ...anOrder('o1'), commentId: 9 }],
      replies: [{ commentId: 9, repository, installationId, pr, parts }],
      reports: [{ ...aReaction(9), key: 'reply:9', kind: 'reply' }],
    })
    expect(await store.staleReplies()).toEqual([])
    await store.endOrder('o1', HELD)
    await store.endOrder('o1', HELD)
    expect(await store.staleReplies()).toMatchObject([
      { commentId: 9, change: 1, parts, runs: [], orders: [{ id: 'o1', end: HELD }] },
    ])
    expect(await tell(store, 9, 1)).toBe(true)
    expect(await store.staleReplies()).toEqual([])
  })
}

function anOrder(id: string, orderedAtMs = 1_000): NewOrder {
  const order = { action: 'hold', name: 'a.ci.test', forMs: 60_000, reason: 'a look', by: 'octocat' } as const
  return { id, ...order, commentId: null, orderedAtMs }
}
