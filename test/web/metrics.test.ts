import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import { OUTCOMES } from '../../src/model/outcomes.ts'
import type { RunChange } from '../../src/model/ports.ts'
import { REFUSALS } from '../../src/model/refusal.ts'
import type { Report } from '../../src/model/report.ts'
import { createMachine } from '../../src/process/machine.ts'
import { changeRun, concludeRun } from '../../src/queue/changes.ts'
import type { QueueWorld } from '../../src/queue/ports.ts'
import type { OutboxNote } from '../../src/report/send.ts'
import { gaugeIn, mustHaveAll } from '../../src/web/metrics/make.ts'
import { METRICS } from '../../src/web/metrics/table.ts'
import { createMetrics } from '../../src/web/metrics.ts'
import { LIMITS } from '../model/policyWorld.ts'
import { aCheck, aReaction, PASSED } from '../store/samples.ts'
import { aQueued, aRequest, begun, DOMAIN, type Scene, stage, startScene, tornDown } from './scene.ts'

test('R-OBS-02 what is scraped is what the table says: names, types, words and labels', async () => {
  await using scene = await startScene()
  const { text, headers } = await scene.get('/metrics')
  expect(headers.get('content-type')).toContain('text/plain; version=0.0.4')
  const told = [...text.matchAll(/^# HELP (\w+) (.+)\n# TYPE \w+ (\w+)$/gm)].map(([, ...row]) => row)
  expect(told.toSorted()).toEqual(
    Object.values(METRICS)
      .map(({ name, help, type }) => [name, help, type])
      .toSorted(),
  )
  for (const [, name, labels] of text.matchAll(/^(\w+)\{([^}]*)\}/gm)) {
    const row = Object.values(METRICS).find(
      (one) => name === one.name || name?.replace(/_(bucket|sum|count)$/, '') === one.name,
    )
    const used = [...(labels ?? '').matchAll(/(\w+)="/g)]
      .map(([, label]) => label)
      .filter((label) => label !== 'le')
    expect(Object.keys(row?.labels ?? {}), name).toEqual(expect.arrayContaining(used))
  }
})

test('R-OBS-02 every metric is named berth_…, with its unit, and counters with _total', () => {
  for (const { name, type, help } of Object.values(METRICS)) {
    expect(name).toMatch(/^berth_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(type === 'counter')
    expect(name.endsWith('_seconds')).toBe(type === 'histogram')
    expect(help).not.toBe('')
  }
})

test('R-OBS-02 the gauges say what stands at the moment of the scrape', async () => {
  await using scene = await startScene()
  const [first, second] = [aQueued(), aQueued()]
  await scene.queue(first, second)
  await scene.change(first.id, { state: 'starting', startedAtMs: Date.now() })
  scene.hold(DOMAIN, first.id, Date.now())
  expect(
    await valuesOf(scene, ['berth_slots', 'berth_runs_queued', 'berth_runs_live{state="starting"}']),
  ).toEqual([4, 1, 1])
  expect(await valuesOf(scene, ['berth_names{state="busy"}', 'berth_names{state="dirty"}'])).toEqual([1, 0])
  expect(await valuesOf(scene, ['berth_reports_pending', 'berth_reports_failed'])).toEqual([2, 0])
  const due = await scene.store.dueReports(Number.MAX_SAFE_INTEGER, 9)
  const report = due.find(({ runId }) => runId === first.id)
  await scene.store.reportFailed(report?.seq ?? 0, 'HTTP 403', 1)
  await scene.change(second.id, { state: 'concluded', verdict: PASSED, concludedAtMs: 2 })
  expect(
    await valuesOf(scene, ['berth_runs_queued', 'berth_reports_pending', 'berth_reports_failed']),
  ).toEqual([0, 1, 1])
})

test('R-OBS-02 a run that goes its way through the queue is counted and measured once, however often it is told of', async () => {
  await using scene = await startScene()
  const run = aQueued({ enqueuedAtMs: Date.now() - 90_000 })
  await scene.queue(run)
  const world = queueWorld(scene)
  scene.folder(aRequest(run.id), [
    ...begun(1),
    ...stage('check', 9, 2_000),
    ...stage('deploy', 9, 9, 'failure'),
    ...tornDown(30, 700),
  ])
  await step(world, run.id, { waitsFor: 'a free slot' })
  await step(world, run.id, { waitsFor: 'something else' })
  await step(world, run.id, { state: 'starting', startedAtMs: Date.now() })
  await step(world, run.id, { state: 'running', stage: 'check' })
  await step(world, run.id, { stage: 'deploy' })
  await scene.store.requestStop(run.id, { reason: 'cancelled', by: 'octocat', atMs: Date.now() - 3_000 })
  await step(world, run.id, { state: 'tearing_down' })
  const row = await scene.store.run(run.id)
  if (row === null) throw new Error('the run is gone')
  await concludeRun(world, row, { ...PASSED, conclusion: 'cancelled', reason: 'cancelled' }, EMPTY_JOURNAL)
  expect(
    await valuesOf(scene, [
      'berth_runs_started_total',
      'berth_runs_concluded_total{conclusion="cancelled",reason="cancelled"}',
      'berth_run_queue_seconds_count',
      'berth_run_queue_seconds_bucket{le="60"}',
      'berth_run_queue_seconds_bucket{le="120"}',
      'berth_run_phase_seconds_count{state="starting"}',
      'berth_run_phase_seconds_count{state="running"}',
      'berth_run_phase_seconds_count{state="tearing_down"}',
      'berth_run_stop_seconds_bucket{le="2.5"}',
      'berth_run_stop_seconds_bucket{le="5"}',
      'berth_stages_total{outcome="success"}',
      'berth_stages_total{outcome="failure"}',
      'berth_stage_seconds_sum{outcome="success"}',
      'berth_teardowns_total{proof="verified"}',
      'berth_teardown_seconds_sum',
    ]),
  ).toEqual([1, 1, 1, 0, 1, 1, 1, 1, 0, 1, 1, 1, 2, 1, 0.7])
})

test('a state that a restarted service finds a run in is not measured from the middle', async () => {
  await using scene = await startScene()
  const run = aQueued()
  await scene.queue(run)
  for (const state of ['running', 'tearing_down', 'concluded'])
    scene.metrics.observe(`run.${state}`, { run: run.id })
  const names = [
    'berth_run_phase_seconds_count{state="running"}',
    'berth_run_phase_seconds_count{state="tearing_down"}',
  ]
  expect(await valuesOf(scene, names)).toEqual([null, 1])
})

test('R-OBS-02 what the outbox notes is measured by kind, an end apart from progress', async () => {
  await using scene = await startScene()
  const tell = (note: OutboxNote) => scene.metrics.observe(note.event, note)
  const report: Report = {
    ...aCheck('r1', 0),
    seq: 1,
    attempts: 1,
    createdAtMs: 1,
    told: false,
    againAtMs: 0,
  }
  const reaction: Report = { ...report, ...aReaction(9) }
  tell({ event: 'report.sent', report: reaction, attempts: 1, ageMs: 1_500 })
  tell({ event: 'report.sent', report: { ...report, terminal: true }, attempts: 1, ageMs: 4_000 })
  tell({ event: 'report.put_off', report, attempts: 1, error: 'HTTP 502', untilMs: 9 })
  tell({ event: 'report.failed', report, attempts: 9, error: 'HTTP 403' })
  tell({ event: 'outbox.fault', error: 'x' })
  expect(
    await valuesOf(scene, [
      'berth_report_seconds_sum{kind="reaction"}',
      'berth_report_seconds_sum{kind="conclusion"}',
      'berth_report_retries_total{kind="check"}',
      'berth_reports_given_up_total{kind="check"}',
      'berth_faults_total{event="outbox.fault"}',
    ]),
  ).toEqual([1.5, 4, 1, 1, 1])
})

test('R-OBS-02 deliveries, decisions and faults are counted', async () => {
  await using scene = await startScene()
  const { observe } = scene.metrics
  observe('delivery.stored', { delivery: 'd1', isNew: true })
  observe('delivery.stored', { delivery: 'd1', isNew: false })
  observe('delivery.refused', { status: 401 })
  observe('delivery.decided', { outcome: 'run_queued', isNew: true, runs: ['a', 'b'] })
  observe('delivery.decided', { outcome: 'head_moved', isNew: true, runs: [] })
  observe('delivery.decided', { outcome: 'bot', isNew: true, runs: [] })
  observe('delivery.decided', { outcome: 'run_queued', isNew: false, runs: ['a'] })
  observe('loop.failed', { loop: 'dispatch', error: 'x' })
  observe('something.failed', {})
  observe('something.happened', {})
  expect(
    await valuesOf(scene, [
      'berth_deliveries_total{outcome="new"}',
      'berth_deliveries_total{outcome="repeated"}',
      'berth_deliveries_total{outcome="refused"}',
      'berth_decisions_total{outcome="run_queued"}',
      'berth_decisions_total{outcome="head_moved"}',
      'berth_decisions_total{outcome="other"}',
      'berth_runs_accepted_total',
      'berth_faults_total{event="loop.failed"}',
      'berth_faults_total{event="other"}',
    ]),
  ).toEqual([1, 1, 1, 1, 1, 1, 2, 1, 1])
})

test('R-Q-08 nothing from outside becomes a label', async () => {
  await using scene = await startScene()
  const run = aQueued({ repository: 'evil/repository', actor: 'mallory', recipe: 'evil' })
  await scene.queue(run)
  const world = queueWorld(scene)
  await step(world, run.id, { state: 'starting', startedAtMs: 1 })
  await step(world, run.id, {
    state: 'concluded',
    verdict: { ...PASSED, title: 'evil title' },
    concludedAtMs: 2,
  })
  scene.metrics.observe('delivery.decided', { outcome: 'evil"} 1\nberth_evil 1', isNew: true, runs: 'evil' })
  scene.metrics.observe('report.sent', { kind: 'evil', ageMs: 1 })
  scene.metrics.observe('run.concluded', { run: { evil: true } })
  const { text } = await scene.get('/metrics')
  expect(text).toContain('berth_decisions_total{outcome="other"} 1')
  expect(text).toContain('berth_report_seconds_count{kind="other"} 1')
  expect(text).not.toMatch(/evil|mallory/)
})

test('a lookup that fails costs its numbers, is counted, and stops nothing', async () => {
  await using scene = await startScene()
  const run = aQueued()
  await scene.queue(run)
  const store = { ...scene.store, run: () => Promise.reject(new Error('locked')) }
  const metrics = createMetrics({
    store,
    names: () => [],
    runLook: () => null,
    journalEntries: () => [],
    config: () => ({ slots: 1, limits: LIMITS, switchedOff: [] }),
    refused: () => null,
    now: Date.now,
  })
  metrics.observe('run.concluded', { run: run.id })
  expect(await metrics.text()).toContain('berth_faults_total{event="metrics.failed"} 1')
})

/** The queue's own writing, with its log given to the metrics as the service does. */
function queueWorld({ store, state, metrics }: Scene): QueueWorld {
  const note = (data: object, event: string) => metrics.observe(event, data)
  return {
    store,
    unreported: () => [],
    suppressed: async () => [],
    slots: () => 1,
    isOff: () => false,
    waits: { of: async () => null, all: async () => new Map(), moved: () => undefined },
    checkReport: (row) => aCheck(row.id, row.reports, { terminal: row.state === 'concluded' }),
    reportsChanged: () => undefined,
    now: Date.now,
    log: { info: note, warn: note, error: note },
    machine: createMachine({
      state,
      inForce: () => ({
        config: loadConfig({ env: { BERTH_STATE_DIR: state.root }, cwd: state.root }),
        recipes: [],
      }),
      cloneToken: async () => null,
    }),
  }
}

async function step(world: QueueWorld, id: string, change: RunChange): Promise<void> {
  const row = await world.store.run(id)
  if (row === null || !(await changeRun(world, row, change, EMPTY_JOURNAL)))
    throw new Error('the run was not changed')
}

/** Values of samples as they stand in the text; null = there is no such sample. */
async function valuesOf(scene: Scene, samples: readonly string[]): Promise<readonly (number | null)[]> {
  const lines = (await scene.get('/metrics')).text.split('\n')
  return samples.map((sample) => {
    const line = lines.find((one) => one.startsWith(`${sample} `))
    return line === undefined ? null : Number(line.slice(sample.length + 1))
  })
}

test('R-Q-01 a metric that is promised and filled by nothing stops the start, by its name; as they are, all are filled', async () => {
  await using scene = await startScene()
  const registry = new Registry()
  gaugeIn(registry, METRICS.slots, async (gauge) => gauge.set(1))
  mustHaveAll(registry, [METRICS.slots])
  expect(() => mustHaveAll(registry, [METRICS.slots, METRICS.queued, METRICS.faults])).toThrow(
    'Nothing fills these metrics, which are promised: berth_runs_queued, berth_faults_total',
  )
  const { text } = await scene.get('/metrics')
  for (const { name, type } of Object.values(METRICS)) expect(text).toContain(`# TYPE ${name} ${type}\n`)
})

test('R-Q-01 R-OBS-02 every outcome of a command is counted under its own name', async () => {
  await using scene = await startScene()
  const outcomes = [...OUTCOMES, ...Object.keys(REFUSALS)]
  for (const outcome of outcomes)
    scene.metrics.observe('delivery.decided', { outcome, isNew: true, runs: [] })
  const { text } = await scene.get('/metrics')
  for (const outcome of outcomes) expect(text).toContain(`berth_decisions_total{outcome="${outcome}"} 1\n`)
})
