import { expect, test } from 'vitest'
import { MOST_ATTEMPTS, pauseAfter } from '../../src/intake/backoff.ts'
import { firstCheck } from '../../src/report/checkRun.ts'
import { SYSTEM_TIME, type Time } from '../../src/report/time.ts'
import { LIMITS } from '../model/policyWorld.ts'
import { type HandClock, handClock } from '../report/handClock.ts'
import { aReaction } from '../store/samples.ts'
import { commentOf, INSTALLATION } from './examples.ts'
import { type Scene, startScene } from './scene.ts'

const START = Date.parse('2019-05-15T15:21:00Z')

function comment(id: number, body: string, pr = 2) {
  return commentOf(body, { issue: { number: pr }, comment: { id, body } })
}

async function undecided(scene: Scene): Promise<readonly string[]> {
  return (await scene.store.undecided(Number.MAX_SAFE_INTEGER)).map(({ id }) => id)
}

/** Delivers, and resolves when the intake sleeps until that time. */
async function deliveredUntil(
  scene: Scene,
  clock: HandClock,
  atMs: number,
  body: string,
  id: string,
): Promise<void> {
  const asleep = clock.nextSleeper(atMs)
  await scene.deliver('issue_comment', comment(1, body), { id })
  await asleep
}

test('R-QUE-09 waits double from two seconds up to five minutes, for about half an hour in all', () => {
  const pauses = Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => pauseAfter(index + 1) / 1000)
  expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300])
  expect(pauseAfter(10_000)).toBe(300_000)
})

test.each([
  ['an error of GitHub’s', { status: 502 }, 2000],
  ['a broken connection', 'reset', 2000],
  ['a limit that says until when', { status: 429, headers: { 'retry-after': '90' } }, 90_000],
  ['a secondary limit', { status: 403, headers: { 'retry-after': '30' } }, 30_000],
] as const)('R-QUE-01 a delivery is put off by %s and decided when it is over', async (_, fault, pauseMs) => {
  const clock = handClock(START)
  await using scene = await startScene({ time: clock })
  scene.gitHub.faults.push(fault)
  await deliveredUntil(scene, clock, START + pauseMs, '!testme', 'd-1')
  expect(await undecided(scene)).toEqual(['d-1'])
  expect(await scene.reports()).toEqual([])
  clock.advance(pauseMs)
  expect(await scene.ended('d-1')).toEqual({ outcome: 'run_queued', isNew: true })
  expect(await scene.store.queued()).toHaveLength(1)
})

test('R-QUE-09 a GitHub that does not answer is not waited for', async () => {
  const clock = handClock(START)
  await using scene = await startScene({ time: clock })
  const gate = Promise.withResolvers<void>()
  scene.gitHub.gate = gate.promise
  await deliveredUntil(scene, clock, START + 10_000, '!testme', 'd-1')
  const putOff = clock.nextSleeper(START + 12_000)
  clock.advance(10_000)
  await putOff
  gate.resolve()
  clock.advance(2000)
  expect((await scene.ended('d-1')).outcome).toBe('run_queued')
})

test.each([404, 410, 422])(
  'R-QUE-09 what GitHub refuses for good (%i) is decided at once, and told',
  async (status) => {
    await using scene = await startScene()
    scene.gitHub.faults.push({ status })
    expect((await scene.decided('issue_comment', comment(1, '!testme'))).outcome).toBe('github_refused')
    expect(await scene.reactions()).toEqual(['confused'])
    expect(await scene.replies()).toEqual([expect.stringContaining('Nothing was started. Comment again')])
  },
)

test('R-QUE-09 a delivery that fails each time is decided as undecidable in the end, and told', async () => {
  const clock = handClock(START)
  await using scene = await startScene({ time: clock })
  scene.gitHub.faults.push(...Array.from({ length: MOST_ATTEMPTS }, () => ({ status: 500 })))
  await deliveredUntil(scene, clock, START + 2000, '!testme', 'd-1')
  for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt += 1) {
    const asleep = clock.nextSleeper(clock.now() + pauseAfter(attempt) + pauseAfter(attempt + 1))
    clock.advance(pauseAfter(attempt))
    if (attempt + 1 < MOST_ATTEMPTS) await asleep
  }
  expect(await scene.ended('d-1')).toEqual({ outcome: 'undecidable', isNew: true })
  expect(await scene.replies()).toEqual([expect.stringContaining('**undecidable**')])
  expect(await undecided(scene)).toEqual([])
})

