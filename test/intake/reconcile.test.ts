import { describe, expect, test } from 'vitest'
import { HarnessError } from '../../src/errors.ts'
import type { Store } from '../../src/model/ports.ts'
import { commentsOf } from '../../src/sandbox/github/memory.ts'
import { aDecision, aDelivery } from '../store/samples.ts'
import { type LookWorld, lookWorld } from './reconcileWorld.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** `octocat`, who may, asks on pull request 1; GitHub delivers it to nobody. */
function missed(world: LookWorld, agoMs = MINUTE_MS, body = '!testme') {
  const comment = world.gitHub.people.comment(1, 'octocat', body)
  world.backdate(comment, agoMs)
  return comment
}

async function stored(world: LookWorld): Promise<readonly string[]> {
  return (await world.store.undecided(Number.MAX_SAFE_INTEGER)).map(({ id }) => id)
}

describe('a comment that GitHub never delivered', () => {
  test('R-CMD-08 is found by the next look, and decided as if it had been delivered: one run, with its reaction and its check', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const { id } = missed(world)
    await world.look()
    expect(await world.ended(`comment/${id}`)).toEqual({ outcome: 'run_queued', isNew: true })
    const [run, ...more] = await world.store.queued()
    expect(more).toEqual([])
    expect(run).toMatchObject({ repository: 'acme/site', pr: 1, actor: 'octocat', commentId: id })
    const reports = await world.store.dueReports(Number.MAX_SAFE_INTEGER, 10)
    expect(reports.map(({ key }) => key)).toEqual([`reaction:${id}`, `reply:${id}`, `check:${run?.id}:0`])
    expect(world.gitHub.unknownCalls()).toEqual([])
  })

  test('R-CMD-08 starts nothing where the first look of the repository finds it: what is there is taken for seen, what comes later is not', async () => {
    await using world = await lookWorld()
    const old = missed(world, 5 * MINUTE_MS)
    await world.lookAnew()
    await world.look()
    expect(await stored(world)).toEqual([])
    expect(await world.store.watch(String(world.gitHub.repository.id))).not.toBeNull()
    const fresh = world.gitHub.people.comment(1, 'octocat', '!testme')
    world.backdate(fresh, -2_000)
    await world.look()
    expect(await world.ended(`comment/${fresh.id}`)).toMatchObject({ outcome: 'run_queued' })
    expect(await world.store.delivery(`reconcile/comment/${old.id}`)).toBeNull()
  })

  test('R-CMD-08 is found once: by further looks, by a service that starts anew, and by the webhook that comes after all', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const { id } = missed(world)
    await world.look()
    await world.ended(`comment/${id}`)
    await world.look()
    await world.lookAnew()
    const [sent] = world.gitHub.deliveries.records().toReversed()
    await world.store.addDelivery(aDelivery('from GitHub', { payload: sent?.payload ?? '' }))
    world.intake.wake()
    await expect.poll(() => stored(world)).toEqual([])
    expect(await world.store.queued()).toHaveLength(1)
  })

  test('R-CMD-08 that was delivered and decided is not stored again', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const { id } = missed(world)
    await world.store.addDelivery(aDelivery('from GitHub'))
    await world.store.decide(aDecision('from GitHub', { subjects: [`comment:${id}`] }))
    await world.look()
    expect(await world.store.delivery(`reconcile/comment/${id}`)).toBeNull()
    expect(world.events).not.toContain('reconcile.found')
  })

  test('R-CMD-05 R-CMD-02 starts nothing where it was edited or deleted, is the App’s own, or has no command', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const { people, memory, repository } = world.gitHub
    const edited = missed(world, 5 * MINUTE_MS, 'please')
    people.editComment(edited.id, 'octocat', '!testme')
    people.deleteComment(missed(world).id, 'octocat')
    missed(world, MINUTE_MS, '> !testme')
    const own = missed(world)
    memory.comments.set(own.id, { ...own, author: memory.app.bot })
    await world.look()
    expect(commentsOf(memory, repository.id, 1).length).toBeGreaterThan(2)
    expect(await stored(world)).toEqual([])
  })

  test('R-CMD-04 R-CMD-06 of somebody who may not is refused, in sight', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const comment = world.gitHub.people.comment(1, 'visitor', '!testme')
    await world.look()
    expect(await world.ended(`comment/${comment.id}`)).toMatchObject({ outcome: 'not_permitted' })
  })

  test('R-CMD-04 R-CMD-08 is refused, in sight, when it is found over an hour later, and passed over when it is over a day old', async () => {
    await using world = await lookWorld()
    const atMs = Date.now() - 48 * HOUR_MS
    const repositoryId = String(world.gitHub.repository.id)
    await world.store.noteWatched({ repositoryId, sinceMs: atMs, cursorMs: atMs, etag: null }, [])
    const [late, older] = [missed(world, HOUR_MS + MINUTE_MS), missed(world, 25 * HOUR_MS)]
    await world.look()
    expect(await world.ended(`comment/${late.id}`)).toMatchObject({ outcome: 'too_late' })
    const reports = await world.store.dueReports(Number.MAX_SAFE_INTEGER, 10)
    expect(reports.map(({ kind }) => kind)).toEqual(['reaction', 'reply'])
    expect(reports[1]?.body).toContain('Comment again')
    expect(await world.store.queued()).toEqual([])
    expect(await world.store.delivery(`reconcile/comment/${older.id}`)).toBeNull()
    expect(world.events.filter((event) => event === 'reconcile.passed_over')).toHaveLength(1)
  })

  test('R-CMD-08 among hundreds, many of one second, is found', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const wanted = Array.from({ length: 260 }, (_, index) =>
      missed(world, MINUTE_MS, index % 130 === 129 ? '!testme status' : 'a word'),
    ).filter(({ body }) => body !== 'a word')
    missed(world, MINUTE_MS / 2, 'the last word')
    await world.look()
    for (const { id } of wanted)
      expect(await world.ended(`comment/${id}`)).toMatchObject({ outcome: 'status_told' })
  })
})

