import { describe, expect, test } from 'vitest'
import { anAlarm } from '../../src/model/alarm.ts'
import type { Store } from '../../src/model/ports.ts'
import { mayBecome, RUN_STATES } from '../../src/model/run.ts'
import { access } from './contract/access.ts'
import {
  answered,
  aQueueing,
  changeTo,
  conclude,
  type Factory,
  lead,
  queue,
  queueAnswered,
  repliesOf,
  send,
  tell,
  tellingOf,
} from './contract/deeds.ts'
import { ends } from './contract/ends.ts'
import { history } from './contract/history.ts'
import { limits } from './contract/limits.ts'
import { moves } from './contract/moves.ts'
import { orders } from './contract/orders.ts'
import { pages } from './contract/pages.ts'
import { queueNews } from './contract/queueNews.ts'
import { together } from './contract/together.ts'
import { unreadable } from './contract/unreadable.ts'
import { aCheck, aDecision, aDelivery, aReaction, aRun, PASSED, SHA } from './samples.ts'

/** What every store must do, whatever it is made of. */
export function storeContract(records: Factory): void {
  describe('deliveries', () => deliveries(records))
  describe('looks for missed webhooks', () => watches(records))
  describe('decisions', () => decisions(records))
  describe('access and actions', () => access(records))
  describe('runs', () => runs(records))
  describe('pages of runs', () => pages(records))
  describe('news of the queue', () => queueNews(records))
  describe('changes of runs', () => changes(records))
  describe('history', () => history(records))
  describe('reports', () => reports(records))
  describe('sending', () => sending(records))
  describe('sending once more', () => retrying(records))
  describe('alarms', () => alarms(records))
  describe('ends', () => ends(records))
  describe('limits', () => limits(records))
  describe('moves', () => moves(records))
  describe('orders', () => orders(records))
  describe('records that cannot be read', () => unreadable(records))
  describe('several at once', () => together(records))
}

function deliveries(records: Factory): void {
  test('R-QUE-01 a delivery is stored raw, and found again by another process', async () => {
    await using bed = await records()
    const store = await bed.open()
    const payload = '{"emoji":"\u{1F6A2}","escaped":"\\u0000","spaces":  1}'
    expect(await store.addDelivery(aDelivery('d1', { payload }))).toBe(true)
    const other = await bed.open()
    expect(await other.undecided(2_000)).toEqual([{ id: 'd1' }])
    expect(await other.delivery('d1')).toEqual(aDelivery('d1', { payload }))
    expect(await other.delivery('d2')).toBeNull()
  })

  test('R-CMD-08 a delivery id is taken once', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addDelivery(aDelivery('d1'))
    expect(await store.addDelivery(aDelivery('d1', { payload: '{}' }))).toBe(false)
    expect(await store.undecided(2_000)).toHaveLength(1)
    expect(await store.delivery('d1')).toEqual(aDelivery('d1'))
  })

  test('R-QUE-01 a delivery of which nothing comes is known with that, and without its payload', async () => {
    await using bed = await records()
    const store = await bed.open()
    const delivery = aDelivery('d1', { event: 'star', payload: '{"action":"created"}' })
    expect(await store.addDelivery(delivery, 'event_not_used')).toBe(true)
    expect(await store.addDelivery(delivery)).toBe(false)
    expect(await store.undecided(Number.MAX_SAFE_INTEGER)).toEqual([])
    expect(await store.delivery('d1')).toEqual({ ...delivery, payload: '' })
    expect(await store.decide(aDecision('d1'))).toBe(false)
  })

  test('undecided deliveries come in the order of arrival, whatever their clocks say', async () => {
    await using bed = await records()
    const store = await bed.open()
    for (const [id, receivedAtMs] of [
      ['d2', 900],
      ['d1', 800],
      ['d3', 700],
    ] as const)
      await store.addDelivery(aDelivery(id, { receivedAtMs }))
    expect((await store.undecided(2_000)).map(({ id }) => id)).toEqual(['d2', 'd1', 'd3'])
  })

  test('R-QUE-09 a delivery that is put off counts its attempts and is due again at its time', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addDelivery(aDelivery('d1'))
    expect(await store.putOff('d1', 'HTTP 502', 5_000)).toBe(1)
    expect(await store.putOff('d1', 'HTTP 502', 6_000)).toBe(2)
    expect(await store.undecided(5_999)).toEqual([])
    expect(await store.undecided(6_000)).toHaveLength(1)
  })

  test('R-QUE-09 a delivery that a clock ahead has put off is due', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addDelivery(aDelivery('d1'))
    await store.putOff('d1', 'HTTP 403', 365 * 24 * 3_600_000)
    expect(await store.undecided(2_000)).toHaveLength(1)
  })
}

function watches(records: Factory): void {
  const watch = { repositoryId: '42', sinceMs: 1_000, cursorMs: 2_000, etag: '"one"' }

  test('R-CMD-08 how far a look has come is on disk with the deliveries that it made up for, each of them once', async () => {
    await using bed = await records()
    const store = await bed.open()
    expect(await store.watch('42')).toBeNull()
    expect(await store.noteWatched(watch, [aDelivery('d1'), aDelivery('d2')])).toBe(2)
    expect(await store.noteWatched({ ...watch, cursorMs: 3_000, etag: null }, [aDelivery('d2')])).toBe(0)
    const other = await bed.open()
    expect(await other.watch('42')).toEqual({ ...watch, cursorMs: 3_000, etag: null })
    expect(await other.undecided(2_000)).toEqual([{ id: 'd1' }, { id: 'd2' }])
  })

  test('R-CMD-08 a look that cannot be written whole has not been', async () => {
    await using bed = await records()
    const store = await bed.open()
    const unwritable = { ...aDelivery('d1'), receivedAtMs: Number.NaN }
    await expect(store.noteWatched(watch, [unwritable])).rejects.toThrow()
    expect(await store.watch('42')).toBeNull()
  })

  test('R-CMD-08 when a repository was first looked at stands', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.noteWatched(watch, [])
    await store.noteWatched({ ...watch, sinceMs: 9_000 }, [])
    expect(await store.watch('42')).toEqual(watch)
  })
}