test('a command that is put off holds back what comes after it on its pull request, and nothing else', async () => {
  const clock = handClock(START)
  await using scene = await startScene({ time: clock })
  scene.gitHub.faults.push({ status: 502 })
  await deliveredUntil(scene, clock, START + 2000, '!testme', 'run')
  await scene.deliver('issue_comment', comment(2, '!testme cancel'), { id: 'cancel' })
  await scene.deliver('issue_comment', comment(3, '!testme help', 3), { id: 'elsewhere' })
  await scene.ended('elsewhere')
  expect(await undecided(scene)).toEqual(['run', 'cancel'])
  clock.advance(2000)
  await scene.ended('cancel')
  expect(scene.order).toEqual(['elsewhere', 'run', 'cancel'])
  expect(await scene.store.queued()).toMatchObject([{ stop: { reason: 'cancelled' } }])
})

test('what comes while its pull request is being decided waits its turn', async () => {
  await using scene = await startScene()
  const gate = Promise.withResolvers<void>()
  scene.gitHub.gate = gate.promise
  await scene.deliver('issue_comment', comment(1, '!testme'), { id: 'run' })
  await scene.deliver('issue_comment', comment(2, '!testme help'), { id: 'help' })
  await scene.deliver('issue_comment', comment(3, '!testme help', 3), { id: 'elsewhere' })
  await scene.ended('elsewhere')
  expect(await undecided(scene)).toEqual(['run', 'help'])
  gate.resolve()
  await scene.ended('help')
  expect(scene.order).toEqual(['elsewhere', 'run', 'help'])
})

test('while GitHub is waited for, the records are looked at for what comes, and no more often; each payload is read once', async () => {
  let looks = 0
  const read: string[] = []
  await using scene = await startScene({
    store: (store) => ({
      ...store,
      async undecided(nowMs) {
        looks += 1
        return store.undecided(nowMs)
      },
      async delivery(id) {
        read.push(id)
        return store.delivery(id)
      },
    }),
  })
  const gate = Promise.withResolvers<void>()
  scene.gitHub.gate = gate.promise
  await scene.deliver('issue_comment', comment(1, '!testme'), { id: 'd-1' })
  for (const n of [2, 3, 4]) await scene.decided('issue_comment', comment(n, '!testme help', 3), `d-${n}`)
  expect(looks).toBeLessThanOrEqual(2 * 5)
  expect(read).toEqual(['d-1', 'd-2', 'd-3', 'd-4'])
  gate.resolve()
  await scene.ended('d-1')
})

test('what is put off while the records are being looked at is not taken up again at once', async () => {
  const clock = handClock(START)
  const entered = Promise.withResolvers<void>()
  const putOff = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  let holds = false
  await using scene = await startScene({
    time: clock,
    store: (store) => ({
      ...store,
      async undecided(nowMs) {
        const found = await store.undecided(nowMs)
        if (holds && nowMs === clock.now()) {
          entered.resolve()
          await release.promise
        }
        return found
      },
      async putOff(...delivery) {
        const attempts = await store.putOff(...delivery)
        putOff.resolve()
        return attempts
      },
    }),
  })
  const gate = Promise.withResolvers<void>()
  scene.gitHub.gate = gate.promise
  scene.gitHub.faults.push({ status: 502 })
  await scene.deliver('issue_comment', comment(1, '!testme'), { id: 'run' })
  await scene.gitHub.askedFor(2)
  holds = true
  await scene.deliver('issue_comment', comment(2, '!testme help'), { id: 'help' })
  await entered.promise
  gate.resolve()
  await putOff.promise
  await new Promise((resolve) => setImmediate(resolve))
  holds = false
  const asleep = clock.nextSleeper(START + 2000)
  release.resolve()
  await asleep
  await scene.decided('issue_comment', comment(3, '!testme help', 3), 'elsewhere')
  expect(scene.gitHub.asked).toHaveLength(2)
  clock.advance(2000)
  await scene.ended('help')
  expect(scene.order).toEqual(['elsewhere', 'run', 'help'])
})

