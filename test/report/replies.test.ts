import { expect, test } from 'vitest'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import type { NewReport } from '../../src/model/report.ts'
import type { Verdict } from '../../src/model/run.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { aReaction, aRun, PASSED } from '../store/samples.ts'
import { type OutboxWorld, outboxWorld } from './outboxWorld.ts'
import { LOST, refusing } from './strictGitHub.ts'

const COMMENT = 99
const FAILED: Verdict = { conclusion: 'failure', reason: 'stage_failed', title: 'check: exit 1', exitCode: 1 }
const DONE = '- `hello size=s`: **success**, `All 2 stages passed` (run [`r1`](https://ci.test/runs/r1))'
const RED = '- `hello size=s`: **failure**, `check: exit 1` (run [`r2`](https://ci.test/runs/r2))'
const MARK = '<!-- berth reply%3A99 -->'

test('R-REP-02 R-CMD-04 a reply is edited in place when its runs end, and never piled up', async () => {
  await using world = await outboxWorld()
  await ask(world, 'r1', 'r2')
  const outbox = world.start()
  await sent(world, 1)
  expect(bodies(world)).toEqual([`Testing.\n\n${MARK}`])
  await end(world, 'r1', PASSED)
  outbox.wake()
  await sent(world, 2)
  await end(world, 'r2', FAILED)
  outbox.wake()
  await sent(world, 3)
  expect(bodies(world)).toEqual([`Testing.\n\n${DONE}\n${RED}\n\n${MARK}`])
  expect(await world.store.pendingReports()).toBe(0)
})

test('R-REP-05 a reply whose runs are over before it could be sent costs one call', async () => {
  await using world = await outboxWorld()
  await ask(world, 'r1')
  await end(world, 'r1', PASSED)
  world.start()
  await sent(world, 1)
  expect(bodies(world)).toEqual([`Testing.\n\n${DONE}\n\n${MARK}`])
  expect(world.github.seen.filter(({ path }) => path.includes('/comments')).map(callOf)).toEqual(['POST'])
})

test('R-REP-03 a lost answer to a reply makes no second one: its next form finds and edits it', async () => {
  await using world = await outboxWorld()
  await ask(world, 'r1')
  world.github.befall('POST', '/comments', LOST)
  world.start()
  const { untilMs } = await world.noted('report.put_off')
  await end(world, 'r1', PASSED)
  world.clock.advance(untilMs - world.clock.now())
  await sent(world, 1)
  expect(bodies(world)).toEqual([`Testing.\n\n${DONE}\n\n${MARK}`])
})

test('R-REP-03 a reply that GitHub has, and that has not changed since, is not written again', async () => {
  await using world = await outboxWorld()
  await ask(world, 'r1')
  world.github.befall('POST', '/comments', LOST)
  world.start()
  const { untilMs } = await world.noted('report.put_off')
  world.clock.advance(untilMs - world.clock.now())
  await sent(world, 1)
  expect(world.github.seen.filter(({ path }) => path.includes('/comments')).map(callOf)).toEqual([
    'POST',
    'GET',
  ])
})

test('R-REP-02 a reply that somebody has taken away stays away, and is no failed report', async () => {
  await using world = await outboxWorld()
  await ask(world, 'r1')
  const outbox = world.start()
  await sent(world, 1)
  world.github.comments.length = 0
  await end(world, 'r1', PASSED)
  outbox.wake()
  await sent(world, 2)
  expect(bodies(world)).toEqual([])
  expect((await world.store.failedReports(1)).count).toBe(0)
})

test('R-REP-04 a conversation that is locked fails each form by itself, and stops nothing else', async () => {
  await using world = await outboxWorld()
  await ask(world, 'r1')
  world.github.befall(
    'POST',
    '/comments',
    refusing(403, { message: 'Unable to create comment because issue is locked.' }),
  )
  const outbox = world.start()
  expect((await world.noted('report.failed')).report.key).toBe('reply:99')
  await end(world, 'r1', PASSED)
  outbox.wake()
  await sent(world, 1)
  expect(world.github.checks).toMatchObject([{ body: { status: 'completed' } }])
})

/** Queues runs as a comment does that asked for them. */
async function ask(world: OutboxWorld, ...ids: readonly string[]): Promise<void> {
  const runs = ids.map((id) => aRun(id))
  const { repository, installationId, pr } = aRun('any')
  const reply = {
    commentId: COMMENT,
    repository,
    installationId,
    pr,
    parts: [{ text: 'Testing.', runs: ids, orders: [] }],
  }
  const first: NewReport = {
    ...aReaction(COMMENT),
    key: `reply:${COMMENT}`,
    kind: 'reply',
    body: JSON.stringify({ body: 'Testing.' }),
  }
  await world.queue(runs, [first, ...runs.map(check)], [reply])
}

function check(run: ReturnType<typeof aRun>): NewReport {
  return {
    ...aReaction(COMMENT),
    key: `check:${run.id}:0`,
    kind: 'check',
    runId: run.id,
    commentId: null,
    body: firstBody(run),
  }
}

function firstBody(run: ReturnType<typeof aRun>): string {
  return JSON.stringify({ name: 'berth / hello', head_sha: run.sha, external_id: run.id, status: 'queued' })
}

async function end(world: OutboxWorld, id: string, verdict: Verdict): Promise<void> {
  const row = await world.store.run(id)
  if (row === null) throw new Error(`run ${id} is missing`)
  const change = { state: 'concluded', verdict, concludedAtMs: world.clock.now() } as const
  const report = checkReport({ ...row, ...change }, EMPTY_JOURNAL, NO_EXTRAS)
  expect(await world.store.change(id, row.state, change, [report])).toEqual({ kind: 'changed' })
}

/** So many forms of replies have arrived. */
async function sent(world: OutboxWorld, forms: number): Promise<void> {
  const told = () =>
    world.notes.filter((note) => note.event === 'report.sent' && note.report.kind === 'reply').length
  while (told() < forms) await world.noted('report.sent')
}

function bodies({ github }: OutboxWorld): readonly string[] {
  return github.comments.map(({ body }) => body)
}

function callOf({ method }: { readonly method: string }): string {
  return method
}