function decisions(records: Factory): void {
  test('R-QUE-01 deciding writes the delivery, its runs, reports and memory together', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_234)
    await store.addDelivery(aDelivery('d1'))
    const stop = { reason: 'superseded', by: 'octocat', atMs: 1_500 } as const
    const head = { repositoryId: '42', pr: 12, sha: SHA, atMs: 1_400 }
    const approval = { repositoryId: '42', pr: 12, sha: SHA, actor: 'octocat', revoked: false, atMs: 1_000 }
    const decision = aDecision('d1', {
      subjects: ['comment:99'],
      runs: [aRun('r1'), aRun('r2')],
      reports: [aReaction(99), aCheck('r1', 0), aCheck('r2', 0)],
      stops: [{ runId: 'r1', stop }],
      uses: ['actor:octocat'],
      heads: [head],
      approvals: [approval],
    })
    expect(await store.decide(decision)).toBe(true)
    expect(await store.undecided(9_000)).toEqual([])
    expect((await store.queued()).map(({ id }) => id)).toEqual(['r1', 'r2'])
    expect((await store.run('r1'))?.stop).toEqual(stop)
    expect((await store.dueReports(9_000, 10)).map(({ key }) => key)).toEqual([
      'reaction:99',
      'check:r1:0',
      'check:r2:0',
    ])
    expect(await store.usesSince('actor:octocat', 1_500)).toEqual([1_500])
    expect(await store.lastHead('42', 12)).toEqual(head)
    expect(await store.approval('42', 12, SHA)).toEqual(approval)
  })

  test('R-JAN-11 R-CMD-08 payloads that serve nobody are forgotten, what came of them and their ids are not', async () => {
    await using bed = await records()
    const store = await bed.open()
    const ids = ['unused', 'old', 'young', 'waits']
    for (const id of ids) await store.addDelivery(aDelivery(id))
    await store.decide(aDecision('unused', { outcome: 'event_not_used', atMs: 9_000 }))
    await store.decide(aDecision('old', { atMs: 1_000 }))
    await store.decide(aDecision('young', { atMs: 2_000 }))
    const kept = async () => Promise.all(ids.map(async (id) => (await store.delivery(id))?.payload !== ''))
    expect(await kept()).toEqual([false, true, true, true])
    expect(await store.forgetPayloads(2_000)).toBe(1)
    expect(await store.forgetPayloads(2_000)).toBe(0)
    expect(await kept()).toEqual([false, false, true, true])
    for (const id of ids) expect(await store.addDelivery(aDelivery(id))).toBe(false)
  })

  test('R-JAN-11 runs that are over for long are forgotten with their names and reports; not one of which somebody is still to be told', async () => {
    await using bed = await records()
    const store = await bed.open()
    const ids = ['told', 'untold', 'young', 'queued']
    for (const [index, id] of ids.entries()) {
      await store.addDelivery(aDelivery(id))
      await store.decide(aQueueing(id, aRun(id, { enqueuedAtMs: 1_000 + index })))
    }
    const end = (concludedAtMs: number) => ({ state: 'concluded', verdict: PASSED, concludedAtMs }) as const
    await store.change('told', 'queued', end(1_500), [aCheck('told', 1, { terminal: true })])
    await store.change('untold', 'queued', end(1_500), [aCheck('untold', 1, { terminal: true })])
    await store.change('young', 'queued', end(2_000), [aCheck('young', 1, { terminal: true })])
    for (const report of await store.dueReports(9_000, 100))
      if (report.runId !== 'untold') await store.reportSent(report.seq, 3_000, null)
    const first = await store.runsOver(2_000, null)
    expect(first.map(({ id }) => id)).toEqual(['told', 'untold'])
    expect(await store.runsOver(2_000, first[0] ?? null)).toEqual(first.slice(1))
    expect(await store.runsOver(2_000, first[1] ?? null)).toEqual([])
    expect(await store.forgetRuns(ids)).toBe(2)
    const left = await Promise.all(ids.map(async (id) => (await store.run(id))?.id ?? null))
    expect(left, 'asked for by name, a young one goes, too: the caller knows the age').toEqual([
      null,
      'untold',
      null,
      'queued',
    ])
    expect(await store.lastCheck('queued'), 'what was told of one that is not over').not.toBeNull()
    expect(await store.runs({ limit: 9, name: 'r:port-1' })).toHaveLength(2)
    expect(await store.addDelivery(aDelivery('told'))).toBe(false)
    await store.reportSent((await store.dueReports(9_000, 1))[0]?.seq ?? -1, 3_000, null)
    expect(await store.forgetRuns(ids)).toBe(1)
  })

  test('R-CMD-08 a decided delivery is not decided again', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addDelivery(aDelivery('d1'))
    await store.decide(aDecision('d1', { outcome: 'ignored' }))
    expect(await store.decide(aQueueing('d1', aRun('r1')))).toBe(false)
    expect(await store.run('r1')).toBeNull()
  })

  test('R-CMD-08 what was acted on once is not acted on again under a new delivery id, and that delivery is over', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addDelivery(aDelivery('d1'))
    await store.addDelivery(aDelivery('d2'))
    await store.decide({ ...aQueueing('d1', aRun('r1')), subjects: ['comment:99'] })
    const again = { ...aQueueing('d2', aRun('r2')), subjects: ['comment:99'], uses: ['actor:octocat'] }
    expect(await store.decide(again)).toBe(false)
    expect(await store.undecided(9_000)).toEqual([])
    expect(await store.run('r2')).toBeNull()
    expect(await store.usesSince('actor:octocat', 0)).toEqual([])
  })

  test('R-QUE-01 a decision that cannot be written whole leaves nothing, and the delivery undecided', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await store.addDelivery(aDelivery('d2'))
    const twice = aDecision('d2', {
      subjects: ['comment:100'],
      uses: ['actor:octocat'],
      runs: [aRun('r2'), aRun('r1')],
      reports: [aCheck('r2', 0), aCheck('r1', 0)],
    })
    await expect(store.decide(twice)).rejects.toThrow()
    expect(await store.run('r2')).toBeNull()
    expect(await store.usesSince('actor:octocat', 0)).toEqual([])
    expect((await store.undecided(9_000)).map(({ id }) => id)).toEqual(['d2'])
    expect(await store.decide({ ...aQueueing('d2', aRun('r3')), subjects: ['comment:100'] })).toBe(true)
  })

  test('R-QUE-01 a run without a check report is refused, and a check report without a run', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addDelivery(aDelivery('d1'))
    const silent = aDecision('d1', { runs: [aRun('r1')], reports: [aReaction(99)] })
    await expect(store.decide(silent)).rejects.toThrow(
      'Delivery d1 would queue run r1 without a check report',
    )
    await expect(store.decide(aDecision('d1', { reports: [aCheck('r9', 0)] }))).rejects.toThrow()
    expect(await store.undecided(9_000)).toHaveLength(1)
  })

  test('deciding an unknown delivery is a fault', async () => {
    await using bed = await records()
    const store = await bed.open()
    await expect(store.decide(aDecision('d9'))).rejects.toThrow('Delivery d9 is not in the store')
  })

  test('R-CMD-09 uses are counted per key since a time, and survive a restart', async () => {
    await using bed = await records()
    const store = await bed.open()
    for (const [id, atMs] of [
      ['d1', 1_000],
      ['d2', 2_000],
      ['d3', 3_000],
    ] as const) {
      await store.addDelivery(aDelivery(id))
      await store.decide(aDecision(id, { atMs, uses: ['actor:octocat', `pr:${id}`] }))
    }
    const again = await bed.open()
    expect(await again.usesSince('actor:octocat', 2_000)).toEqual([3_000, 2_000])
    expect(await again.usesSince('actor:octocat', 3_001)).toEqual([])
    expect(await again.usesSince('pr:d1', 0)).toEqual([1_000])
    expect(await again.usesSince('actor:nobody', 0)).toEqual([])
  })

  test('R-CMD-07 the youngest push stands, in whatever order pushes are heard of', async () => {
    await using bed = await records()
    const store = await bed.open()
    for (const [id, sha, atMs] of [
      ['d1', 'b'.repeat(40), 2_000],
      ['d2', 'a'.repeat(40), 1_000],
    ] as const) {
      await store.addDelivery(aDelivery(id))
      await store.decide(aDecision(id, { heads: [{ repositoryId: '42', pr: 12, sha, atMs }] }))
    }
    expect((await store.lastHead('42', 12))?.sha).toBe('b'.repeat(40))
    expect(await store.lastHead('42', 13)).toBeNull()
  })

  test('R-CMD-07 an approval is bound to its commit and can be revoked', async () => {
    await using bed = await records()
    const store = await bed.open()
    const approval = { repositoryId: '42', pr: 12, sha: SHA, actor: 'octocat', revoked: false, atMs: 1_000 }
    await store.addDelivery(aDelivery('d1'))
    await store.decide(aDecision('d1', { approvals: [approval] }))
    await store.addDelivery(aDelivery('d2'))
    await store.decide(aDecision('d2', { approvals: [{ ...approval, actor: 'hubot', revoked: true }] }))
    expect(await store.approval('42', 12, SHA)).toEqual({ ...approval, actor: 'hubot', revoked: true })
    expect(await store.approval('42', 12, 'f'.repeat(40))).toBeNull()
  })
}