describe('a look', () => {
  test('R-CMD-08 that dies before its note is on disk has seen nothing: the next one finds the same', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const { id } = missed(world)
    const broken: Store = {
      ...world.store,
      noteWatched: () => Promise.reject(new HarnessError('STORE_FULL', 'the disk is full')),
    }
    await world.lookAnew({ store: broken })
    expect(world.events).toContain('reconcile.put_off')
    expect(await stored(world)).toEqual([])
    await world.lookAnew()
    expect(await world.ended(`comment/${id}`)).toMatchObject({ outcome: 'run_queued' })
  })

  test('R-CMD-08 at a repository where nothing has happened costs GitHub’s limit nothing', async () => {
    await using world = await lookWorld()
    missed(world, 5 * MINUTE_MS, 'a word')
    await world.watchedForLong()
    for (const _ of [1, 2, 3]) await world.look()
    const before = await world.used()
    for (const _ of [1, 2, 3, 4, 5]) await world.look()
    expect((await world.used()) - before).toBe(0)
  })

  test('R-QUE-11 R-QUE-09 that fails at one repository goes on at the others, and comes again there ever later', async () => {
    await using world = await lookWorld(['acme/*'])
    await world.watchedForLong()
    const { id } = missed(world)
    const effect = { kind: 'answer', status: 502 } as const
    world.gitHub.addFault({ method: 'GET', path: /^\/repos\/acme\/site\/issues/, times: 2, effect })
    await world.look()
    expect(await stored(world)).toEqual([])
    expect(world.events).toEqual(['reconcile.put_off'])
    await world.look()
    await world.look()
    expect(world.events).toEqual(['reconcile.put_off', 'reconcile.put_off'])
    await world.look()
    expect(await world.ended(`comment/${id}`)).toMatchObject({ outcome: 'run_queued' })
  })

  test('R-REP-04 asks nothing while GitHub limits the installation, and tells the outbox of limits that it meets', async () => {
    await using world = await lookWorld()
    await world.watchedForLong()
    const headers = { 'retry-after': '600' }
    const effect = { kind: 'answer', status: 403, headers } as const
    world.gitHub.addFault({ method: 'GET', path: /\/issues\/comments/, times: 1, effect })
    await world.look()
    const { installationId } = world.gitHub.memory.app
    expect(await world.store.limitedUntil(installationId, Date.now())).toBeGreaterThan(Date.now() + 590_000)
    const before = await world.used()
    missed(world)
    for (const _ of [1, 2]) await world.look()
    expect(await world.used()).toBe(before)
  })

  test.each(['suspended', 'gone'] as const)(
    'R-CMD-08 leaves an installation alone that is %s, and comes back when it is active again',
    async (installation) => {
      await using world = await lookWorld(['acme/site', 'acme/*'])
      await world.watchedForLong()
      const { memory } = world.gitHub
      const { id } = missed(world)
      memory.installation.state = installation
      await world.lookAnew()
      expect(world.events).toEqual([])
      memory.installation.state = 'active'
      await world.lookAnew()
      expect(await world.ended(`comment/${id}`)).toMatchObject({ outcome: 'run_queued' })
    },
  )

  test('R-CMD-08 sees enrolled repositories only', async () => {
    await using world = await lookWorld(['acme/site'])
    await world.watchedForLong()
    missed(world)
    await world.lookAnew({ patterns: ['acme/other', 'somebody/*'] })
    expect(await stored(world)).toEqual([])
    expect(world.events).toEqual([])
  })
})

