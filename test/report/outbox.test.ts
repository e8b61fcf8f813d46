import { describe, expect, test } from 'vitest'
import { type Annotations, collectorIn } from '../../src/model/annotations.ts'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import type { RunChange, RunRow } from '../../src/model/ports.ts'
import type { NewReport } from '../../src/model/report.ts'
import { checkReport, firstCheck } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import type { OutboxStore } from '../../src/report/ports.ts'
import { aReaction, aRun, PASSED, SHA } from '../store/samples.ts'
import { type OutboxWorld, outboxWorld, START_MS } from './outboxWorld.ts'
import { HUNG_AFTER, HUNG_BEFORE, LOST, refusing, SECONDARY } from './strictGitHub.ts'

const CHECKS = '/check-runs'
/** So long a state waits for the next one. */
const REST_MS = 300

describe('a run is told', () => {
  test('R-REP-02 from the reaction to the end, in order, on one check run', async () => {
    await using world = await outboxWorld()
    const { github } = world
    await queueRun(world, 'r1', aReaction(99))
    const outbox = world.start()
    await world.noted('report.sent')
    await world.noted('report.sent')
    for (const change of [{ state: 'starting' }, { state: 'running', stage: 'check' }, ENDED] as const) {
      await tell(world, 'r1', change)
      world.clock.advance(REST_MS)
      outbox.wake()
      await world.noted('report.sent')
    }
    expect(github.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /repos/acme/site/issues/comments/99/reactions',
      'POST /repos/acme/site/check-runs',
      'PATCH /repos/acme/site/check-runs/1001',
      'PATCH /repos/acme/site/check-runs/1001',
      'PATCH /repos/acme/site/check-runs/1001',
    ])
    expect([...github.reactions]).toEqual(['99:eyes'])
    expect(github.checks).toHaveLength(1)
    expect(github.checks[0]?.body).toMatchObject({ status: 'completed', conclusion: 'success' })
    expect((await world.store.run('r1'))?.checkRunId).toBe(1001)
  })

  test('R-REP-07 on a check run of its own, also at a commit that an older run has passed', async () => {
    await using world = await outboxWorld()
    await queueRun(world, 'r1')
    await tell(world, 'r1', ENDED)
    const outbox = world.start()
    await world.noted('report.sent')
    await queueRun(world, 'r2')
    outbox.wake()
    await world.noted('report.sent')
    expect(world.github.checks.map(({ external_id, body }) => [external_id, body['status']])).toEqual([
      ['r1', 'completed'],
      ['r2', 'queued'],
    ])
  })

  test('R-REP-05 with one call, created as completed, if it is over before anything could be sent', async () => {
    await using world = await outboxWorld()
    await queueRun(world, 'r1')
    await tell(world, 'r1', { state: 'starting' })
    await tell(world, 'r1', ENDED)
    world.start()
    await world.noted('report.sent')
    expect(world.github.seen.map(({ method }) => method)).toEqual(['POST'])
    expect(world.github.checks[0]?.body).toMatchObject({
      status: 'completed',
      conclusion: 'success',
      external_id: 'r1',
    })
  })

  test('R-REP-05 its first state at once, those that follow in a burst with one call, and its end at once', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    const outbox = world.start()
    expect((await world.noted('report.sent')).report.key).toBe('check:r1:0')
    for (const change of BURST) {
      await tell(world, 'r1', change)
      const looked = clock.nextSleeper(START_MS + REST_MS)
      outbox.wake()
      await looked
      clock.advance(REST_MS / 3 - 1)
    }
    expect(github.seen).toHaveLength(1)
    clock.advance(3)
    expect((await world.noted('report.sent')).report.key).toBe('check:r1:3')
    await tell(world, 'r1', { state: 'tearing_down' })
    await tell(world, 'r1', ENDED)
    outbox.wake()
    expect((await world.noted('report.sent')).report).toMatchObject({ key: 'check:r1:5', terminal: true })
    expect(github.seen).toHaveLength(3)
  })

  test('R-REP-05 R-REP-04 its end and nothing else, when GitHub is back after hours in which the run went from state to state', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    // Each attempt after the first looks for the check run before it makes one.
    github.befall('POST', CHECKS, refusing(502))
    github.befall('GET', CHECKS, ...Array.from({ length: 59 }, () => refusing(502)))
    await queueRun(world, 'r1')
    const outbox = world.start()
    const changes = [{ state: 'starting' }, { state: 'running', stage: 'check' }, { state: 'tearing_down' }]
    for (const change of [...changes, ENDED] as readonly RunChange[]) {
      for (let attempt = 0; attempt < 15; attempt += 1) {
        const { untilMs } = await world.noted('report.put_off')
        if (attempt === 14) await tell(world, 'r1', change)
        clock.advance(untilMs - clock.now())
      }
      outbox.wake()
    }
    const { report } = await world.noted('report.sent')
    expect(clock.now() - START_MS).toBeGreaterThan(2 * 3_600_000)
    expect(report).toMatchObject({ key: 'check:r1:4', terminal: true })
    expect(github.checks).toMatchObject([{ external_id: 'r1', body: { status: 'completed' } }])
    expect(await world.store.pendingReports()).toBe(0)
  })

  test('R-REP-05 its end before the progress of others', async () => {
    await using world = await outboxWorld()
    for (const id of ['r1', 'r2', 'r3']) await queueRun(world, id)
    await tell(world, 'r3', ENDED)
    world.start({ pace: { burst: 1, perHour: 3_600 } })
    expect((await world.noted('report.sent')).report.runId).toBe('r3')
  })
})

