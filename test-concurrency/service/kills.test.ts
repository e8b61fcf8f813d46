import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect } from 'vitest'
import type { CheckRun } from '../../src/sandbox/github/records.ts'
import { inject } from '../fixtures/crash.ts'
import type { Gate } from '../fixtures/gate.ts'
import { HAS_STRACE } from '../fixtures/needs.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import { POINTS } from './fixtures/points.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

/** Where `quick` deploys pull request 1. */
const DOMAIN = 'quick-1.ci.localhost'

describe.concurrent('case 34: two runs are alive, a third is asked for, and the service is SIGKILLed when', () => {
  for (const [moment, { reached, beforeLaunch }] of Object.entries(POINTS)) {
    test(`R-QUE-01 R-QUE-04 R-RUN-09 R-REP-03 ${moment}: no run is lost or begun twice, each has one check run with its true end`, async ({
      scene,
    }) => {
      const { inside, parked } = await twoParked(scene)
      const service = scene.service()
      const killed = reached(scene, 'quick-4.ci.localhost').then(() => service.kill())
      scene.gitHub.people.comment(4, 'octocat', '!testme quick')
      await killed
      await scene.serve()
      await allEnd(scene, inside, parked, beforeLaunch)
    })
  }

  /** A run that is over within moments is never shown in progress. */
  const TOLD: Readonly<Record<string, readonly [recipe: string, status: CheckRun['status']]>> = {
    'GitHub has made its check run': ['quick', 'queued'],
    'GitHub has heard that it is in progress': ['app', 'in_progress'],
    'GitHub has heard its end': ['quick', 'completed'],
  }
  for (const [moment, [recipe, status]] of Object.entries(TOLD)) {
    test(`R-REP-02 R-REP-03 ${moment}, before the answer: no second check run, and its true end`, async ({
      scene,
    }) => {
      const { inside, parked } = await twoParked(scene)
      const service = scene.service()
      const others = new Set(parked.map(({ id }) => id))
      scene.checks.onTold((told) => {
        if (!others.has(told.externalId) && told.status === status) service.started.kill('SIGKILL')
      })
      scene.gitHub.people.comment(4, 'octocat', `!testme ${recipe}`)
      await service.started.ended()
      await scene.serve()
      await allEnd(scene, inside, parked, true)
    })
  }
})

describe.concurrent('case 34: the service is SIGKILLed', () => {
  test.skipIf(!HAS_STRACE)(
    'R-QUE-02 R-QUE-04 (strace) with a run claimed, and before anything of it is on disk: the next service queues it again, and it is green',
    async ({ scene, world }) => {
      scene.recipe('quick')
      await scene.serve()
      const service = scene.service()
      await inject(world, service.pid, 'mkdir:signal=KILL:when=1')
      scene.gitHub.people.comment(1, 'octocat', '!testme')
      await service.started.ended()
      expect(world.runs()).toEqual([])
      await scene.serve()
      const [run] = await until('its check', () => (scene.runs().length === 1 ? scene.runs() : null))
      expect((await run?.completed())?.conclusion).toBe('success')
      expect(
        scene
          .service()
          .log()
          .map(({ msg }) => msg),
      ).toContain('run.requeued')
    },
  )

  test.skipIf(!HAS_STRACE)(
    'R-JAN-11 R-REP-01 (strace) between a conclusion and the note of it in the run’s folder: the next service writes the note',
    async ({ scene }) => {
      const inside = scene.world.gate('inside')
      scene.recipe('app', { stages: { inside: `${GATE} inside` } })
      await scene.serve()
      const run = await scene.testme(1)
      await inside.reached()
      const service = scene.service()
      await inject(scene.world, service.pid, '?link,linkat:signal=KILL:when=1')
      inside.go()
      await service.started.ended()
      expect(stateOf(scene, run)).toBe('concluded')
      expect(existsSync(join(run.folder, 'reported'))).toBe(false)
      await scene.serve()
      expect((await run.completed()).conclusion).toBe('success')
      expect(existsSync(join(run.folder, 'reported'))).toBe(true)
    },
  )

  test.skipIf(!HAS_STRACE)(
    'R-QUE-02 R-QUE-15 (strace) at each start of one run, before anything of it is on disk: after the third the run is given up, and the next one gets its domain',
    async ({ scene, world }) => {
      scene.recipe('quick')
      await scene.serve()
      await world.berth('locks', 'hold', DOMAIN, '--reason', 'test').endedWith(0)
      const run = await scene.testme(1)
      await run.shows('what it waits for', ({ output }) => (output.title ?? '').includes('somebody else'))
      for (const start of [1, 2, 3]) {
        const service = scene.service()
        await inject(world, service.pid, 'mkdir:signal=KILL:when=1')
        await world.berth('locks', 'release', DOMAIN, '--reason', 'test').endedWith(0)
        await service.started.ended()
        expect(world.runs(), `start ${start}`).toEqual([])
        if (start < 3) await world.berth('locks', 'hold', DOMAIN, '--reason', 'test').endedWith(0)
        await scene.serve()
      }
      expect(await run.completed()).toMatchObject({
        conclusion: 'failure',
        output: { title: 'harness: not started: the service ended 3 times while it was starting this run' },
      })
      expect(world.judge().open).toEqual([])
      expect((await (await scene.testme(1)).completed()).conclusion).toBe('success')
    },
  )

  test('R-QUE-01 R-RUN-09 R-REP-03 at eight moments drawn by a seed: every command that was stored has one run, one check, one end', async ({
    scene,
  }) => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1e6)
    const random = drawnBy(seed)
    console.info(`SEED=${seed}`)
    scene.recipe('app', { stages: { up: `${SITE} up`, check: `${SITE} check` } })
    await scene.serve()
    for (const _ of [1, 2]) await scene.openPull()
    for (let round = 1; round <= 8; round += 1) {
      const service = scene.service()
      for (const pr of [1, 2, 4].filter(() => random() < 0.6))
        scene.gitHub.people.comment(pr, 'octocat', '!testme')
      // The moment itself, and nothing that anybody waits for.
      await pause(random() * 1500)
      await service.kill()
      await scene.serve()
    }
    await scene.comment(5, '!testme')
    await until(`all to end (SEED=${seed})`, () => {
      const all = scene.checks.all()
      return all.length === storedCommands(scene) && all.every(({ status }) => status === 'completed')
    })
    expect(scene.world.runs(), `SEED=${seed}`).toHaveLength(storedCommands(scene))
    for (const run of scene.runs()) {
      expectTruth(scene, run)
      if (run.check().conclusion !== 'success') expectUnbegun(run)
    }
  })
})

