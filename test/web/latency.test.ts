import { expect, test } from 'vitest'
import type { EntryBody } from '../../src/model/journal.ts'
import { PASSED } from '../store/samples.ts'
import {
  aQueued,
  aRequest,
  begun,
  DOMAIN,
  type Line,
  type Scene,
  stage,
  startScene,
  tornDown,
} from './scene.ts'

const OVER: EntryBody = { event: 'concluded', verdict: PASSED }
const ENDING = {
  asked: 1,
  killed: 0,
  graceMs: 9,
  tookMs: 9,
  proofs: [{ kind: 'sweep', count: 1 }],
  left: [],
} as const

test('R-OBS-02 comment → answer: the first of a reaction and a reply, from the webhook on, once', async () => {
  await using scene = await startScene()
  const { observe } = scene.metrics
  const receivedAtMs = Date.now() - 4_000
  const decided = { outcome: 'run_queued', runs: [], receivedAtMs }
  observe('delivery.decided', { ...decided, isNew: true, comments: [7, 8, 9] })
  observe('delivery.decided', { ...decided, isNew: false, comments: [10] })
  observe('report.sent', { kind: 'reaction', terminal: false, comment: 7, ageMs: 1 })
  observe('report.sent', { kind: 'reply', terminal: false, comment: 7, ageMs: 1 })
  observe('report.sent', { kind: 'reply', terminal: false, comment: 8, ageMs: 1 })
  observe('report.failed', { kind: 'reply', terminal: false, comment: 9 })
  observe('report.sent', { kind: 'reply', terminal: false, comment: 9, ageMs: 1 })
  observe('report.sent', { kind: 'reply', terminal: false, comment: 10, ageMs: 1 })
  expect(await countOf(scene, 'berth_comment_ack_seconds', [2.5, 5])).toEqual([0, 2])
})

test('R-OBS-02 comment → running: to the first line of its process; after a restart from the decision, for a button not at all', async () => {
  await using scene = await startScene()
  const now = Date.now()
  const [first, second, button] = [
    aQueued({ commentId: 1, enqueuedAtMs: now - 8_000 }),
    aQueued({ commentId: 2, enqueuedAtMs: now - 80_000 }),
    aQueued({ commentId: null }),
  ]
  await scene.queue(first, second, button)
  scene.metrics.observe('delivery.decided', {
    outcome: 'run_queued',
    isNew: true,
    comments: [1],
    runs: [first.id],
    receivedAtMs: now - 20_000,
  })
  for (const run of [first, second, button]) {
    scene.folder(aRequest(run.id), begun(now))
    scene.metrics.observe('run.locked', { run: run.id })
  }
  expect(await countOf(scene, 'berth_comment_running_seconds', [10, 30, 60, 120])).toEqual([0, 1, 1, 2])
})

test('R-OBS-02 the wait for a lock is the part of the queue in which other runs had its names', async () => {
  await using scene = await startScene()
  const now = Date.now()
  const [before, waits, free] = [
    aQueued({ enqueuedAtMs: now - 900_000 }),
    aQueued({ enqueuedAtMs: now - 200_000 }),
    aQueued({ enqueuedAtMs: now - 200_000, domain: 'free.ci.test', names: ['free.ci.test'] }),
  ]
  await scene.queue(before, waits, free)
  await scene.change(before.id, { state: 'starting', startedAtMs: now - 800_000 })
  await scene.change(before.id, { state: 'concluded', verdict: PASSED, concludedAtMs: now - 155_000 })
  for (const run of [waits, free]) {
    await scene.change(run.id, { state: 'starting', startedAtMs: now })
    for (const event of ['run.starting', 'run.locked']) scene.metrics.observe(event, { run: run.id })
  }
  expect(await countOf(scene, 'berth_lock_wait_seconds', [0.05, 30, 60])).toEqual([1, 1, 2])
  expect(await countOf(scene, 'berth_run_queue_seconds', [120, 300])).toEqual([0, 2])
})

test('R-OBS-02 finish → reported: from the verdict in its journal, or in the records where it has none', async () => {
  await using scene = await startScene()
  const now = Date.now()
  const [ended, unstarted] = [aQueued(), aQueued()]
  await scene.queue(ended, unstarted)
  scene.folder(aRequest(ended.id), [...begun(now - 90_000), [now - 45_000, OVER]])
  for (const { id } of [ended, unstarted])
    await scene.change(id, { state: 'concluded', verdict: PASSED, concludedAtMs: now - 2_000 })
  const sent = { kind: 'check', terminal: true, ageMs: 1 }
  for (const { id } of [ended, unstarted]) scene.metrics.observe('report.sent', { ...sent, run: id })
  scene.metrics.observe('report.sent', { ...sent, terminal: false, run: ended.id })
  expect(await countOf(scene, 'berth_run_reported_seconds', [1, 5, 30, 60])).toEqual([0, 1, 1, 2])
})