describe('a lost answer', () => {
  test.each([
    ['is reset after GitHub has acted', LOST, 0],
    ['never comes', HUNG_AFTER, 30_000],
    ['is a 502 after GitHub has acted', { ...refusing(502), acts: true }, 0],
  ])(
    'R-REP-03 that %s makes no second check run, whatever else is on the commit',
    async (_, mishap, hangsMs) => {
      await using world = await outboxWorld()
      const { github, clock } = world
      await queueRun(world, 'r1')
      github.befall('POST', CHECKS, mishap)
      const outbox = world.start()
      await github.came('POST', CHECKS)
      for (let index = 0; index < 230; index += 1) github.checks.push(aStranger(5_000 + index))
      clock.advance(hangsMs)
      const { untilMs } = await world.noted('report.put_off')
      expect(untilMs).toBeGreaterThanOrEqual(START_MS + 10_000)
      await tell(world, 'r1', ENDED)
      outbox.wake()
      clock.advance(untilMs - clock.now())
      await world.noted('report.sent')
      expect(github.checks.filter(({ external_id }) => external_id === 'r1')).toMatchObject([
        { id: 1001, body: { status: 'completed', conclusion: 'success' } },
      ])
      expect(github.seen.filter(({ method }) => method === 'GET')).toHaveLength(3)
      expect((await world.store.run('r1'))?.checkRunId).toBe(1001)
    },
  )

  test('R-REP-03 that dies with the service makes no second check run either', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    github.befall('POST', CHECKS, HUNG_AFTER)
    await dieWithRequest(world)
    await tell(world, 'r1', ENDED)
    world.start()
    clock.advance(9_999)
    expect(await world.store.dueReports(clock.now(), 10)).toEqual([])
    clock.advance(1)
    await world.noted('report.sent')
    expect(github.checks).toMatchObject([{ external_id: 'r1', body: { status: 'completed' } }])
  })

  test('R-REP-03 to a request that GitHub never saw: the check run is made, once', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    github.befall('POST', CHECKS, { acts: false, answer: 'reset' })
    world.start()
    const { untilMs } = await world.noted('report.put_off')
    clock.advance(untilMs - clock.now())
    await world.noted('report.sent')
    expect(github.checks).toMatchObject([{ external_id: 'r1' }])
    expect(github.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST'])
  })

  test("R-REP-03 to a reply makes no second reply, and a person's quote of it is not taken for ours", async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await world.store.addReports([aReply('Which recipe?')])
    github.befall('POST', '/comments', { acts: false, answer: 'reset' }, LOST)
    world.start()
    const first = await world.noted('report.put_off')
    const quoted = JSON.parse(github.seen[0]?.body ?? '').body
    for (let id = 1; id <= 120; id += 1)
      github.comments.push({
        id,
        body: quoted,
        user: { login: 'octocat', type: 'User' },
        performed_via_github_app: null,
      })
    clock.advance(first.untilMs - clock.now())
    const second = await world.noted('report.put_off')
    clock.advance(second.untilMs - clock.now())
    await world.noted('report.sent')
    const ours = github.comments.filter(({ user }) => user.type === 'Bot')
    expect(ours.map(({ body }) => body)).toEqual(['Which recipe?\n\n<!-- berth reply%3A99 -->'])
  })
})