/** Commands that the service has taken: a webhook that met no service is lost, and GitHub shows it as failed. */
function storedCommands({ world }: Scene): number {
  using store = new DatabaseSync(join(world.state, 'berth.db'), { readOnly: true, timeout: 5000 })
  const question =
    "SELECT count(*) AS n FROM deliveries WHERE event = 'issue_comment' AND payload LIKE '%!testme%'"
  return Number(store.prepare(question).get()?.['n'])
}

function stateOf({ world }: Scene, run: AskedRun): unknown {
  using store = new DatabaseSync(join(world.state, 'berth.db'), { readOnly: true, timeout: 5000 })
  return store.prepare('SELECT state FROM runs WHERE id = ?').get(run.id)?.['state']
}

/** Mulberry32: the same numbers for the same seed. */
function drawnBy(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

async function twoParked(
  scene: Scene,
): Promise<{ readonly inside: Gate; readonly parked: readonly AskedRun[] }> {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  scene.recipe('quick')
  await scene.serve()
  await scene.openPull()
  const parked = [await scene.testme(1), await scene.testme(2)]
  for (const _ of parked) await inside.reached()
  for (const run of parked)
    await run.shows('its stage', ({ output }) => (output.title ?? '').startsWith('Stage in'))
  return { inside, parked }
}

async function allEnd(
  scene: Scene,
  inside: Gate,
  parked: readonly AskedRun[],
  beforeLaunch: boolean,
): Promise<void> {
  for (const _ of [...parked, 'the third, where it stops there']) inside.go()
  await until('three completed check runs', () => {
    const all = scene.checks.all()
    return all.length === 3 && all.every(({ status }) => status === 'completed')
  })
  expect(scene.world.runs(), 'runs on disk').toHaveLength(3)
  for (const run of scene.runs()) expectTruth(scene, run)
  for (const run of parked) expect(run.check().conclusion).toBe('success')
  const third = scene.runs().find(({ id }) => parked.every((run) => run.id !== id))
  if (third === undefined || (beforeLaunch && third.check().conclusion !== 'success'))
    return expectUnbegun(third)
  expect(third.check().conclusion).toBe('success')
}

/** The check says what the run's own result says; nothing of it was begun in a second process. */
function expectTruth({ world }: Scene, run: AskedRun): void {
  const { conclusion, output } = run.check()
  const result = run.result()
  expect({ conclusion, title: output.title }).toEqual({
    conclusion: result?.conclusion,
    title: result?.title,
  })
  expect(run.count('process.started')).toBe(1)
  expect(world.trace().filter((line) => line === `${run.id} up`).length).toBe(run.count('prepared'))
}

/** The service died between its claim and its launch: it was never begun, and says so. */
function expectUnbegun(run: AskedRun | undefined): void {
  expect(run?.check()).toMatchObject({ conclusion: 'failure' })
  expect(run?.check().output.title).toMatch(/^harness: the run's processes died/)
  expect(run?.stop()).toMatchObject({ reason: 'abandoned' })
  expect(run?.events().filter((event) => event.startsWith('stage.started'))).toEqual([])
}