function runs(records: Factory): void {
  test('R-QUE-05 its version changes with what anybody writes, and with nothing else', async () => {
    await using bed = await records()
    const [store, other] = [await bed.open(), await bed.open()]
    await queue(store, aRun('r1'))
    const writes = [
      () => queue(store, aRun('r2')),
      () => queue(other, aRun('r3')),
      () => store.requestStop('r1', { reason: 'cancelled', by: 'octocat', atMs: 1 }),
      () => other.requestStop('r2', { reason: 'cancelled', by: 'octocat', atMs: 1 }),
      () => other.change('r3', 'queued', { waitsFor: 'a slot' }, []),
    ]
    for (const write of writes) {
      const before = await store.version()
      await store.queued()
      expect(await store.version(), 'after a look').toBe(before)
      await write()
      expect(await store.version(), String(write)).not.toBe(before)
    }
  })

  test('a queued run is kept as it was asked for', async () => {
    await using bed = await records()
    const store = await bed.open()
    const asked = aRun('r1', {
      fork: true,
      commentId: null,
      arguments: { 'quote"': "it's \u{1F6A2}" },
      keepMs: 60_000,
    })
    await queue(store, asked)
    expect(await store.run('r1')).toEqual({
      ...asked,
      state: 'queued',
      waitsFor: null,
      stage: null,
      startedAtMs: null,
      concludedAtMs: null,
      verdict: null,
      stop: null,
      attempts: 0,
      checkRunId: null,
      reports: 1,
    })
    expect(await store.run('r2')).toBeNull()
  })

  test('R-QUE-05 the claim order is total: higher priority, then earlier, then id', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(
      store,
      aRun('c', { enqueuedAtMs: 5 }),
      aRun('b', { enqueuedAtMs: 5 }),
      aRun('late', { enqueuedAtMs: 9, priority: 1 }),
      aRun('early', { enqueuedAtMs: 1 }),
    )
    expect((await store.queued()).map(({ id }) => id)).toEqual(['late', 'early', 'b', 'c'])
  })

  test('R-QUE-12 queued, live and concluded runs are told apart', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, ...RUN_STATES.map((state) => aRun(state)))
    for (const state of RUN_STATES) await lead(store, state, state)
    expect((await store.queued()).map(({ id }) => id)).toEqual(['queued'])
    expect((await store.live()).map(({ id }) => id)).toEqual(['running', 'starting', 'tearing_down'])
  })

  test('R-QUE-12 what of a pull request is not over is found by the id of its repository: live ones first, then those that wait in claim order', async () => {
    await using bed = await records()
    const store = await bed.open()
    const own = { repositoryId: '7', pr: 3 }
    const states = RUN_STATES.map((state) => aRun(state, { ...own, repository: `acme/${state}` }))
    const others = [
      aRun('other', { repositoryId: '8', pr: 3 }),
      aRun('further', { repositoryId: '7', pr: 4 }),
    ]
    await queue(store, ...states, aRun('urgent', { ...own, priority: 1 }), ...others)
    for (const state of RUN_STATES) await lead(store, state, state)
    const found = await store.unfinished('7', 3)
    expect(found.map(({ id }) => id)).toEqual(['running', 'starting', 'tearing_down', 'urgent', 'queued'])
    expect(await store.unfinished('9', 3)).toEqual([])
  })

  test('R-QUE-12 who asks for the queue again hears of what anybody has written meanwhile', async () => {
    await using bed = await records()
    const [store, other] = [await bed.open(), await bed.open()]
    await queue(store, aRun('r1'), aRun('r2', { enqueuedAtMs: 2_000 }))
    expect(await store.queued()).toMatchObject([{ waitsFor: null }, { waitsFor: null }])
    await other.change('r1', 'queued', { waitsFor: 'a slot' }, [])
    expect(await store.queued()).toMatchObject([{ waitsFor: 'a slot' }, { waitsFor: null }])
    await store.change('r2', 'queued', { waitsFor: 'a slot' }, [])
    expect(await store.queued()).toMatchObject([{ waitsFor: 'a slot' }, { waitsFor: 'a slot' }])
    await lead(other, 'r1', 'starting')
    expect((await store.queued()).map(({ id }) => id)).toEqual(['r2'])
  })

  test('runs are listed newest first, by repository, pull request and name', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(
      store,
      aRun('r1', { enqueuedAtMs: 1 }),
      aRun('r2', { enqueuedAtMs: 2, pr: 13, names: ['other.ci.test'] }),
      aRun('r3', { enqueuedAtMs: 3, repository: 'acme/other' }),
      aRun('r4', { enqueuedAtMs: 3 }),
    )
    const ids = async (filter: Parameters<Store['runs']>[0]) => (await store.runs(filter)).map(({ id }) => id)
    expect(await ids({ limit: 10 })).toEqual(['r4', 'r3', 'r2', 'r1'])
    expect(await ids({ limit: 2 })).toEqual(['r4', 'r3'])
    expect(await ids({ limit: 10, repository: 'acme/site' })).toEqual(['r4', 'r2', 'r1'])
    expect(await ids({ limit: 10, repository: 'acme/site', pr: 12 })).toEqual(['r4', 'r1'])
    expect(await ids({ limit: 10, pr: 13 })).toEqual(['r2'])
    expect(await ids({ limit: 10, name: 'r:port-1' })).toEqual(['r4', 'r3', 'r1'])
    expect(await ids({ limit: 1, name: 'r:port-1', repository: 'acme/site' })).toEqual(['r4'])
  })

  test('R-REP-01 how long a recipe took in a repository: newest first, and only runs that finished by themselves', async () => {
    await using bed = await records()
    const store = await bed.open()
    const ends = [
      ['r1', 3_000, PASSED],
      ['r2', 9_000, { ...PASSED, conclusion: 'failure', reason: 'stage_failed' }],
      ['r3', 9_500, { ...PASSED, conclusion: 'cancelled', reason: 'cancelled' }],
      ['r4', 5_000, { ...PASSED, conclusion: 'failure', reason: 'teardown_unverified' }],
      ['r5', 500, PASSED],
      ['kept', 7_000_000, { ...PASSED, conclusion: 'failure', reason: 'stage_failed' }],
    ] as const
    await queue(
      store,
      ...ends.filter(([id]) => id !== 'kept').map(([id]) => aRun(id)),
      aRun('kept', { keepMs: 7_200_000 }),
      aRun('r6', { recipe: 'other' }),
      aRun('r7', { repositoryId: '43' }),
    )
    await store.change('r6', 'queued', { state: 'starting', startedAtMs: 1 }, [])
    await queue(store, aRun('r8'))
    await store.change('r8', 'queued', changeTo('concluded'), tellingOf('r8', 'concluded'))
    for (const [id, concludedAtMs, verdict] of ends) {
      await store.change(id, 'queued', { state: 'starting', startedAtMs: 1_000 }, [])
      await store.change(
        id,
        'starting',
        { state: 'concluded', concludedAtMs, verdict },
        tellingOf(id, 'concluded'),
      )
    }
    expect(await store.durations('42', 'hello', 10)).toEqual([8_000, 4_000, 2_000, 0])
    expect(await store.durations('42', 'hello', 2)).toEqual([8_000, 4_000])
    expect(await store.durations('43', 'hello', 10)).toEqual([])
  })
}