/** GitHub adds the annotations of each call to those that it has. */
describe('annotations of an end', () => {
  test.each([
    ['is reset after GitHub has acted', LOST, 0],
    ['never comes', HUNG_AFTER, 30_000],
    ['is a 502 after GitHub has acted', { ...refusing(502), acts: true }, 0],
  ])('R-REP-04 whose answer %s are there once', async (_, mishap, hangsMs) => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    const outbox = world.start()
    await world.noted('report.sent')
    await tell(world, 'r1', ENDED, TWO)
    github.befall('PATCH', '/1001', mishap)
    outbox.wake()
    await github.came('PATCH', '/1001')
    clock.advance(hangsMs)
    const { untilMs } = await world.noted('report.put_off')
    clock.advance(untilMs - clock.now())
    await world.noted('report.sent')
    expect(github.checks).toMatchObject([
      { body: { status: 'completed' }, annotations: [{ path: 'a.ts' }, { path: 'b.ts' }] },
    ])
    expect(github.checks[0]?.annotations).toHaveLength(2)
    expect(github.seen.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'GET'])
  })

  test('R-REP-04 are sent again where GitHub never saw them', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    const outbox = world.start()
    await world.noted('report.sent')
    await tell(world, 'r1', ENDED, TWO)
    github.befall('PATCH', '/1001', { acts: false, answer: 'reset' })
    outbox.wake()
    const { untilMs } = await world.noted('report.put_off')
    clock.advance(untilMs - clock.now())
    await world.noted('report.sent')
    expect(github.checks[0]?.annotations).toHaveLength(2)
    expect(github.seen.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'GET', 'PATCH'])
  })

  test('R-REP-04 are there once where the one call of a run was lost, or died with the service', async () => {
    for (const dies of [false, true]) {
      await using world = await outboxWorld()
      const { github, clock } = world
      await queueRun(world, 'r1')
      await tell(world, 'r1', ENDED, TWO)
      github.befall('POST', CHECKS, dies ? HUNG_AFTER : LOST)
      if (dies) await dieWithRequest(world)
      world.start()
      clock.advance(dies ? 10_000 : (await world.noted('report.put_off')).untilMs - clock.now())
      await world.noted('report.sent')
      expect(github.checks).toHaveLength(1)
      expect(github.checks[0]?.annotations).toHaveLength(2)
      expect(github.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'GET'])
    }
  })

  test('R-REP-04 go out although an earlier state was lost: that one had none', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    github.befall('POST', CHECKS, LOST)
    world.start()
    const { untilMs } = await world.noted('report.put_off')
    await tell(world, 'r1', ENDED, TWO)
    clock.advance(untilMs - clock.now())
    await world.noted('report.sent')
    expect(github.checks[0]?.annotations).toHaveLength(2)
    expect(github.seen.map(({ method }) => method)).toEqual(['POST', 'GET', 'PATCH'])
  })

  test.each([
    ['POST', '', 422],
    ['PATCH', '/1001', 422],
    ['PATCH', '/1001', 413],
  ] as const)(
    'R-REP-01 that GitHub does not take (%s%s, %i) keep no end from it',
    async (method, path, status) => {
      await using world = await outboxWorld()
      const { github } = world
      await queueRun(world, 'r1')
      if (path !== '') {
        const first = world.start()
        await world.noted('report.sent')
        await first.close()
      }
      await tell(world, 'r1', ENDED, TWO)
      github.befall(method, `${CHECKS}${path}`, refusing(status))
      world.start()
      await world.noted('report.sent')
      expect(github.checks).toMatchObject([
        { body: { status: 'completed', conclusion: 'success' }, annotations: [] },
      ])
      expect(world.notes.map(({ event }) => event)).not.toContain('report.failed')
    },
  )

  test('R-REP-04 what GitHub refuses for another reason is refused, and told', async () => {
    await using world = await outboxWorld()
    await queueRun(world, 'r1')
    await tell(world, 'r1', ENDED, TWO)
    world.github.befall('POST', CHECKS, refusing(422), refusing(422))
    world.start()
    expect((await world.noted('report.failed')).error).toContain('422')
    expect(world.github.seen).toHaveLength(2)
  })
})

