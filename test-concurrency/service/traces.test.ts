import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { stageKey } from '../../src/model/phaseKeys.ts'
import { traceparentOf } from '../../src/tracing/ids.ts'
import { killTogether } from '../fixtures/crash.ts'
import { BERTH, GATE, SITE } from '../fixtures/world.ts'
import { type Collector, startCollector, type TakenSpan } from './fixtures/collector.ts'
import type { AskedRun } from './fixtures/people.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

/** What a stage finds in its environment, in a file of its name. */
const JOINS = (name: string) => `printf %s "\${TRACEPARENT-}" >"$GATES/${name}"`

describe.concurrent('the trace of a run', () => {
  test('R-OBS-02 green: one tree, each part inside the part that it belongs to, with its times; its stages may join it', async ({
    scene,
  }) => {
    await using collector = await startCollector()
    const stages = { up: `${SITE} up; ${JOINS('up')}`, check: `${SITE} check` }
    scene.recipe('app', { stages, teardown: `${SITE} down; ${JOINS('down')}` })
    await serveTraced(scene, collector)
    const run = await scene.testme(1)
    await run.completed()
    const spans = await collector.traceOf(run.id)
    expect(treeOf(spans)).toEqual([
      'RUN app: success',
      '  launch',
      '  queue',
      '  report to GitHub',
      '  run process',
      '    check: success',
      '    checkout: success',
      '    teardown: success',
      '    up: success',
    ])
    expect(timesOf(run, 'stage', 'up')).toEqual([
      spanNamed(spans, 'up').startMs,
      spanNamed(spans, 'up').endMs,
    ])
    expectInside(spans)
    expect(parentIn(scene, 'up')).toBe(`00-${spans[0]?.traceId}-${spanNamed(spans, 'up').spanId}-01`)
    expect(parentIn(scene, 'down')).toBe(`00-${spans[0]?.traceId}-${spanNamed(spans, 'teardown').spanId}-01`)
    expect(spanNamed(spans, 'teardown').attributes).toMatchObject({
      'berth.teardown.verified': true,
      'berth.teardown.left': 0,
      'cicd.pipeline.task.run.url.full': expect.stringMatching(`/runs/${run.id}/logs/teardown$`),
    })
    expect(collector.requests()[0]).toMatchObject({
      path: '/v1/traces',
      headers: { 'x-tenant': 'berth', 'content-type': 'application/json' },
    })
  })

  test('R-OBS-02 red, cancelled, out of time: each says so, where it happened and as a whole', async ({
    scene,
  }) => {
    await using collector = await startCollector()
    const inside = scene.world.gate('inside')
    scene.recipe('red', { stages: { boom: 'exit 7' } })
    scene.recipe('long', { stages: { inside: `${GATE} inside` } })
    scene.recipe('late', { stages: { sleeps: 'sleep 1000' }, deadline: '1s' })
    scene.recipe('slow', { stages: { sleeps: { run: 'sleep 1000', timeout: '1s' } } })
    await serveTraced(scene, collector)
    const red = await scene.testme(1, 'red')
    const late = await scene.testme(1, 'late')
    const slow = await scene.testme(1, 'slow')
    const long = await scene.testme(2, 'long')
    await inside.reached()
    await scene.comment(2, '!testme cancel')
    expect(shapeOf(await collector.traceOf(red.id), 'boom')).toEqual([
      { 'cicd.pipeline.result': 'failure', 'berth.end.reason': 'stage_failed', 'error.type': 'stage_failed' },
      2,
      { 'cicd.pipeline.task.run.result': 'failure', 'error.type': 'failure', 'process.exit.code': 7 },
      2,
    ])
    // On a busy machine its time is over before its stage begins.
    expect(shapeOf(await collector.traceOf(late.id), 'teardown').slice(0, 2)).toMatchObject([
      { 'cicd.pipeline.result': 'timeout', 'berth.stop.reason': 'deadline', 'error.type': 'deadline' },
      2,
    ])
    expect(shapeOf(await collector.traceOf(slow.id), 'sleeps')).toMatchObject([
      { 'cicd.pipeline.result': 'failure' },
      2,
      { 'cicd.pipeline.task.run.result': 'timeout', 'error.type': 'timeout' },
      2,
    ])
    expect(shapeOf(await collector.traceOf(long.id), 'inside')).toMatchObject([
      { 'cicd.pipeline.result': 'cancellation', 'berth.stop.reason': 'cancelled' },
      0,
      { 'cicd.pipeline.task.run.result': 'cancellation' },
      0,
    ])
  })

  test('R-OBS-02 a run that waited for its domain says for how long; one whose processes were killed has a second process, which tore it down', async ({
    scene,
  }) => {
    await using collector = await startCollector()
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
    await serveTraced(scene, collector)
    const first = await scene.testme(1)
    await inside.reached()
    const second = await scene.testme(1)
    await second.shows('what it waits for', ({ output }) => (output.title ?? '').includes(first.id))
    const { pid, wrapper } = first.conductor()
    await killTogether(pid, wrapper)
    await inside.reached()
    inside.go()
    const spans = await collector.traceOf(first.id)
    expect(treeOf(spans)).toEqual([
      'RUN app: error',
      '  launch',
      '  queue',
      '  recovery',
      '    teardown: success',
      '  report to GitHub',
      '  run process',
      '    checkout: success',
      '    inside: error',
      '    up: success',
    ])
    const waited = await collector.traceOf(second.id)
    const [queue, lock] = [spanNamed(waited, 'queue'), spanNamed(waited, 'lock')]
    expect(lock.parentSpanId).toBe(queue.spanId)
    expect(lock.endMs).toBeGreaterThan(spanNamed(spans, 'inside').endMs)
    expect(lock.endMs).toBeLessThanOrEqual(queue.endMs)
    expectInside(waited)
  })

  test('R-OBS-02 R-RUN-09 begun under one service and ended under the next: one trace, under the ids that its stages were told', async ({
    scene,
  }) => {
    await using collector = await startCollector()
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { inside: `${JOINS('inside')}; ${GATE} inside` } })
    await serveTraced(scene, collector)
    const run = await scene.testme(1)
    await inside.reached()
    await scene.service().kill()
    inside.go()
    await run.concluded()
    await serveTraced(scene, collector)
    const spans = await collector.traceOf(run.id)
    expect(spans.filter(({ parentSpanId }) => parentSpanId === null)).toHaveLength(1)
    expect(parentIn(scene, 'inside')).toBe(`00-${spans[0]?.traceId}-${spanNamed(spans, 'inside').spanId}-01`)
  })

  test('R-OBS-02 `berth run` tells its stages of the trace that its id makes, and needs no collector', async ({
    scene,
  }) => {
    scene.recipe('app', { stages: { up: `${SITE} up; ${JOINS('up')}` } })
    const env = { ...scene.world.env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
    const cli = scene.world.start([BERTH, 'run', 'app'], { env })
    const run = await cli.says(/^run ([0-9a-z]{16}): /m)
    await cli.endedWith(0)
    expect(parentIn(scene, 'up')).toBe(traceparentOf(run, stageKey('up')))
  })

  test('R-OBS-02 nothing that people or commands said is in it: no arguments, no secrets, no output', async ({
    scene,
  }) => {
    await using collector = await startCollector()
    scene.world.secret('TOKEN', 'hunter2-hunter2')
    scene.recipe('app', {
      stages: { says: 'cat "$BERTH_SECRETS/TOKEN"; echo an-output-of-it; exit 3' },
      arguments: { size: { values: ['an-argument', 's'], default: 's' } },
      secrets: { TOKEN: {} },
    })
    await serveTraced(scene, collector)
    const run = await scene.testme(1, 'size=an-argument')
    await collector.traceOf(run.id)
    expect(collector.bodies().join()).toContain(run.id)
    expect(collector.bodies().join()).not.toMatch(/hunter2|an-output-of-it|an-argument|octocat/)
  })
})