test('of many pull requests four are decided at a time', async () => {
  await using scene = await startScene({
    config: { limits: { ...LIMITS, perActorPerHour: 100, perPullRequestPerHour: 1 } },
  })
  const gate = Promise.withResolvers<void>()
  scene.gitHub.gate = gate.promise
  const prs = [1, 2, 3, 4, 5, 6, 7, 8]
  for (const pr of prs) await scene.deliver('issue_comment', comment(pr, '!testme', pr), { id: `d-${pr}` })
  await scene.gitHub.askedFor(8)
  expect(scene.gitHub.asked.filter((path) => path.includes('/pulls/'))).toHaveLength(4)
  gate.resolve()
  await Promise.all(prs.map((pr) => scene.ended(`d-${pr}`)))
  expect(scene.gitHub.asked).toHaveLength(16)
})

test('many pull requests are decided side by side, none forgotten', async () => {
  await using scene = await startScene()
  const ids = Array.from({ length: 40 }, (_, index) => `d-${index}`)
  await Promise.all(
    ids.map((id, index) =>
      scene.deliver('issue_comment', comment(index + 1, '!testme help', index % 13), { id }),
    ),
  )
  await Promise.all(ids.map((id) => scene.ended(id)))
  expect([...scene.order].sort()).toEqual([...ids].sort())
  expect(await scene.replies()).toHaveLength(40)
})

test('R-QUE-01 what is undecided when the intake starts is decided', async () => {
  const delivery = { event: 'issue_comment', receivedAtMs: START }
  await using scene = await startScene({
    async before(store) {
      await store.addDelivery({ ...delivery, id: 'd-1', payload: JSON.stringify(comment(1, '!testme')) })
      await store.addDelivery({
        ...delivery,
        id: 'd-2',
        payload: JSON.stringify(comment(2, '!testme cancel')),
      })
    },
  })
  await scene.ended('d-2')
  expect(scene.order).toEqual(['d-1', 'd-2'])
  expect(await scene.store.queued()).toMatchObject([{ stop: { reason: 'cancelled' } }])
})

test('R-QUE-09 what an earlier process has put off is decided when it is due', async () => {
  const clock = handClock(START)
  const asleep = clock.nextSleeper(START + 5000)
  await using scene = await startScene({
    time: clock,
    async before(store) {
      const payload = JSON.stringify(comment(1, '!testme'))
      await store.addDelivery({ id: 'd-1', event: 'issue_comment', payload, receivedAtMs: START })
      await store.putOff('d-1', 'HTTP 502', START + 4000)
    },
  })
  await asleep
  expect(await undecided(scene)).toEqual(['d-1'])
  clock.advance(5000)
  expect((await scene.ended('d-1')).outcome).toBe('run_queued')
})

test('R-QUE-11 a payload that cannot be read stops nobody, and ends as unreadable', async () => {
  await using scene = await startScene()
  await scene.deliver('issue_comment', '{"action":', { id: 'torn' })
  await scene.deliver('issue_comment', commentOf('!testme', { comment: null }), { id: 'odd' })
  expect((await scene.decided('issue_comment', comment(1, '!testme'), 'good')).outcome).toBe('run_queued')
  expect([await scene.ended('torn'), await scene.ended('odd')].map(({ outcome }) => outcome)).toEqual([
    'unreadable',
    'unreadable',
  ])
})

test('R-QUE-11 a command that cannot be decided stops no other pull request, and ends visibly', async () => {
  const clock = handClock(START)
  await using scene = await startScene({
    time: clock,
    world: () => ({
      firstCheck(run) {
        if (run.recipe === 'world') throw new Error('this recipe breaks the report')
        return firstCheck(run, null)
      },
    }),
  })
  scene.gitHub.pull = {}
  await deliveredUntil(scene, clock, START + 2000, '!testme world', 'poison')
  await scene.decided('issue_comment', comment(2, '!testme help', 3), 'elsewhere')
  for (let attempt = 1; attempt < MOST_ATTEMPTS; attempt += 1) {
    const asleep = clock.nextSleeper(clock.now() + pauseAfter(attempt) + pauseAfter(attempt + 1))
    clock.advance(pauseAfter(attempt))
    if (attempt + 1 < MOST_ATTEMPTS) await asleep
  }
  expect((await scene.ended('poison')).outcome).toBe('undecidable')
  expect((await scene.decided('issue_comment', comment(3, '!testme hello'), 'after')).outcome).toBe(
    'run_queued',
  )
})