test('R-OBS-02 launch, checkout, what did not end within its time, and how long it took until a cancelled stage was dead', async () => {
  await using scene = await startScene()
  const at = Date.now() - 60_000
  const cut = (name: string, outcome: 'timed_out' | 'cancelled'): readonly Line[] => [
    [at + 3_000, { event: 'stage.started', name, containment: { kind: 'sweep', run: 'r', stage: name } }],
    [at + 9_000, { event: 'stage.ended', name, outcome, exitCode: null, detail: 'x', ending: ENDING }],
  ]
  const stop = (reason: 'cancelled' | 'deadline'): Line => [
    at + 5_000,
    { event: 'stop.requested', stop: { reason, by: 'x', atMs: at + 5_000 } },
  ]
  const late: Line = [
    at + 20_000,
    {
      event: 'teardown.ended',
      report: { verified: false, ended: 0, ending: null, tookMs: 9, left: ['x'], timedOut: true },
    },
  ]
  const reason = { deadline: { ...PASSED, conclusion: 'timed_out', reason: 'deadline' } } as const
  await concluded(
    scene,
    at,
    [...begun(at + 300), ...cut('check', 'timed_out'), ...tornDown(at + 10_000, 5)],
    PASSED,
  )
  await concluded(
    scene,
    at,
    [...begun(at + 300), ...cut('check', 'cancelled'), stop('cancelled'), late],
    PASSED,
  )
  await concluded(
    scene,
    at,
    [...begun(at + 300), stop('deadline'), ...cut('check', 'timed_out')],
    reason.deadline,
  )
  await concluded(scene, at, [...begun(at + 300), ...stage('check', at + 3_000, 5)], PASSED)
  expect(await countOf(scene, 'berth_launch_seconds', [0.25, 0.5])).toEqual([0, 4])
  expect(await countOf(scene, 'berth_checkout_seconds', [1, 2.5], 'result="success"')).toEqual([0, 4])
  expect(await countOf(scene, 'berth_run_dead_seconds', [2.5, 5])).toEqual([0, 1])
  const { text } = await scene.get('/metrics')
  for (const what of ['stage', 'deadline', 'teardown'])
    expect(text).toContain(`berth_timeouts_total{what="${what}"} 1\n`)
})

test('R-OBS-02 recoveries by what came of them, attempts at deciding, limits and ceilings are counted', async () => {
  await using scene = await startScene()
  const { observe, traced } = scene.metrics
  for (const how of ['recovered', 'recovered', 'late', 'evil']) observe('run.taken_over', { run: 'r', how })
  for (const event of ['delivery.undecided', 'outbox.limited', 'ceiling.enforced', 'dispatch.failed'])
    observe(event, {})
  traced('dropped')
  const { text } = await scene.get('/metrics')
  for (const sample of [
    'berth_take_overs_total{how="recovered"} 2',
    'berth_take_overs_total{how="late"} 1',
    'berth_take_overs_total{how="given_up"} 0',
    'berth_delivery_retries_total 1',
    'berth_outbox_limited_total 1',
    'berth_take_overs_total{how="forced"} 1',
    'berth_faults_total{event="dispatch.failed"} 1',
    'berth_traces_total{outcome="dropped"} 1',
    'berth_traces_total{outcome="sent"} 0',
  ])
    expect(text).toContain(`${sample}\n`)
})

/** A run claimed at this time, with this journal, that is over now. */
async function concluded(
  scene: Scene,
  at: number,
  lines: readonly Line[],
  verdict: typeof PASSED,
): Promise<void> {
  const run = aQueued({ enqueuedAtMs: at - 1_000, domain: DOMAIN })
  await scene.queue(run)
  scene.folder(aRequest(run.id), lines)
  await scene.change(run.id, { state: 'starting', startedAtMs: at })
  await scene.change(run.id, { state: 'concluded', verdict, concludedAtMs: at + 30_000 })
  scene.metrics.observe('run.concluded', { run: run.id })
}

/** How many were at most so long, for each of these seconds. */
async function countOf(
  scene: Scene,
  name: string,
  seconds: readonly number[],
  labels = '',
): Promise<readonly number[]> {
  const lines = (await scene.get('/metrics')).text.split('\n')
  return seconds.map((le) => {
    const begin = `${name}_bucket{le="${le}"${labels === '' ? '' : `,${labels}`}} `
    return Number(lines.find((line) => line.startsWith(begin))?.slice(begin.length) ?? Number.NaN)
  })
}