const TWO: Annotations = (() => {
  const { add, all } = collectorIn('/w')
  for (const path of ['a.ts', 'b.ts'])
    add({
      level: 'failure',
      path,
      line: 1,
      endLine: null,
      startColumn: null,
      endColumn: null,
      title: null,
      message: 'm',
      details: null,
    })
  return all()
})()

test('R-REP-08 a reply is cut between characters, and keeps its marker', async () => {
  await using world = await outboxWorld()
  await world.store.addReports([aReply(`x${'\u{1F6A2}'.repeat(40_000)}`)])
  world.start()
  await world.noted('report.sent')
  const body = world.github.comments[0]?.body ?? ''
  expect(body.length).toBeLessThanOrEqual(65_536)
  expect(body).toMatch(/^x\u{1F6A2}+\n\n<!-- berth reply%3A99 -->$/u)
})

describe('the same bytes', () => {
  test('R-REP-02 go out at every attempt, and Octokit repeats nothing by itself', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    github.befall('POST', CHECKS, refusing(500), refusing(503), refusing(504))
    world.start()
    for (const attempts of [1, 2, 3]) {
      const note = await world.noted('report.put_off')
      expect(note.attempts).toBe(attempts)
      expect(github.seen.filter(({ method }) => method === 'POST')).toHaveLength(attempts)
      clock.advance(note.untilMs - clock.now())
    }
    await world.noted('report.sent')
    const bodies = github.seen.filter(({ method }) => method === 'POST').map(({ body }) => body)
    expect(bodies).toHaveLength(4)
    expect(new Set(bodies).size).toBe(1)
    expect(bodies[0]).toBe(firstCheck(aRun('r1'), null).body)
  })

  test('R-REP-02 go out for an update, from another process too', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    const outbox = world.start()
    await world.noted('report.sent')
    await tell(world, 'r1', ENDED)
    github.befall('PATCH', '/1001', refusing(500))
    outbox.wake()
    const { untilMs } = await world.noted('report.put_off')
    await outbox.close()
    world.start()
    clock.advance(untilMs - clock.now())
    await world.noted('report.sent')
    const updates = github.seen.filter(({ method }) => method === 'PATCH').map(({ body }) => body)
    expect(updates).toHaveLength(2)
    expect(updates[1]).toBe(updates[0])
  })
})

describe('limits', () => {
  test.each([
    ['a secondary limit', refusing(403, SECONDARY, { 'retry-after': '17' }), 17_000],
    ['a secondary limit without a time', refusing(403, SECONDARY), 60_000],
    ['a 429', refusing(429, { message: 'Slow down' }, { 'retry-after': '3' }), 3_000],
    [
      'a used-up limit',
      refusing(403, { message: 'API rate limit exceeded' }, used(START_MS / 1000 + 40)),
      41_000,
    ],
  ])(
    'R-REP-04 %s silences the installation until its time, across a restart, and no other',
    async (_, mishap, ms) => {
      await using world = await outboxWorld()
      const { github, clock, store } = world
      await queueRun(world, 'r1')
      github.befall('POST', CHECKS, mishap)
      const first = world.start()
      expect(await world.noted('outbox.limited')).toMatchObject({ installationId: 7, untilMs: START_MS + ms })
      await world.noted('report.put_off')
      await first.close()
      await store.addReports([aReaction(1), { ...aReaction(2), installationId: 8 }])
      world.start()
      expect((await world.noted('report.sent')).report.key).toBe('reaction:2')
      clock.advance(ms - 1)
      expect(await store.dueReports(clock.now(), 10)).toEqual([])
      expect(github.seen).toHaveLength(2)
      clock.advance(1)
      await world.noted('report.sent')
      await world.noted('report.sent')
      expect(github.checks).toHaveLength(1)
    },
  )

  test('R-REP-05 an installation is written to at its pace, and the rest waits in the store', async () => {
    await using world = await outboxWorld()
    const { store, clock, github } = world
    await store.addReports([1, 2, 3, 4].map(aReaction))
    world.start({ pace: { burst: 2, perHour: 3_600 } })
    await world.noted('report.sent')
    await world.noted('report.sent')
    expect(await store.dueReports(START_MS + 999, 10)).toEqual([])
    clock.advance(1_000)
    expect((await world.noted('report.sent')).report.key).toBe('reaction:3')
    expect(github.reactions.size).toBe(3)
  })
})