function changes(records: Factory): void {
  const steps = RUN_STATES.flatMap((from) => RUN_STATES.map((to) => ({ from, to })))
  const allowed = steps.filter(({ from, to }) => mayBecome(from, to))
  const refused = steps.filter(({ from, to }) => from !== to && !mayBecome(from, to))

  test.each(allowed)('R-QUE-03 a run goes from $from to $to', async ({ from, to }) => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await lead(store, 'r1', from)
    expect(await store.change('r1', from, changeTo(to), tellingOf('r1', to))).toEqual({ kind: 'changed' })
    expect((await store.run('r1'))?.state).toBe(to)
  })

  test.each(refused)('R-QUE-03 a run never goes from $from to $to', async ({ from, to }) => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await lead(store, 'r1', from)
    const change = store.change('r1', from, changeTo(to), tellingOf('r1', to))
    await expect(change).rejects.toThrow(`Run r1 may not go from ${from} to ${to}`)
    expect((await store.run('r1'))?.state).toBe(from)
  })

  test('R-QUE-04 of two processes that claim one run, one wins, and the other finds it done', async () => {
    await using bed = await records()
    const [one, two] = [await bed.open(), await bed.open()]
    await queue(one, aRun('r1'))
    const claims = await Promise.all(
      [one, two].map((store, index) =>
        store.change('r1', 'queued', { state: 'starting', startedAtMs: index }, [aCheck('r1', 10 + index)]),
      ),
    )
    expect(claims.map(({ kind }) => kind).sort()).toEqual(['already', 'changed'])
    const run = await two.run('r1')
    expect(run).toMatchObject({ state: 'starting', attempts: 1, reports: 2 })
    expect(run?.startedAtMs).toBe(claims.findIndex(({ kind }) => kind === 'changed'))
  })

  test('R-QUE-03 a swap that is lost to another state says which, and writes nothing', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await lead(store, 'r1', 'running')
    const lost = await store.change(
      'r1',
      'queued',
      { state: 'concluded', concludedAtMs: 9, verdict: PASSED },
      [aCheck('r1', 9, { terminal: true })],
    )
    expect(lost).toEqual({ kind: 'conflict', state: 'running' })
    expect(await store.run('r1')).toMatchObject({ verdict: null, concludedAtMs: null, reports: 1 })
    expect(await store.change('r1', 'queued', { waitsFor: 'nothing' }, [])).toEqual({
      kind: 'conflict',
      state: 'running',
    })
    expect(await store.change('r9', 'queued', { state: 'starting' }, [])).toEqual({
      kind: 'conflict',
      state: null,
    })
  })

  test('R-QUE-07 an attempt is counted with the transition that begins it, and only then', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    for (const [from, to] of [
      ['queued', 'starting'],
      ['starting', 'queued'],
      ['queued', 'starting'],
      ['starting', 'running'],
    ] as const)
      await store.change('r1', from, { state: to, startedAtMs: 5 }, [])
    await store.change('r1', 'queued', { state: 'starting' }, [])
    expect(await store.run('r1')).toMatchObject({ attempts: 2, state: 'running', startedAtMs: 5 })
  })

  test('R-QUE-01 a change and its report are written together or not at all', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const twice = [aCheck('r1', 1), aCheck('r1', 1, { body: '{"another":"body"}' })]
    await expect(store.change('r1', 'queued', { state: 'starting' }, twice)).rejects.toThrow(
      'Report check:r1:1 is stored with another body',
    )
    expect(await store.run('r1')).toMatchObject({ state: 'queued', attempts: 0, reports: 1 })
  })

  test('R-REP-01 a run cannot be concluded without a verdict, a time and a report that says so', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const told = tellingOf('r1', 'concluded')
    await expect(store.change('r1', 'queued', { state: 'concluded' }, told)).rejects.toThrow(
      'without a verdict and a time',
    )
    const whole = changeTo('concluded')
    await expect(store.change('r1', 'queued', whole, [])).rejects.toThrow('without a terminal check report')
    await expect(store.change('r1', 'queued', whole, [aCheck('r1', 1)])).rejects.toThrow(
      'without a terminal check report',
    )
    expect((await store.run('r1'))?.state).toBe('queued')
  })

  test('what a run waits for ends with its wait, its stage with its life, and a verdict stands', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    expect(await store.change('r1', 'queued', { waitsFor: 'run r0' }, [])).toEqual({ kind: 'changed' })
    expect((await store.run('r1'))?.waitsFor).toBe('run r0')
    await store.change('r1', 'queued', { state: 'starting', startedAtMs: 7 }, [])
    expect(await store.run('r1')).toMatchObject({ waitsFor: null, stage: null, startedAtMs: 7 })
    await store.change('r1', 'starting', { state: 'running', stage: 'build' }, [])
    expect((await store.run('r1'))?.stage).toBe('build')
    await store.change(
      'r1',
      'running',
      { state: 'concluded', concludedAtMs: 9, verdict: PASSED },
      tellingOf('r1', 'concluded'),
    )
    const red = { ...PASSED, conclusion: 'failure', title: 'Another verdict' } as const
    await store.change('r1', 'concluded', { verdict: red, concludedAtMs: 99 }, [])
    expect(await store.run('r1')).toMatchObject({ stage: null, verdict: PASSED, concludedAtMs: 9 })
  })

  test('R-QUE-03 R-RUN-14 R-REP-02 a run that is over is not ended again, nor told of again: a second end finds it done', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queueAnswered(store, 9, aRun('r1'))
    await conclude(store, 'r1')
    const before = await store.run('r1')
    const red = { ...PASSED, conclusion: 'failure', title: 'Another verdict' } as const
    const end = { state: 'concluded', verdict: red, concludedAtMs: 99 } as const
    for (const from of ['concluded', 'queued'] as const)
      expect(await store.change('r1', from, end, [aCheck('r1', 2, { terminal: true })])).toEqual({
        kind: 'already',
      })
    expect(await store.run('r1')).toEqual(before)
    expect(await store.lastCheck('r1')).toMatchObject({ body: aCheck('r1', 1).body })
    expect(await store.staleReplies()).toMatchObject([{ change: 1 }])
  })

  test('R-RUN-22 the first stop stands', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const stop = { reason: 'cancelled', by: 'octocat', atMs: 5 } as const
    expect(await store.requestStop('r1', stop)).toBe('noted')
    expect(await store.requestStop('r1', { reason: 'pr_closed', by: 'hubot', atMs: 6 })).toBe('already')
    expect((await store.run('r1'))?.stop).toEqual(stop)
    await lead(store, 'r1', 'concluded')
    expect(await store.requestStop('r1', stop)).toBe('over')
    expect(await store.requestStop('r9', stop)).toBe('unknown')
  })
}