describe('a pull request with a queued run, of which GitHub never told', () => {
  async function withRun(): Promise<LookWorld> {
    const world = await lookWorld()
    await world.watchedForLong()
    const { id } = missed(world)
    await world.look()
    await world.ended(`comment/${id}`)
    return world
  }

  test('R-CMD-10 that it was closed: its run is stopped, once, and says why', async () => {
    await using world = await withRun()
    const closed = world.gitHub.people.close(1, 'octocat')
    await world.look()
    const closedAtMs = Math.floor((closed.closedAtMs ?? 0) / 1000) * 1000
    const { id } = world.gitHub.repository
    expect(await world.ended(`pr/${id}/1/closed/${closedAtMs}`)).toMatchObject({ outcome: 'pr_closed' })
    expect((await world.store.queued())[0]?.stop).toMatchObject({ reason: 'pr_closed' })
    await world.look()
    await world.lookAnew()
    expect(await stored(world)).toEqual([])
  })

  test('R-CMD-10 R-CMD-07 that it was pushed to: its queued run is superseded, with a word, and the new head is known', async () => {
    await using world = await withRun()
    const files = { 'greeting.txt': 'Hello again.\n' }
    const { head } = await world.gitHub.people.push(1, { message: 'Again', files })
    await world.look()
    await expect
      .poll(async () => (await world.store.queued())[0]?.stop)
      .toMatchObject({ reason: 'superseded' })
    const { id } = world.gitHub.repository
    expect((await world.store.lastHead(String(id), 1))?.sha).toBe(head.sha)
    const reports = await world.store.dueReports(Number.MAX_SAFE_INTEGER, 10)
    expect(reports.filter(({ kind }) => kind === 'reply')).toHaveLength(2)
  })

  test('R-CMD-10 that it was pushed to, between two runs: the older one is superseded, the younger one is of the new head', async () => {
    await using world = await withRun()
    const files = { 'greeting.txt': 'Hello again.\n' }
    const { head } = await world.gitHub.people.push(1, { message: 'Again', files })
    const { id } = missed(world)
    await world.look()
    await world.ended(`comment/${id}`)
    await expect
      .poll(async () => (await world.store.queued()).map(({ sha, stop }) => [sha === head.sha, stop?.reason]))
      .toEqual([
        [false, 'superseded'],
        [true, undefined],
      ])
  })

  test('R-CMD-08 asks once where nothing has changed, and never of those without unfinished runs', async () => {
    await using world = await withRun()
    await world.look()
    await world.look()
    const before = await world.used()
    await world.look()
    expect((await world.used()) - before).toBe(0)
    const [run] = await world.store.queued()
    await world.store.requestStop(run?.id ?? '', { reason: 'cancelled', by: 'octocat', atMs: 1 })
    world.gitHub.people.close(1, 'octocat')
    await world.look()
    expect(await stored(world)).toEqual([])
  })
})