describe('faults', () => {
  test.each([
    ['not found', refusing(404), 'HTTP 404: Refused'],
    ['gone', refusing(410), 'HTTP 410: Refused'],
    [
      'a true 422',
      refusing(422, { message: 'No commit found for SHA' }),
      'HTTP 422: No commit found for SHA',
    ],
    [
      'no permission',
      refusing(403, { message: 'Resource not accessible by integration' }),
      'HTTP 403: Resource not',
    ],
    ['a true conflict', refusing(409, { message: 'Conflict' }), 'HTTP 409: Conflict'],
    [
      'a conflict with something else',
      refusing(422, ALREADY),
      'something else in the place of report check:r1:0',
    ],
  ])('R-QUE-09 %s is final, visible, and stops nobody else', async (_, mishap, error) => {
    await using world = await outboxWorld()
    await queueRun(world, 'r1')
    await queueRun(world, 'r2')
    world.github.befall('POST', CHECKS, mishap)
    world.start()
    const failed = await world.noted('report.failed')
    expect(failed).toMatchObject({ report: { key: 'check:r1:0' }, attempts: 1 })
    expect(failed.error).toContain(error)
    expect((await world.noted('report.sent')).report.key).toBe('check:r2:0')
    expect((await world.store.failedReports(9)).newest).toMatchObject([
      { key: 'check:r1:0', error: failed.error },
    ])
  })

  test.each([409, 422])(
    'R-REP-04 a %i that says our own check run is there is success, and it is updated',
    async (status) => {
      await using world = await outboxWorld()
      const { github } = world
      await queueRun(world, 'r1')
      github.checks.push({ ...aStranger(77), external_id: 'r1' })
      github.befall('POST', CHECKS, refusing(status, ALREADY))
      world.start()
      await world.noted('report.sent')
      expect(github.checks).toMatchObject([{ id: 77, body: { status: 'queued' } }])
      expect((await world.store.run('r1'))?.checkRunId).toBe(77)
    },
  )

  test('R-REP-04 a reaction of which GitHub says twice that it is there already is success', async () => {
    await using world = await outboxWorld()
    await world.store.addReports([aReaction(1)])
    world.github.befall('POST', '/reactions', refusing(422, ALREADY), refusing(422, ALREADY))
    world.start()
    const { untilMs } = await world.noted('report.put_off')
    world.clock.advance(untilMs - START_MS)
    expect((await world.noted('report.sent')).report.key).toBe('reaction:1')
  })

  test('R-REP-04 an update of which GitHub says twice that it is there already is given up, in sight', async () => {
    await using world = await outboxWorld()
    await queueRun(world, 'r1')
    const outbox = world.start()
    await world.noted('report.sent')
    world.github.befall('PATCH', '/1001', refusing(422, ALREADY), refusing(422, ALREADY))
    await tell(world, 'r1', ENDED)
    outbox.wake()
    const { untilMs } = await world.noted('report.put_off')
    world.clock.advance(untilMs - world.clock.now())
    expect((await world.noted('report.failed')).report.key).toBe('check:r1:1')
  })

  test('R-QUE-11 a report that cannot be sent, whatever the way, does not stop the loop', async () => {
    await using world = await outboxWorld()
    const { store } = world
    const poison = [
      { ...aReaction(1), commentId: null },
      { ...aReply('x'), key: 'reply:1', body: 'no JSON' },
    ]
    await store.addReports([...poison, aReaction(2), aReaction(3)])
    world.start({ store: failingOn(store, 'reaction:2') })
    expect((await world.noted('report.failed')).error).toContain('a reaction to no comment')
    expect((await world.noted('report.failed')).error).toContain('The body of report reply:1 cannot be sent')
    expect((await world.noted('outbox.fault')).error).toBe('disk I/O error')
    expect((await world.noted('report.sent')).report.key).toBe('reaction:3')
  })

  test('R-QUE-11 a store that fails is asked again later', async () => {
    await using world = await outboxWorld()
    await world.store.addReports([aReaction(1)])
    let asked = 0
    const store: OutboxStore = {
      ...world.store,
      dueReports: (nowMs, limit) =>
        asked++ === 0 ? Promise.reject(new Error('disk I/O error')) : world.store.dueReports(nowMs, limit),
    }
    world.start({ store })
    await world.noted('outbox.fault')
    expect(world.github.seen).toEqual([])
    world.clock.advance(5_000)
    await world.noted('report.sent')
  })

  test('R-QUE-09 after a day of failures a report is given up, and visible', async () => {
    await using world = await outboxWorld()
    await queueRun(world, 'r1')
    world.github.befall('POST', CHECKS, refusing(502), refusing(502, { message: 'Still down' }))
    world.start()
    await world.noted('report.put_off')
    world.clock.advance(24 * 3_600_000)
    expect(await world.noted('report.failed')).toMatchObject({ attempts: 2, error: 'HTTP 502: Still down' })
    expect((await world.store.failedReports(9)).newest).toMatchObject([
      { key: 'check:r1:0', error: 'HTTP 502: Still down' },
    ])
  })

  test('R-QUE-09 given up after a day, and asked for once more by hand, a report has another day', async () => {
    await using world = await outboxWorld()
    const { clock, store } = world
    await queueRun(world, 'r1')
    world.github.befall('POST', CHECKS, refusing(502), refusing(502), refusing(502), refusing(502))
    const outbox = world.start()
    await world.noted('report.put_off')
    clock.advance(24 * 3_600_000)
    await world.noted('report.failed')
    expect(await store.retryReport('check:r1:0', clock.now())).toBe('again')
    outbox.wake()
    await world.noted('report.put_off')
    clock.advance(24 * 3_600_000)
    expect(await world.noted('report.failed')).toMatchObject({ attempts: 4 })
    expect(await store.retryReport('check:r1:0', clock.now())).toBe('again')
    outbox.wake()
    await world.noted('report.sent')
    expect(world.github.checks).toMatchObject([{ external_id: 'r1' }])
  })

  test('R-QUE-09 what waited for days since no service ran is not given up at the first try of the next one, nor since the clock was set', async () => {
    await using world = await outboxWorld()
    const { clock, github } = world
    await queueRun(world, 'r1')
    github.befall('POST', CHECKS, refusing(502), refusing(502), refusing(502), refusing(502))
    const outbox = world.start()
    await world.noted('report.put_off')
    await outbox.close()
    clock.advance(3 * 24 * 3_600_000)
    world.start()
    const { untilMs } = await world.noted('report.put_off')
    clock.jump(24 * 3_600_000)
    await world.noted('report.put_off')
    clock.advance(3_600_000 + untilMs - START_MS)
    expect(await world.noted('report.failed')).toMatchObject({ attempts: 4 })
  })

  test('R-Q-05 R-QUE-09 what waited for days since the outbox was switched off is not given up at the first try, once it is on again', async () => {
    await using world = await outboxWorld()
    const { clock, github } = world
    let isOff = true
    await queueRun(world, 'r1')
    github.befall('POST', CHECKS, refusing(502), refusing(502))
    const outbox = world.start({ isOff: () => isOff })
    for (let day = 1; day <= 3; day += 1) {
      const looked = clock.nextSleeper(clock.now() + 24 * 3_600_000 + 5_000)
      clock.advance(24 * 3_600_000)
      await looked
    }
    expect(github.seen, 'nothing is said').toEqual([])
    isOff = false
    outbox.wake()
    await world.noted('report.put_off')
    clock.advance(3_600_000)
    expect(await world.noted('report.failed')).toMatchObject({ attempts: 2 })
  })

  test('R-REP-04 who is asked to wait has not been refused: after a day too, the silence is kept, and nothing given up', async () => {
    await using world = await outboxWorld()
    const { clock, github, store } = world
    await queueRun(world, 'r1')
    const wait = refusing(
      403,
      { message: 'You have exceeded a secondary rate limit' },
      { 'retry-after': '600' },
    )
    github.befall('POST', CHECKS, refusing(502), wait)
    world.start()
    await world.noted('report.put_off')
    clock.advance(24 * 3_600_000)
    expect(await world.noted('outbox.limited')).toMatchObject({ untilMs: clock.now() + 600_000 })
    expect(await store.limitedUntil(aRun('r1').installationId, clock.now())).toBe(clock.now() + 600_000)
    clock.advance(600_000)
    await world.noted('report.sent')
  })

  test('R-QUE-09 after 300 attempts a report is given up', async () => {
    await using world = await outboxWorld()
    const { store } = world
    await store.addReports([aReaction(1)])
    const [report] = await store.dueReports(START_MS, 1)
    for (let attempt = 1; attempt < 300; attempt += 1) await store.beginReport(report?.seq ?? 0, START_MS)
    world.github.befall('POST', '/reactions', refusing(502))
    world.start()
    expect(await world.noted('report.failed')).toMatchObject({ attempts: 300 })
  })

  test('R-REP-06 no token is noted or stored, and bad credentials are tried again with the token of the day', async () => {
    await using world = await outboxWorld()
    const { github, clock, store } = world
    const secret = `ghs_${'a1B2'.repeat(9)}`
    await store.addReports([aReaction(1)])
    github.befall('POST', '/reactions', refusing(401, { message: `Bad credentials: token ${secret}` }))
    world.start()
    const { untilMs, error } = await world.noted('report.put_off')
    expect(error).toBe('HTTP 401: Bad credentials: token ***')
    github.tokens.clear()
    github.tokens.add('second')
    clock.advance(untilMs - clock.now())
    await world.noted('report.sent')
    expect(github.seen.map(({ token }) => token)).toEqual(['first', 'second'])
    expect(JSON.stringify(world.notes)).not.toContain('ghs_')
  })
})