async function serveTraced(scene: Scene, { url }: Pick<Collector, 'url'>): Promise<void> {
  const env = { ...scene.env, OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=berth' }
  await scene.begin(env).ready()
}

/** A line for each span, below the one that it is in. */
function treeOf(spans: readonly TakenSpan[], parent: string | null = null, indent = ''): readonly string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((span) => [`${indent}${lineOf(span)}`].concat(treeOf(spans, span.spanId, `${indent}  `)))
}

function lineOf({ name, attributes }: TakenSpan): string {
  const result = attributes['cicd.pipeline.result'] ?? attributes['cicd.pipeline.task.run.result']
  return result === undefined ? name : `${name}: ${String(result)}`
}

function spanNamed(spans: readonly TakenSpan[], name: string): TakenSpan {
  const [span, other] = spans.filter((one) => one.name === name)
  if (span === undefined || other !== undefined) throw new Error(`there is not one span ${name}`)
  return span
}

/** No part is longer than what it is in; that GitHub was told comes after the run. */
function expectInside(spans: readonly TakenSpan[]): void {
  for (const { traceId } of spans) expect(traceId).toBe(spans[0]?.traceId)
  for (const span of spans) {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId)
    if (parent === undefined || span.name === 'report to GitHub') continue
    expect(span.startMs, span.name).toBeGreaterThanOrEqual(parent.startMs)
    expect(span.endMs, span.name).toBeLessThanOrEqual(parent.endMs)
  }
}

/** What the journal says of a stage. */
function timesOf(run: AskedRun, what: string, name: string): readonly (number | undefined)[] {
  const line = (event: string) =>
    run.journal().find((one) => one.event === `${what}.${event}` && one.name === name)
  return [line('started')?.at, line('ended')?.at]
}

/** The attributes that say how it ended, and the statuses, of the run and of a stage. */
function shapeOf(spans: readonly TakenSpan[], stage: string): readonly unknown[] {
  const root = spans.find(({ parentSpanId }) => parentSpanId === null)
  const { attributes, status } = spanNamed(spans, stage)
  return [endOf(root?.attributes ?? {}), root?.status, endOf(attributes), status]
}

const END = /result$|reason$|^error\.type$|^process\.exit\.code$/

function endOf(attributes: TakenSpan['attributes']): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => END.test(name)))
}

function parentIn(scene: Scene, name: string): string {
  return readFileSync(join(scene.world.root, 'gates', name), 'utf8')
}
