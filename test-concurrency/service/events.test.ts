import { describe, expect } from 'vitest'
import { killTogether } from '../fixtures/crash.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { type EventLine, eventLines, faultsOf } from './fixtures/eventLines.ts'
import type { AskedRun } from './fixtures/people.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe.concurrent('the log of a service', () => {
  test('R-OBS-01 green: each step of a run is one event, in order, and every line is as the table has it', async ({
    scene,
  }) => {
    const [inside, down] = [scene.world.gate('inside'), scene.world.gate('down')]
    const stages = { up: `${SITE} up`, check: `${SITE} check; ${GATE} inside` }
    scene.recipe('app', { stages, teardown: `${GATE} down; ${SITE} down` })
    await scene.serve()
    const run = await scene.testme(1)
    await inStage(run, inside, 'check')
    inside.go()
    await inTeardown(scene, run, down)
    down.go()
    await reported(scene, run)
    expect(journalled(scene, run)).toEqual([
      'run.locked',
      'run.prepared',
      'stage.started up',
      'stage.ended up success',
      'stage.started check',
      'stage.ended check success',
      'teardown.started',
      'teardown.verified',
    ])
    expect(recorded(scene, run)).toEqual([
      'run.queued',
      'run.starting',
      'run.running',
      'run.tearing_down',
      'run.concluded success passed',
    ])
    expectByTheTable(scene)
  })

  test('R-OBS-01 R-RUN-09 over a service that stops and one that is killed: no step twice, and none left out', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    const stages = { one: `${GATE} inside`, two: `${GATE} inside`, three: `${GATE} inside` }
    const down = scene.world.gate('down')
    scene.recipe('app', { stages, teardown: `${GATE} down` })
    await scene.serve()
    const run = await scene.testme(1)
    await inStage(run, inside, 'one')
    await scene.service().stop()
    inside.go()
    await scene.serve()
    await inStage(run, inside, 'two')
    await scene.service().kill()
    inside.go()
    await run.has('stage.started three')
    await scene.serve()
    await inStage(run, inside, 'three')
    inside.go()
    await inTeardown(scene, run, down)
    down.go()
    await reported(scene, run)
    const expected = ['one', 'two', 'three'].flatMap((name) => [
      `stage.started ${name}`,
      `stage.ended ${name} success`,
    ])
    expect(journalled(scene, run)).toEqual([
      'run.locked',
      'run.prepared',
      ...expected,
      'teardown.started',
      'teardown.verified',
    ])
    expect(recorded(scene, run).filter((line) => !line.startsWith('run.waits'))).toEqual([
      'run.queued',
      'run.starting',
      'run.running',
      'run.tearing_down',
      'run.concluded success passed',
    ])
    expectByTheTable(scene)
  })

  test('R-OBS-01 cancelled, killed, waited for: what has happened to a run is in the log, with what it waited for', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
    await scene.serve()
    const killed = await scene.testme(1)
    await inside.reached()
    const waits = await scene.testme(1)
    await waits.shows('what it waits for', ({ output }) => (output.title ?? '').includes(killed.id))
    const { pid, wrapper } = killed.conductor()
    await killTogether(pid, wrapper)
    await inside.reached()
    await scene.comment(1, '!testme cancel')
    for (const run of [killed, waits]) await reported(scene, run)
    expect(journalled(scene, killed)).toEqual(
      expect.arrayContaining(['run.recovering', 'run.stopping abandoned']),
    )
    expect(journalled(scene, killed).slice(-2)).toEqual(['teardown.started', 'teardown.verified'])
    expect(
      recorded(scene, waits)
        .filter((line) => line.startsWith('run.waits'))
        .join(),
    ).toContain(killed.id)
    expect(journalled(scene, waits)).toEqual([
      'run.locked',
      'run.prepared',
      'stage.started up',
      'stage.ended up success',
      'stage.started inside',
      'run.stopping cancelled',
      'stage.ended inside cancelled',
      'teardown.started',
      'teardown.verified',
    ])
    expectByTheTable(scene)
  })
})

/** Waits until the gate is reached and the log says so: what the service has not seen it cannot have told. */
async function inStage(
  run: AskedRun,
  gate: { readonly reached: () => Promise<unknown> },
  name: string,
): Promise<void> {
  await gate.reached()
  await run.shows(`stage ${name}`, ({ output }) => (output.title ?? '').startsWith(`Stage ${name}`))
}

async function inTeardown(scene: Scene, run: AskedRun, gate: Parameters<typeof inStage>[1]): Promise<void> {
  await gate.reached()
  await until('the record of its teardown', () => recorded(scene, run).includes('run.tearing_down'))
}

async function reported(scene: Scene, run: AskedRun): Promise<void> {
  await run.completed()
  await until('the word that GitHub has its end', () =>
    eventLines(scene).some(
      (line) => line.msg === 'report.sent' && line['run'] === run.id && line['terminal'],
    ),
  )
}

function linesOf(scene: Scene, { id }: AskedRun): readonly EventLine[] {
  return eventLines(scene).filter(({ run }) => run === id)
}

const RECORDED = /^run\.(?:queued|waits|starting|requeued|running|tearing_down|concluded)$/
const WORDS = ['stage', 'outcome', 'conclusion', 'reason', 'waitsFor'] as const

/** What the service has done with its record. */
function recorded(scene: Scene, run: AskedRun): readonly string[] {
  return wordsOf(linesOf(scene, run).filter(({ msg }) => RECORDED.test(msg)))
}

/** What it has seen in its journal. */
function journalled(scene: Scene, run: AskedRun): readonly string[] {
  return wordsOf(
    linesOf(scene, run).filter(({ msg }) => /^(?:run|stage|teardown)\./.test(msg) && !RECORDED.test(msg)),
  )
}

function wordsOf(lines: readonly EventLine[]): readonly string[] {
  return lines.map((line) =>
    [line.msg, ...WORDS.map((word) => line[word] ?? '')].filter((word) => word !== '').join(' '),
  )
}

function expectByTheTable(scene: Scene): void {
  const lines = eventLines(scene)
  expect(lines.length).toBeGreaterThan(15)
  expect(lines.flatMap(faultsOf)).toEqual([])
}