describe('runs beside each other', () => {
  test('R-REP-02 a request that hangs keeps back its own run only, and its end comes after it', async () => {
    await using world = await outboxWorld()
    const { github, clock } = world
    await queueRun(world, 'r1')
    const outbox = world.start()
    await world.noted('report.sent')
    github.befall('PATCH', '/1001', HUNG_BEFORE)
    await tell(world, 'r1', { state: 'starting' })
    clock.advance(REST_MS)
    outbox.wake()
    await github.came('PATCH', '/1001')
    await tell(world, 'r1', ENDED)
    await queueRun(world, 'r2')
    outbox.wake()
    expect((await world.noted('report.sent')).report.key).toBe('check:r2:0')
    clock.advance(20_000)
    await queueRun(world, 'r3')
    outbox.wake()
    expect((await world.noted('report.sent')).report.key).toBe('check:r3:0')
    expect(github.checks[0]?.body).toMatchObject({ status: 'queued' })
    clock.advance(10_000)
    const cut = await world.noted('report.put_off')
    expect(cut.error).toContain(
      'No answer to PATCH /repos/{owner}/{repo}/check-runs/{check_run_id} of acme/site within 30 s',
    )
    expect(cut.untilMs).toBe(clock.now() + 10_000)
    clock.advance(cut.untilMs - clock.now())
    expect((await world.noted('report.sent')).report).toMatchObject({ runId: 'r1', terminal: true })
    expect(github.checks[0]?.body).toMatchObject({ status: 'completed' })
  })
})