function reports(records: Factory): void {
  test('R-REP-05 a newer check replaces what is still to be told of its run', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_234)
    await queue(store, aRun('r1'), aRun('r2'))
    await store.addReports([aCheck('r1', 1), aCheck('r1', 2)])
    const due = await store.dueReports(9_000, 10)
    expect(due.map(({ key }) => key)).toEqual(['check:r2:0', 'check:r1:2'])
    expect(due[1]).toEqual({
      ...aCheck('r1', 2),
      seq: due[1]?.seq,
      attempts: 0,
      createdAtMs: 1_234,
      told: false,
      againAtMs: 0,
    })
  })

  test('R-REP-05 a check says whether GitHub may have heard of its run before', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await store.addReports([aReaction(1)])
    const told = async () => (await store.dueReports(9_000, 10)).map(({ key, told }) => `${key} ${told}`)
    expect(await told()).toEqual(['check:r1:0 false', 'reaction:1 false'])
    await send(store, 'check:r1:0')
    await store.addReports([aCheck('r1', 1)])
    expect(await told()).toEqual(['reaction:1 false', 'check:r1:1 true'])
  })

  test('R-REP-05 an end is never replaced, goes before progress, and no progress comes after it', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'), aRun('r2'))
    await lead(store, 'r2', 'concluded')
    await store.addReports([aCheck('r2', 98), aCheck('r2', 100, { terminal: true }), aCheck('r2', 101)])
    expect((await store.dueReports(9_000, 10)).map(({ key }) => key)).toEqual(['check:r2:99', 'check:r1:0'])
    await send(store, 'check:r2:99')
    expect((await store.dueReports(9_000, 10)).map(({ key }) => key)).toEqual(['check:r2:100', 'check:r1:0'])
    await send(store, 'check:r2:100')
    expect((await store.dueReports(9_000, 10)).map(({ key }) => key)).toEqual(['check:r1:0'])
  })

  test('R-REP-02 reports of one run are due one at a time, in order; those of no run are all due', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await send(store, 'check:r1:0')
    const reply = { ...aReaction(99), key: 'reply:99', kind: 'reply', runId: 'r1' } as const
    await store.addReports([reply, aCheck('r1', 1), aReaction(1), aReaction(2)])
    expect((await store.dueReports(9_000, 10)).map(({ key }) => key)).toEqual([
      'reply:99',
      'reaction:1',
      'reaction:2',
    ])
    await send(store, 'reply:99')
    expect((await store.dueReports(9_000, 2)).map(({ key }) => key)).toEqual(['check:r1:1', 'reaction:1'])
  })

  test('R-REP-02 a key stands for one body: the same again changes nothing, another body is a fault', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addReports([aReaction(1), aReaction(1)])
    expect(await store.dueReports(9_000, 10)).toHaveLength(1)
    await expect(store.addReports([{ ...aReaction(1), body: '{"content":"+1"}' }])).rejects.toThrow(
      'Report reaction:1 is stored with another body',
    )
    await send(store, 'reaction:1')
    await store.addReports([aReaction(1)])
    expect(await store.dueReports(9_000, 10)).toEqual([])
  })

  test('R-REP-05 the newest state of a run’s check is found, whatever has become of it', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_234)
    expect(await store.lastCheck('r1')).toBeNull()
    await queue(store, aRun('r1'), aRun('r2'))
    const reply = { ...aReaction(99), key: 'reply:99', kind: 'reply', runId: 'r1' } as const
    await store.addReports([aCheck('r1', 1), reply])
    expect(await store.lastCheck('r1')).toEqual({ body: '{"state":1}', createdAtMs: 1_234 })
    await send(store, 'check:r1:1')
    expect(await store.lastCheck('r1')).toEqual({ body: '{"state":1}', createdAtMs: 1_234 })
    expect(await store.lastCheck('r2')).toEqual({ body: '{"state":0}', createdAtMs: 1_234 })
  })

  test('a run counts its check reports, so that the next key is new', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await store.addReports([aCheck('r1', 1), aCheck('r1', 1)])
    expect((await store.run('r1'))?.reports).toBe(2)
  })
}