test('R-QUE-01 a decision that cannot be written is made again, and nothing of it happens twice', async () => {
  const clock = handClock(START)
  let broken = true
  await using scene = await startScene({
    time: clock,
    store: (store) => ({
      ...store,
      async decide(decided) {
        if (broken) throw new Error('the disk is full')
        return store.decide(decided)
      },
    }),
  })
  await deliveredUntil(scene, clock, START + 2000, '!testme', 'd-1')
  expect(await scene.store.queued()).toEqual([])
  broken = false
  clock.advance(2000)
  expect((await scene.ended('d-1')).isNew).toBe(true)
  expect(await scene.store.queued()).toHaveLength(1)
})

test('R-QUE-11 a store that fails altogether is looked at again, and nothing is lost', async () => {
  const clock = handClock(START)
  let broken = false
  await using scene = await startScene({
    time: clock,
    store: (store) => ({
      ...store,
      async undecided(nowMs) {
        if (broken) throw new Error('the disk is gone')
        return store.undecided(nowMs)
      },
    }),
  })
  broken = true
  await deliveredUntil(scene, clock, START + 5000, '!testme', 'd-1')
  expect(scene.events).toContain('intake.failed')
  broken = false
  clock.advance(5000)
  expect((await scene.ended('d-1')).outcome).toBe('run_queued')
})

test('R-QUE-09 what was put off while the clock ran a year ahead is decided in its time once the clock is right', async () => {
  const put = Promise.withResolvers<void>()
  let aheadMs = 365 * 24 * 3_600_000
  const now = () => Date.now() + aheadMs
  const time: Time = {
    now,
    upMs: SYSTEM_TIME.upMs,
    sleepUntil: (atMs, signal) => SYSTEM_TIME.sleepUntil(atMs - aheadMs, signal),
  }
  await using scene = await startScene({
    time,
    store: (store) => ({
      ...store,
      async putOff(...delivery) {
        const attempts = await store.putOff(...delivery)
        put.resolve()
        return attempts
      },
    }),
  })
  scene.gitHub.faults.push({ status: 502 })
  await scene.deliver('issue_comment', comment(1, '!testme'), { id: 'd-1' })
  await put.promise
  aheadMs = 0
  expect((await scene.ended('d-1')).outcome).toBe('run_queued')
})

test('R-REP-04 while GitHub limits an installation nothing of it is asked, and no report of it is due', async () => {
  const clock = handClock(START)
  await using scene = await startScene({ time: clock })
  scene.gitHub.faults.push({ status: 429, headers: { 'retry-after': '90' } })
  await deliveredUntil(scene, clock, START + 90_000, '!testme', 'd-1')
  const asked = scene.gitHub.asked.length
  for (const n of [2, 3]) {
    const putOff = scene.next('delivery.undecided')
    await scene.deliver('issue_comment', comment(n, '!testme', n + 1), { id: `d-${n}` })
    await putOff
  }
  await scene.store.addReports([{ ...aReaction(1), installationId: INSTALLATION.installation.id }])
  expect(await scene.store.dueReports(START + 89_999, 10)).toEqual([])
  expect(scene.gitHub.asked).toHaveLength(asked)
  clock.advance(90_000)
  for (const n of [1, 2]) expect((await scene.ended(`d-${n}`)).outcome).toBe('run_queued')
})

test('closing waits for what is under way and begins nothing more', async () => {
  await using scene = await startScene()
  const gate = Promise.withResolvers<void>()
  scene.gitHub.gate = gate.promise
  await scene.deliver('issue_comment', comment(1, '!testme'), { id: 'd-1' })
  await scene.deliver('issue_comment', comment(2, '!testme'), { id: 'd-2' })
  await scene.decided('issue_comment', comment(3, '!testme help', 3), 'elsewhere')
  const closed = scene.intake.close()
  gate.resolve()
  await closed
  expect(scene.order).toEqual(['elsewhere', 'd-1'])
  expect(await undecided(scene)).toEqual(['d-2'])
  await scene.deliver('issue_comment', comment(4, '!testme help', 4), { id: 'late' })
  expect(await undecided(scene)).toEqual(['d-2', 'late'])
})