test('R-REP-02 R-QUE-11 an installation whose requests all hang holds back no other, however much of it is due', async () => {
  await using world = await outboxWorld()
  const { github, store } = world
  const theirs = Array.from({ length: 40 }, (_, id) => aReaction(id))
  github.befall('POST', '/reactions', ...theirs.slice(0, 8).map(() => HUNG_BEFORE))
  await store.addReports(theirs)
  const outbox = world.start()
  await github.came('POST', '/reactions', 8)
  await store.addReports([{ ...aReaction(99), installationId: 8 }])
  outbox.wake()
  expect((await world.noted('report.sent')).report).toMatchObject({ commentId: 99, installationId: 8 })
  expect(github.seen).toHaveLength(9)
})

test('R-REP-02 R-QUE-11 nor do several whose requests hang, however long', async () => {
  await using world = await outboxWorld()
  const { github, store, clock } = world
  const theirs = [7, 8, 9].flatMap((installationId) =>
    Array.from({ length: 7 }, (_, id) => ({ ...aReaction(100 * installationId + id), installationId })),
  )
  github.befall('POST', '/reactions', ...theirs.map(() => HUNG_BEFORE))
  await store.addReports(theirs)
  const outbox = world.start()
  await github.came('POST', '/reactions', 16)
  outbox.wake()
  await github.came('POST', '/reactions', theirs.length)
  clock.advance(20_000)
  await store.addReports([{ ...aReaction(99), installationId: 10 }])
  outbox.wake()
  expect((await world.noted('report.sent')).report).toMatchObject({ commentId: 99, installationId: 10 })
})