function sending(records: Factory): void {
  test('R-REP-03 an attempt is counted before it is made, and a check that was tried says so for ever', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const [first] = await store.dueReports(9_000, 1)
    expect(await store.beginReport(first?.seq ?? 0, 10_000)).toEqual({
      attempts: 1,
      knownId: null,
      sinceMs: expect.any(Number),
      tried: false,
    })
    const restarted = await bed.open()
    expect(await restarted.dueReports(9_999, 1)).toEqual([])
    expect(await restarted.dueReports(10_000, 1)).toMatchObject([{ key: 'check:r1:0', attempts: 1 }])
    await restarted.addReports([aCheck('r1', 1)])
    expect(await restarted.beginReport(first?.seq ?? 0, 10_000)).toBeNull()
    expect(await restarted.dueReports(9_999, 1)).toEqual([])
    const [next] = await restarted.dueReports(10_000, 1)
    expect(await restarted.beginReport(next?.seq ?? 0, 20_000)).toEqual({
      attempts: 1,
      knownId: null,
      sinceMs: expect.any(Number),
      tried: true,
    })
  })

  test('R-REP-03 the check run that was made is known to every later report, also if its own was replaced meanwhile', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const [first] = await store.dueReports(9_000, 1)
    await store.beginReport(first?.seq ?? 0, 19_000)
    await store.addReports([aCheck('r1', 1)])
    await store.reportSent(first?.seq ?? 0, 9_500, 777)
    expect((await store.run('r1'))?.checkRunId).toBe(777)
    const [next] = await store.dueReports(9_500, 1)
    expect(next?.key).toBe('check:r1:1')
    expect(await store.beginReport(next?.seq ?? 0, 19_000)).toEqual({
      attempts: 1,
      knownId: 777,
      sinceMs: expect.any(Number),
      tried: true,
    })
  })

  test('R-REP-03 a reply that was tried before says so', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addReports([{ ...aReaction(9), key: 'reply:9', kind: 'reply' }])
    const [reply] = await store.dueReports(0, 1)
    expect((await store.beginReport(reply?.seq ?? 0, 0))?.tried).toBe(false)
    expect(await store.beginReport(reply?.seq ?? 0, 0)).toEqual({
      attempts: 2,
      knownId: null,
      sinceMs: expect.any(Number),
      tried: true,
    })
  })

  test('R-REP-02 R-CMD-04 the reply to a comment is one: a newer form replaces the older, and knows what GitHub knows', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_000)
    await queueAnswered(store, 9, aRun('r1'))
    const [first] = await store.dueReports(1_000, 9).then(repliesOf)
    expect(await store.beginReport(first?.seq ?? 0, 11_000)).toEqual({
      attempts: 1,
      knownId: null,
      sinceMs: 1_500,
      tried: false,
    })
    await conclude(store, 'r1')
    const [stale, ...more] = await store.staleReplies()
    expect(more).toEqual([])
    expect(stale).toMatchObject({ commentId: 9, change: 1, runs: [{ id: 'r1', state: 'concluded' }] })
    expect(await tell(store, 9, 1)).toBe(true)
    expect(await tell(store, 9, 1)).toBe(false)
    expect(await store.staleReplies()).toEqual([])
    await store.reportSent(first?.seq ?? 0, 2_000, 4711)
    const [next] = await (await bed.open(() => 1_000)).dueReports(2_000, 9).then(repliesOf)
    expect(next?.key).toBe('reply:9:1')
    expect(await store.beginReport(next?.seq ?? 0, 12_000)).toMatchObject({ knownId: 4711, tried: true })
  })

  test('R-REP-05 what has replaced a reply waits as that one would have', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_000)
    await queueAnswered(store, 9, aRun('r1'))
    const [first] = await store.dueReports(1_000, 9).then(repliesOf)
    await store.beginReport(first?.seq ?? 0, 11_000)
    await conclude(store, 'r1')
    await tell(store, 9, 1)
    expect(await store.dueReports(10_999, 9).then(repliesOf)).toEqual([])
    await store.reportPutOff(first?.seq ?? 0, 'HTTP 502', 30_000)
    expect(await store.dueReports(29_999, 9).then(repliesOf)).toEqual([])
    expect(await store.dueReports(30_000, 9).then(repliesOf)).toMatchObject([{ key: 'reply:9:1' }])
  })

  test('R-REP-05 a reply tells of every run of its comment, of one that was over when it was asked to stop, and of none twice', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_000)
    await queueAnswered(store, 9, aRun('r1'), aRun('r2'))
    await conclude(store, 'r1')
    await conclude(store, 'r2')
    expect(await store.staleReplies()).toMatchObject([{ change: 2, runs: [{ id: 'r1' }, { id: 'r2' }] }])
    expect(await tell(store, 9, 1)).toBe(false)
    expect(await tell(store, 9, 2)).toBe(true)
    await answered(store, 10, ['r1'])
    expect(await store.staleReplies()).toMatchObject([{ commentId: 10, change: 1 }])
  })

  test('R-JAN-11 a reply is forgotten with the last of its runs, and not before GitHub has it', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_000)
    await queueAnswered(store, 9, aRun('r1'), aRun('r2'))
    for (const id of ['r1', 'r2']) await conclude(store, id)
    for (const { seq } of await store.dueReports(1_000, 9)) await store.reportSent(seq, 2_000, null)
    expect(await store.forgetRuns(['r1'])).toBe(1)
    expect(await store.staleReplies()).toMatchObject([{ commentId: 9, runs: [{ id: 'r2' }] }])
    expect(await store.forgetRuns(['r2'])).toBe(1)
    expect(await store.staleReplies()).toEqual([])
  })

  test('R-REP-04 a report that is put off waits, its replacement waits with it, and others do not', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'), aRun('r2'))
    const [first] = await store.dueReports(1_000, 1)
    await store.beginReport(first?.seq ?? 0, 11_000)
    await store.reportPutOff(first?.seq ?? 0, 'HTTP 502', 5_000)
    await store.addReports([aCheck('r1', 1)])
    expect((await store.dueReports(4_999, 10)).map(({ key }) => key)).toEqual(['check:r2:0'])
    expect(await store.nextReportAtMs(1_000)).toBe(5_000)
    expect(await store.nextReportAtMs(5_000)).toBeNull()
    expect((await store.dueReports(5_000, 10)).map(({ key }) => key)).toEqual(['check:r2:0', 'check:r1:1'])
  })

  test('R-REP-04 a paused installation is silent until its time, also for what comes later, and others are not', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'), aRun('r2', { installationId: 8 }))
    await store.pauseReports(7, 60_000)
    await store.pauseReports(7, 30_000)
    await store.addReports([aReaction(1)])
    const restarted = await bed.open()
    expect((await restarted.dueReports(59_999, 10)).map(({ key }) => key)).toEqual(['check:r2:0'])
    expect(await restarted.nextReportAtMs(30_000)).toBe(60_000)
    expect(await restarted.dueReports(60_000, 10)).toHaveLength(3)
  })

  test('R-REP-04 what GitHub limits is known apart from what we keep back by ourselves, and silences both', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_000)
    await queue(store, aRun('r1'))
    await store.pauseReports(7, 9_000)
    expect(await store.limitedUntil(7, 1_000)).toBe(0)
    await store.noteLimit(7, 60_000)
    await store.pauseReports(7, 2_000)
    expect(await store.limitedUntil(7, 59_999)).toBe(60_000)
    expect(await store.limitedUntil(7, 60_000)).toBe(0)
    expect(await store.limitedUntil(8, 1_000)).toBe(0)
    expect(await store.nextReportAtMs(1_000)).toBe(60_000)
    await store.noteLimit(7, 365 * 24 * 3_600_000)
    expect(await store.limitedUntil(7, 1_000)).toBe(0)
  })

  test('R-REP-04 a pause and a time of a report that a clock ahead has written hold nothing back, and a real pause takes their place', async () => {
    await using bed = await records()
    const store = await bed.open(() => 1_000)
    await queue(store, aRun('r1'), aRun('r2'))
    const [first] = await store.dueReports(1_000, 1)
    const [yearMs, hourMs] = [365 * 24 * 3_600_000, 3_600_000]
    await store.reportPutOff(first?.seq ?? 0, 'HTTP 403', yearMs)
    await store.pauseReports(7, yearMs)
    expect(await store.dueReports(1_000, 10)).toHaveLength(2)
    expect(await store.nextReportAtMs(1_000)).toBeNull()
    await store.pauseReports(7, 1_000 + hourMs)
    expect(await store.dueReports(hourMs, 10)).toEqual([])
    expect(await store.nextReportAtMs(1_000)).toBe(1_000 + hourMs)
    expect(await store.dueReports(1_000 + hourMs, 10)).toHaveLength(2)
  })

  test('R-QUE-09 many that were given up are counted, and the newest are shown, all without their bodies', async () => {
    await using bed = await records()
    const store = await bed.open()
    const body = JSON.stringify({ body: 'x'.repeat(10_000) })
    for (let index = 0; index < 30; index += 1)
      await store.addReports([{ ...aReaction(index), key: `reply:${index}`, kind: 'reply', body }])
    expect(await store.pendingReports()).toBe(30)
    for (const { seq } of await store.dueReports(1_000, 20)) await store.reportFailed(seq, 'HTTP 404', 2_000)
    expect(await store.pendingReports()).toBe(10)
    const failed = await store.failedReports(3)
    expect(failed.count).toBe(20)
    expect(failed.newest.map(({ key }) => key)).toEqual(['reply:19', 'reply:18', 'reply:17'])
    expect(JSON.stringify(failed).length).toBeLessThan(1_000)
  })

  test('R-QUE-09 a report that is given up is visible with its error, and the next of its run is due', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const [first] = await store.dueReports(1_000, 1)
    await store.beginReport(first?.seq ?? 0, 11_000)
    await store.reportFailed(first?.seq ?? 0, 'HTTP 404: Not Found', 2_000)
    await store.addReports([aCheck('r1', 1)])
    expect(await store.failedReports(10)).toMatchObject({
      count: 1,
      newest: [{ key: 'check:r1:0', error: 'HTTP 404: Not Found', attempts: 1 }],
    })
    expect((await store.dueReports(2_000, 10)).map(({ key }) => key)).toEqual(['check:r1:1'])
  })
}

