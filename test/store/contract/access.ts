import { expect, test } from 'vitest'
import type { Session, Token } from '../../../src/model/access.ts'
import { ACTION_EVENT, type NewAction } from '../../../src/model/action.ts'
import { aDecision, aRun } from '../samples.ts'
import { aQueueing, type Factory } from './deeds.ts'

const MINUTE_MS = 60_000

/** Who looks and acts from elsewhere, and what was asked for so. */
export function access(records: Factory): void {
  test('R-OBS-04 a token is found by its hash while it lives; of a name there is one live one', async () => {
    await using bed = await records()
    const store = await bed.open()
    const other = await bed.open()
    expect(await store.addToken(aToken('ci', { endsAtMs: 9_000 }), 'h1')).toBe(true)
    expect(await other.addToken(aToken('ci'), 'h2')).toBe(false)
    expect(await other.addToken(aToken('board'), 'h3')).toBe(true)
    expect((await store.tokens(8_999)).map(({ name }) => name)).toEqual(['board', 'ci'])
    expect(await other.useToken('h1', 8_999)).toMatchObject({ name: 'ci', scope: 'read' })
    expect([await other.useToken('h2', 1), await other.useToken('h1', 9_000)]).toEqual([null, null])
    expect((await store.tokens(9_000)).map(({ name }) => name)).toEqual(['board'])
    expect(await store.addToken(aToken('ci', { madeAtMs: 9_000 }), 'h4')).toBe(true)
  })

  test('R-OBS-04 the last use of a token is noted to the minute, for all to see', async () => {
    await using bed = await records()
    const store = await bed.open()
    const other = await bed.open()
    await store.addToken(aToken('ci'), 'h1')
    const used = async () => (await other.tokens(0)).map(({ usedAtMs }) => usedAtMs)
    expect(await used()).toEqual([null])
    await store.useToken('h1', 5_000)
    await store.useToken('h1', 5_000 + MINUTE_MS)
    expect(await used()).toEqual([5_000])
    await store.useToken('h1', 5_001 + MINUTE_MS)
    expect(await used()).toEqual([5_001 + MINUTE_MS])
  })

  test('R-OBS-04 who takes a token back ends it and its sessions, and no others', async () => {
    await using bed = await records()
    const store = await bed.open()
    const other = await bed.open()
    await store.addToken(aToken('ci'), 'h1')
    await store.addSession(aSession({ kind: 'token', name: 'ci' }), 's1', 1)
    await store.addSession(aSession({ kind: 'token', name: 'board' }), 's2', 1)
    await store.addSession(aSession({ kind: 'github', id: 7, login: 'ci' }), 's3', 1)
    expect(await other.revokeToken('ci', 2_000)).toBe(true)
    expect(await store.revokeToken('ci', 2_001)).toBe(false)
    expect(await store.useToken('h1', 2_000)).toBeNull()
    const found = await Promise.all(['s1', 's2', 's3'].map((hash) => other.session(hash, 2_000)))
    expect(found.map((session) => session?.person.kind ?? null)).toEqual([null, 'token', 'github'])
  })

  test('R-OBS-04 a session is what was signed in until it ends, by itself or by hand', async () => {
    await using bed = await records()
    const store = await bed.open()
    const other = await bed.open()
    const session = aSession({ kind: 'github', id: 7, login: 'octocat' }, { mayAct: false })
    await store.addSession(session, 's1', 1)
    await store.addSession({ ...session, endsAtMs: 50_000 }, 's2', 1)
    expect(await other.session('s1', 9_999)).toEqual(session)
    expect([await other.session('s1', 10_000), await other.session('s0', 1)]).toEqual([null, null])
    await other.addSession(session, 's3', 20_000)
    await store.endSession('s2')
    expect(await other.session('s2', 1)).toBeNull()
    // What is over is forgotten by whoever signs in next: a clock that is set back brings it to life no more.
    expect(await other.session('s1', 1)).toBeNull()
  })

  test('R-OBS-04 R-QUE-01 an action waits in the line of deliveries, and tells what was decided, once', async () => {
    await using bed = await records()
    const store = await bed.open()
    const other = await bed.open()
    await store.addAction(anAction('a1'))
    await store.addAction(anAction('a2', { act: 'hold', name: 'a.ci.test', run: null, forMs: 5_000 }))
    expect(await other.undecided(9_000)).toEqual([{ id: 'a1' }, { id: 'a2' }])
    const delivery = await other.delivery('a1')
    expect(delivery).toMatchObject({ event: ACTION_EVENT, receivedAtMs: 1_000 })
    expect(JSON.parse(delivery?.payload ?? '')).toEqual(anAction('a1'))
    expect(await other.action('a1')).toEqual({ ...anAction('a1'), by: 'octocat', end: null, order: null })
    await store.decide({ ...aQueueing('a1', aRun('again')), said: 'Queued **again**.' })
    await other.decide(aDecision('a1', { outcome: 'nothing', atMs: 8_000 }))
    expect((await other.action('a1'))?.end).toEqual({
      atMs: 1_500,
      code: 'run_queued',
      detail: 'Queued **again**.',
      runs: ['again'],
    })
    expect((await store.actions(9)).map(({ id, end }) => [id, end === null])).toEqual([
      ['a2', true],
      ['a1', false],
    ])
    expect(await store.actions(1)).toHaveLength(1)
    expect(await store.action('a3')).toBeNull()
  })

  test('R-OBS-04 R-JAN-10 an action tells what became of the name that it ordered', async () => {
    await using bed = await records()
    const store = await bed.open()
    await store.addAction(anAction('a1', { act: 'hold', name: 'a.ci.test', run: null }))
    const order = {
      action: 'hold',
      name: 'a.ci.test',
      forMs: 5_000,
      reason: 'a look',
      by: 'octocat',
    } as const
    const orders = [{ id: 'a1:0', ...order, commentId: null, orderedAtMs: 1_000 }]
    await store.decide(aDecision('a1', { outcome: 'hold_ordered', orders }))
    expect(await store.action('a1')).toMatchObject({ end: { code: 'hold_ordered' }, order: null })
    await store.endOrder('a1:0', { outcome: 'held', detail: 'until then', atMs: 3_000 })
    expect(await store.action('a1')).toMatchObject({ order: { outcome: 'held', detail: 'until then' } })
  })
}

function aToken(name: string, change: Partial<Token> = {}): Omit<Token, 'usedAtMs'> {
  return { name, scope: 'read', madeBy: 'root', madeAtMs: 1_000, endsAtMs: null, ...change }
}

function aSession(person: Session['person'], change: Partial<Session> = {}): Session {
  return { person, mayRead: true, mayAct: true, endsAtMs: 10_000, ...change }
}

function anAction(id: string, change: Partial<NewAction> = {}): NewAction {
  const by = { kind: 'github', id: 7, login: 'octocat' } as const
  const asked = { act: 'retry', run: 'r1', name: null, forMs: 0, reason: '' } as const
  return { id, ...asked, by, from: '192.0.2.1', askedAtMs: 1_000, ...change }
}