describe('the end of the service', () => {
  test('closing sends nothing more, and lets what is on its way arrive', async () => {
    await using world = await outboxWorld()
    await world.store.addReports([aReaction(1)])
    const outbox = world.start()
    await world.noted('report.sent')
    await outbox.close()
    await world.store.addReports([aReaction(2)])
    outbox.wake()
    await outbox.close()
    expect(world.github.reactions.size).toBe(1)
  })

  test('closing cuts what hangs after its grace, and the next service goes on from there', async () => {
    await using world = await outboxWorld()
    await queueRun(world, 'r1')
    world.github.befall('POST', CHECKS, HUNG_AFTER)
    await dieWithRequest(world)
    expect(await world.store.dueReports(START_MS + 10_000, 10)).toMatchObject([
      { key: 'check:r1:0', attempts: 1 },
    ])
    expect(world.notes).toEqual([])
  })
})

const BURST = [
  { state: 'starting' },
  { state: 'running', stage: 'checkout' },
  { state: 'running', stage: 'check' },
] as const
const ENDED = { state: 'concluded', verdict: PASSED, concludedAtMs: START_MS + 60_000 } as const
const ALREADY = { message: 'Validation Failed', errors: [{ resource: 'CheckRun', code: 'already_exists' }] }

async function queueRun(world: OutboxWorld, id: string, ...before: readonly NewReport[]): Promise<void> {
  const run = aRun(id)
  await world.queue([run], [...before, firstCheck(run, null)])
}

/** Changes a run together with its report, as dispatcher and follower do. */
async function tell(
  world: OutboxWorld,
  id: string,
  change: RunChange,
  annotations: Annotations | null = null,
): Promise<void> {
  const row = await world.store.run(id)
  if (row === null) throw new Error(`run ${id} is missing`)
  const after: RunRow = { ...row, ...change }
  const changed = await world.store.change(id, row.state, change, [
    checkReport(after, EMPTY_JOURNAL, { ...NO_EXTRAS, annotations }),
  ])
  expect(changed).toEqual({ kind: 'changed' })
}

/** An outbox that is ended while its first request hangs. */
async function dieWithRequest(world: OutboxWorld): Promise<void> {
  const outbox = world.start()
  await world.github.came('POST', CHECKS)
  const grace = world.clock.nextSleeper(world.clock.now() + 5_000)
  const closed = outbox.close()
  await grace
  world.clock.advance(5_000)
  await closed
}

function aReply(body: string): NewReport {
  return { ...aReaction(99), key: 'reply:99', kind: 'reply', commentId: null, body: JSON.stringify({ body }) }
}

function aStranger(id: number) {
  const name = 'berth / hello'
  return { id, sha: SHA, external_id: `other-${id}`, name, body: {}, annotations: [], app: { id: 31 } }
}

function used(resetSeconds: number) {
  return { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(resetSeconds) }
}

function failingOn(store: OutboxStore, key: string): OutboxStore {
  return {
    ...store,
    async beginReport(seq, dueAgainMs) {
      const due = await store.dueReports(START_MS, 100)
      if (due.some((report) => report.seq === seq && report.key === key)) throw new Error('disk I/O error')
      return store.beginReport(seq, dueAgainMs)
    },
  }
}
