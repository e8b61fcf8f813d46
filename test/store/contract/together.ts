import { expect, test } from 'vitest'
import type { Store } from '../../../src/model/ports.ts'
import { aCheck, aDecision, aDelivery, aReaction, aRun } from '../samples.ts'
import { aQueueing, conclude, type Factory, queue, queueAnswered, tell } from './deeds.ts'

/** So many connections that do the same at the same time. */
const CONNECTIONS = 4

export function together(records: Factory): void {
  async function several(bed: Awaited<ReturnType<Factory>>): Promise<readonly [Store, ...Store[]]> {
    const first = await bed.open(() => 1_000)
    const others = await Promise.all(Array.from({ length: CONNECTIONS - 1 }, () => bed.open(() => 1_000)))
    return [first, ...others]
  }

  test('R-CMD-08 one delivery that arrives several times is new once', async () => {
    await using bed = await records()
    const stores = await several(bed)
    const answers = await Promise.all(stores.map((store) => store.addDelivery(aDelivery('d1'))))
    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  test('R-CMD-08 R-QUE-01 of several deliveries of one comment one is acted on, and all are over', async () => {
    await using bed = await records()
    const stores = await several(bed)
    const [store] = stores
    for (const [n] of stores.entries()) await store.addDelivery(aDelivery(`d${n}`))
    const answers = await Promise.all(
      stores.map((one, n) => one.decide({ ...aQueueing(`d${n}`, aRun(`r${n}`)), subjects: ['comment:9'] })),
    )
    expect(answers.filter(Boolean)).toHaveLength(1)
    expect((await store.queued()).map(({ id }) => id)).toEqual([`r${answers.indexOf(true)}`])
    expect(await store.undecided(9_000)).toEqual([])
  })

  test('R-QUE-01 one delivery is decided once', async () => {
    await using bed = await records()
    const stores = await several(bed)
    await stores[0].addDelivery(aDelivery('d1'))
    const answers = await Promise.all(stores.map((store, n) => store.decide(aQueueing('d1', aRun(`r${n}`)))))
    expect(answers.filter(Boolean)).toHaveLength(1)
    expect(await stores[0].queued()).toHaveLength(1)
  })

  test('R-QUE-04 R-QUE-07 R-REP-02 of several that end one run one does, and GitHub is told by that one', async () => {
    await using bed = await records()
    const stores = await several(bed)
    const [store] = stores
    await queue(store, aRun('r1'))
    const answers = await Promise.all(
      stores.map((one, n) => {
        const verdict = {
          conclusion: 'failure',
          reason: 'not_started',
          title: `by ${n}`,
          exitCode: 70,
        } as const
        const end = { state: 'concluded', verdict, concludedAtMs: n } as const
        return one.change('r1', 'queued', end, [aCheck('r1', 1, { terminal: true, body: `{"by":${n}}` })])
      }),
    )
    expect(answers.map(({ kind }) => kind).toSorted()).toEqual(['already', 'already', 'already', 'changed'])
    const winner = answers.findIndex(({ kind }) => kind === 'changed')
    expect(await store.run('r1')).toMatchObject({
      concludedAtMs: winner,
      verdict: { title: `by ${winner}` },
      reports: 2,
    })
    expect(await store.lastCheck('r1')).toMatchObject({ body: `{"by":${winner}}` })
  })

  test('R-RUN-22 of several stops one is noted, and stands', async () => {
    await using bed = await records()
    const stores = await several(bed)
    await queue(stores[0], aRun('r1'))
    const answers = await Promise.all(
      stores.map((store, n) => store.requestStop('r1', { reason: 'cancelled', by: `person ${n}`, atMs: n })),
    )
    expect(answers.toSorted()).toEqual(['already', 'already', 'already', 'noted'])
    expect((await stores[0].run('r1'))?.stop?.by).toBe(`person ${answers.indexOf('noted')}`)
  })

  test('R-REP-03 every attempt is counted', async () => {
    await using bed = await records()
    const stores = await several(bed)
    await queue(stores[0], aRun('r1'))
    const [due] = await stores[0].dueReports(1_000, 1)
    const tries = await Promise.all(stores.map((store) => store.beginReport(due?.seq ?? 0, 9_000)))
    expect(tries.map((one) => one?.attempts).toSorted()).toEqual([1, 2, 3, 4])
    expect(tries.filter((one) => one?.tried === false)).toHaveLength(1)
  })

  test('R-REP-02 R-REP-05 states of a check that several store replace each other: one is to be sent, and no progress after an end', async () => {
    await using bed = await records()
    const stores = await several(bed)
    await queue(stores[0], aRun('r1'))
    await Promise.all(
      stores.map((store, n) => store.addReports([aCheck('r1', n + 1, { terminal: n === 1 })])),
    )
    expect((await stores[0].dueReports(9_000, 10)).map(({ key }) => key)).toEqual(['check:r1:2'])
    expect((await stores[0].run('r1'))?.reports).toBe(CONNECTIONS + 1)
  })

  test('R-QUE-09 an alarm that several raise is one', async () => {
    await using bed = await records()
    const stores = await several(bed)
    const raised = await Promise.all(
      stores.map((store, n) =>
        store.raiseAlarm({
          id: `x${n}`,
          kind: 'name_blocked',
          subject: 'a.ci.test',
          atMs: 5_000,
          text: '',
          about: {},
        }),
      ),
    )
    expect(raised.filter(Boolean)).toHaveLength(1)
    expect(await stores[0].alarmCounts()).toEqual({ pending: 1, failed: 0 })
  })

  test('R-QUE-04 an order that several carry out is begun by one, and a reply is told by one', async () => {
    await using bed = await records()
    const stores = await several(bed)
    const [store] = stores
    await queueAnswered(store, 9, aRun('r1'))
    await store.addDelivery(aDelivery('d1'))
    const order = {
      id: 'o1',
      action: 'release',
      name: 'a.ci.test',
      forMs: 0,
      reason: '',
      by: 'octocat',
    } as const
    await store.decide(aDecision('d1', { orders: [{ ...order, commentId: null, orderedAtMs: 1 }] }))
    const begun = await Promise.all(stores.map((one) => one.beginOrder('o1', 1)))
    expect(begun.filter(Boolean)).toHaveLength(1)
    await conclude(store, 'r1')
    const told = await Promise.all(stores.map((one) => tell(one, 9, 1)))
    expect(told.filter(Boolean)).toHaveLength(1)
  })

  test('R-QUE-01 a batch of reports with one that cannot be is not there at all, beside others that are', async () => {
    await using bed = await records()
    const stores = await several(bed)
    const all = await Promise.allSettled(
      stores.map((store, n) =>
        store.addReports([aReaction(n), ...(n === 1 ? [{ ...aReaction(1), body: '{"content":"+1"}' }] : [])]),
      ),
    )
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    const keys = (await stores[0].dueReports(1_000, 10)).map(({ key }) => key)
    expect(keys.toSorted()).toEqual(['reaction:0', 'reaction:2', 'reaction:3'])
  })
}