function retrying(records: Factory): void {
  test('R-REP-04 R-QUE-09 what was given up is sent once more when somebody asks, in the same words, and its day begins anew', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const before = await giveUp(store)
    expect(await store.unsentReports(10)).toMatchObject([
      { key: 'check:r1:0', state: 'failed', runId: 'r1', attempts: 1, error: 'HTTP 404' },
    ])
    const other = await bed.open()
    expect(await other.retryReport('check:r1:0', 9_000)).toBe('again')
    expect(await store.dueReports(9_000, 10)).toEqual([
      { ...before, attempts: 1, told: true, againAtMs: 9_000 },
    ])
    expect((await store.failedReports(10)).count).toBe(0)
    expect(await store.retryReport('check:r1:0', 9_500)).toBe('pending')
    await store.reportSent(before?.seq ?? 0, 9_600, 5)
    expect(await store.retryReport('check:r1:0', 9_700)).toBe('sent')
    expect(await store.retryReport('check:r1:1', 9_700)).toBe('unknown')
  })

  test('R-REP-05 an older state of a run’s check is never sent once more, whatever became of the newer one', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'), aRun('r2'))
    await giveUp(store)
    await giveUp(store)
    await store.addReports([aCheck('r1', 1), aCheck('r2', 1)])
    await giveUp(store)
    expect(await store.retryReport('check:r1:0', 9_000)).toBe('outdated')
    expect(await store.retryReport('check:r1:1', 9_000)).toBe('again')
    expect(await store.retryReport('check:r2:0', 9_000)).toBe('outdated')
    expect((await store.dueReports(9_000, 10)).map(({ key }) => key)).toEqual(['check:r1:1', 'check:r2:1'])
    expect((await store.failedReports(10)).count).toBe(0)
  })

  test('R-REP-05 an end that was given up is sent once more although progress was made of the run after it', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await store.addReports([aCheck('r1', 1, { terminal: true })])
    await giveUp(store)
    await store.addReports([aCheck('r1', 2)])
    expect(await store.retryReport('check:r1:1', 9_000)).toBe('again')
    expect((await store.dueReports(9_000, 10)).map(({ key }) => key)).toEqual(['check:r1:1'])
  })

  async function giveUp(store: Store) {
    const [due] = await store.dueReports(1_000, 1)
    await store.beginReport(due?.seq ?? 0, 2_000)
    await store.reportFailed(due?.seq ?? 0, 'HTTP 404', 2_000)
    return due
  }
}

