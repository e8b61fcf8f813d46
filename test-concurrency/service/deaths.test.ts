import { describe, expect } from 'vitest'
import { ended, killTogether } from '../fixtures/crash.ts'
import { kill } from '../fixtures/kernel.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

type Victims = (run: AskedRun) => Promise<void>

const DEATHS: Readonly<Record<string, Victims>> = {
  'the run process dies': async (run) => {
    const { pid } = run.conductor()
    kill(pid, 'SIGKILL')
    await ended(pid)
  },
  'run process and wrapper die at once': async (run) => {
    const { pid, wrapper } = run.conductor()
    await killTogether(pid, wrapper)
  },
}

describe.concurrent('a live service, and a run whose', () => {
  for (const [what, die] of Object.entries(DEATHS)) {
    test(`R-RUN-08 R-JAN-08 R-REP-01 ${what}: one conclusion on the check, nothing goes forward, and the next run is green`, async ({
      scene,
    }) => {
      const run = await parkedRun(scene)
      await die(run)
      await expectConcludedOnce(scene, run, 'failure', /^harness: .*(died|dead)/)
      await expectNextGreen(scene)
    })
  }

  test('R-RUN-08 wrapper dies: the run process tears down in order', async ({ scene }) => {
    const run = await parkedRun(scene)
    const { wrapper } = run.conductor()
    kill(wrapper, 'SIGKILL')
    await expectConcludedOnce(scene, run, 'cancelled', /^Terminated by .* in stage inside$/)
    expect(run.count('process.started')).toBe(1)
    await expectNextGreen(scene)
  })

  test('R-JAN-01 R-JAN-08 R-REP-01 processes all die while no service is there, and the janitor cleans up: the next service tells what that found', async ({
    scene,
  }) => {
    const run = await parkedRun(scene)
    await scene.service().kill()
    const { pid, wrapper } = run.conductor()
    await killTogether(pid, wrapper)
    await scene.world.berth('janitor').endedWith(10)
    expect(run.result()).toMatchObject({ conclusion: 'failure', verified: true })
    await scene.serve()
    await expectConcludedOnce(scene, run, 'failure', /^harness: .*recovered by janitor$/)
    expect(run.count('process.started')).toBe(2)
    await expectNextGreen(scene)
  })

  test('R-RUN-08 R-LCK-11 processes all die while another run waits for the domain: that one starts when the first is torn down, not before', async ({
    scene,
  }) => {
    const run = await parkedRun(scene)
    const next = await scene.testme(1, 'quick')
    await next.shows('what it waits for', ({ output }) => (output.title ?? '').includes(run.id))
    const { pid, wrapper } = run.conductor()
    await killTogether(pid, wrapper)
    expect((await next.completed()).conclusion).toBe('success')
    await expectConcludedOnce(scene, run, 'failure', /^harness: /)
    const down = scene.world.trace().indexOf(`${run.id} gone`)
    expect(scene.world.trace().indexOf(`${next.id} up`)).toBeGreaterThan(down)
  })
})

async function parkedRun(scene: Scene): Promise<AskedRun> {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  scene.recipe('quick', { domain: 'app-{pr}.{base}' })
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  await run.shows('its stage', ({ output }) => (output.title ?? '').startsWith('Stage inside'))
  return run
}

async function expectConcludedOnce(
  { checks, world }: Scene,
  run: AskedRun,
  conclusion: string,
  title: RegExp,
): Promise<void> {
  expect(await run.completed()).toMatchObject({ conclusion })
  expect(run.check().output.title).toMatch(title)
  expect(run.result()).toMatchObject({ conclusion, verified: true })
  expect(checks.ends(run.id)).toBe(1)
  expect(checks.story(run.id)).toEqual(['queued', 'in_progress', conclusion])
  expect(run.events()).not.toContain('stage.started check')
  expect(world.trace().filter((line) => line === `${run.id} up`)).toHaveLength(1)
  expect(world.trace()).toContain(`${run.id} gone`)
}

async function expectNextGreen(scene: Scene): Promise<void> {
  const next = await scene.testme(1, 'quick')
  expect((await next.completed()).conclusion).toBe('success')
}