function alarms(records: Factory): void {
  const HOUR_MS = 3_600_000
  const blocked = (atMs: number, name = 'a.ci.test') =>
    anAlarm({ kind: 'name_blocked', subject: name, atMs, text: `${name} is blocked`, about: { name } })

  test('R-QUE-09 an alarm waits in the store, in the same words for ever, until it is sent or given up', async () => {
    await using bed = await records()
    const store = await bed.open()
    expect(await store.raiseAlarm(blocked(1_000))).toBe(true)
    expect(await store.raiseAlarm(blocked(1_000, 'b.ci.test'))).toBe(true)
    const other = await bed.open()
    const [first, second] = await other.dueAlarms(2_000, 10)
    expect(JSON.parse(first?.body ?? '')).toEqual({
      id: 'name_blocked:a.ci.test:1000',
      kind: 'name_blocked',
      subject: 'a.ci.test',
      at: '1970-01-01T00:00:01.000Z',
      atMs: 1_000,
      text: 'a.ci.test is blocked',
      name: 'a.ci.test',
    })
    expect(await store.beginAlarm(first?.seq ?? 0, 3_000)).toBe(1)
    expect((await other.dueAlarms(2_999, 10)).map(({ seq }) => seq)).toEqual([second?.seq])
    expect(await store.nextAlarmAtMs(2_999)).toBe(3_000)
    await store.alarmPutOff(first?.seq ?? 0, 'HTTP 500', 9_000)
    await store.alarmEnded(second?.seq ?? 0, null, 9_000)
    expect(await other.alarmCounts()).toEqual({ pending: 1, failed: 0 })
    expect(await store.beginAlarm(first?.seq ?? 0, 12_000)).toBe(2)
    await store.alarmEnded(first?.seq ?? 0, 'HTTP 500', 12_000)
    expect(await other.alarmCounts()).toEqual({ pending: 0, failed: 1 })
    expect(await store.dueAlarms(99_000, 10)).toEqual([])
  })

  test('R-QUE-09 the same about the same thing within an hour is one alarm; later, or about another, it is another', async () => {
    await using bed = await records()
    const store = await bed.open()
    const raised = [
      await store.raiseAlarm(blocked(HOUR_MS)),
      await store.raiseAlarm(blocked(HOUR_MS + 1)),
      await store.raiseAlarm(blocked(2 * HOUR_MS - 1)),
      await store.raiseAlarm(blocked(HOUR_MS + 1, 'b.ci.test')),
      await store.raiseAlarm({ ...blocked(HOUR_MS + 1), kind: 'suspected_leak', id: 'x' }),
      await store.raiseAlarm(blocked(2 * HOUR_MS)),
      await store.raiseAlarm(blocked(2 * HOUR_MS)),
    ]
    expect(raised).toEqual([true, false, false, true, true, true, false])
  })

  test('R-REP-04 a report is given up together with its alarm, or neither', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'), aRun('r2'))
    const [first, second] = await store.dueReports(1_000, 10)
    await store.reportFailed(first?.seq ?? 0, 'HTTP 404', 2_000, blocked(2_000))
    await expect(
      store.reportFailed(second?.seq ?? 0, 'HTTP 404', 2_000, { ...blocked(9e9), atMs: Number.NaN }),
    ).rejects.toThrow()
    expect(await store.alarmCounts()).toEqual({ pending: 1, failed: 0 })
    expect((await store.failedReports(10)).count).toBe(1)
  })

  test('R-REP-04 what was replaced on its way is not given up: nothing is told, and nothing is raised', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    const [first] = await store.dueReports(1_000, 10)
    await store.beginReport(first?.seq ?? 0, 9_000)
    await store.addReports([aCheck('r1', 1)])
    expect(await store.reportFailed(first?.seq ?? 0, 'HTTP 422', 2_000, blocked(2_000))).toBe(false)
    expect(await store.alarmCounts()).toEqual({ pending: 0, failed: 0 })
    expect((await store.failedReports(10)).count).toBe(0)
    expect(await store.dueReports(1_000, 10)).toMatchObject([{ key: 'check:r1:1' }])
  })

  test('R-REP-03 after the death of a service nothing follows what may be on its way, and everything else is due as it was', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('under way'), aRun('replaced'), aRun('put off'), aRun('fresh'))
    for (const { key, seq } of await store.dueReports(1_000, 10)) {
      if (key !== 'check:fresh:0') await store.beginReport(seq, 2_000)
      if (key === 'check:put off:0') await store.reportPutOff(seq, 'HTTP 502', 3_000)
    }
    await store.addReports([
      aCheck('replaced', 1),
      { ...aCheck('x', 0), kind: 'reaction', key: 'reaction:1', runId: null },
    ])
    const reaction = (await store.dueReports(1_000, 10)).find(({ kind }) => kind === 'reaction')
    await store.beginReport(reaction?.seq ?? 0, 2_000)
    await store.settleReports(11_000)
    const due = async (atMs: number) => (await store.dueReports(atMs, 10)).map(({ key }) => key).toSorted()
    expect(await due(10_999)).toEqual(['check:fresh:0', 'check:put off:0', 'reaction:1'])
    expect(await due(11_000)).toHaveLength(5)
    expect((await store.dueReports(11_000, 10, [7])).map(({ key }) => key)).toEqual([])
  })

  test('R-REP-03 R-QUE-09 services that die one after the other put off nothing again that was put off for the first of them', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('under way'), aRun('replaced'))
    for (const { seq } of await store.dueReports(1_000, 10)) await store.beginReport(seq, 2_000)
    await store.addReports([aCheck('replaced', 1)])
    for (const startedMs of [11_000, 14_000, 17_000]) await store.settleReports(startedMs)
    const [first, second] = await store.dueReports(11_000, 10)
    expect([first?.key, second?.key]).toEqual(['check:under way:0', 'check:replaced:1'])

    await store.beginReport(first?.seq ?? 0, 12_000)
    await store.settleReports(30_000)
    expect((await store.dueReports(29_999, 10)).map(({ key }) => key)).toEqual(['check:replaced:1'])
    expect(await store.dueReports(30_000, 10)).toHaveLength(2)
  })

  test('R-JAN-11 alarms that are over are forgotten in time; one that still waits is not', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.raiseAlarm(blocked(1_000))
    await store.raiseAlarm(blocked(1_000, 'b.ci.test'))
    const [first] = await store.dueAlarms(2_000, 10)
    await store.alarmEnded(first?.seq ?? 0, null, 2_000)
    expect(await store.forgetAlarms(1_000)).toBe(0)
    expect(await store.forgetAlarms(1_001)).toBe(1)
    expect(await store.dueAlarms(2_000, 10)).toHaveLength(1)
  })
}
