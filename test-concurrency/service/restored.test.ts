import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { killTogether } from '../fixtures/crash.ts'
import type { Gate } from '../fixtures/gate.ts'
import { killIfAlive } from '../fixtures/kernel.ts'
import { endCgroup, test } from '../fixtures/test.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import { recordsFileOf } from './fixtures/recordsFile.ts'
import { type Scene, startScene } from './fixtures/scene.ts'

const DOMAIN = 'app-1.ci.localhost'

describe.concurrent('a run’s folder without a record (a copy was restored that is older than the run)', () => {
  test('R-LCK-10 R-QUE-06 R-RUN-09 and the run lives: who wants its domain waits for it by name, and starts when it has ended', async ({
    world,
  }) => {
    await using scene = await startScene(world)
    const { inside, run } = await forgottenRun(scene)
    await scene.serve()
    const next = await scene.testme(1)
    await next.shows('whom it waits for', ({ output }) =>
      (output.title ?? '').includes(`run ${run.id}, which has`),
    )
    expect(world.trace().filter((line) => line.endsWith(' up'))).toEqual([`${run.id} up`])
    inside.go()
    expect(await run.concluded()).toMatchObject({ conclusion: 'success', verified: true })
    await inside.reached()
    inside.go()
    expect((await next.completed()).conclusion).toBe('success')
    expect(world.trace().indexOf(`${next.id} up`)).toBeGreaterThan(world.trace().indexOf(`${run.id} gone`))
    await scene.stop()
  })

  test('R-LCK-11 R-RUN-08 and the run is dead: who wants its domain has it torn down first', async ({
    world,
  }) => {
    await using scene = await startScene(world)
    const { inside, run } = await forgottenRun(scene)
    await killTogether(run.conductor().pid, run.conductor().wrapper)
    await scene.serve()
    const asked = scene.testme(1)
    await inside.reached()
    expect(run.result()).toMatchObject({ conclusion: 'failure', verified: true })
    expect(run.stop()).toMatchObject({ reason: 'abandoned' })
    expect(run.count('concluded')).toBe(1)
    inside.go()
    const next = await asked
    expect((await next.completed()).conclusion).toBe('success')
    expect(world.trace().indexOf(`${next.id} up`)).toBeGreaterThan(world.trace().indexOf(`${run.id} gone`))
    await scene.stop()
  })

  test('R-JAN-01 R-JAN-02 and the run is dead, and nobody wants its domain: a sweep tears it down, beside the service', async ({
    world,
  }) => {
    await using scene = await startScene(world)
    const { run } = await forgottenRun(scene)
    await scene.serve()
    await world.berth('janitor').endedWith(0)
    expect(run.stop(), 'one that lives is left alone').toBeNull()
    await killTogether(run.conductor().pid, run.conductor().wrapper)
    await world.berth('janitor').endedWith(10)
    expect(run.result()).toMatchObject({ conclusion: 'failure', verified: true })
    expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    expect(world.trace()).toContain(`${run.id} gone`)
    await scene.stop()
  })
})

describe.concurrent('the record of a run that was under way, and its folder is gone', () => {
  test('R-JAN-08 R-REP-01 R-RUN-05 with its mark in the lock file: its check says so, its domain is blocked until a person has looked, others go on', async ({
    world,
  }) => {
    await using scene = await startScene(world)
    const run = await deadRun(scene)
    rmSync(run.folder, { recursive: true })
    await scene.serve()
    await endsAsLost(scene, run)
    const waiter = await scene.testme(1)
    expect((await waiter.completed()).output.title).toMatch(
      new RegExp(`^domain_dirty: run ${run.id} cannot be cleaned: its folder .* is gone$`),
    )
    expect((await (await scene.testme(2, 'quick')).completed()).conclusion).toBe('success')
    await goesOnByHand(scene)
    await scene.stop()
  })

  test('R-JAN-08 R-REP-01 and mark and entry are, too: its check says so, and its domain is free', async ({
    world,
  }) => {
    await using scene = await startScene(world)
    const run = await deadRun(scene)
    for (const path of [run.folder, join(world.state, 'open', run.id), world.lockFile(DOMAIN)])
      rmSync(path, { recursive: true })
    rmSync(join(world.sites, DOMAIN), { recursive: true })
    await scene.serve()
    await endsAsLost(scene, run)
    expect((await (await scene.testme(1, 'quick')).completed()).conclusion).toBe('success')
    await scene.stop()
  })
})

test('R-JAN-08 R-REP-01 R-LCK-01 the folder of a run is removed while the run and its service live: its check says so, and nothing of it goes on', async ({
  world,
}) => {
  await using scene = await startScene(world)
  const inside = writeRecipes(scene)
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  rmSync(run.folder, { recursive: true })
  inside.go()
  await endsAsLost(scene, run)
  expect(world.trace(), 'nothing goes forward').toEqual([`${run.id} up`])
  await goesOnByHand(scene)
  await scene.stop()
})

/** The records are those of before the run, and it is in its stage. */
async function forgottenRun(scene: Scene): Promise<{ readonly inside: Gate; readonly run: AskedRun }> {
  const records = recordsFileOf(scene.world)
  const inside = writeRecipes(scene)
  await scene.serve()
  const copy = await records.backUp()
  const run = await scene.testme(1)
  await inside.reached()
  await scene.stop()
  records.restore(copy)
  return { inside, run }
}

/** Nothing of it lives, as after a reboot, and its service is dead. */
async function deadRun(scene: Scene): Promise<AskedRun> {
  const { world } = scene
  const inside = writeRecipes(scene)
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  await run.shows('its stage', ({ output }) => (output.title ?? '').startsWith('Stage inside'))
  await scene.service().kill()
  await killTogether(run.conductor().pid, run.conductor().wrapper)
  for (const pid of world.judge().pids) killIfAlive(pid)
  await until('the end of its stage', () => world.judge().pids.length === 0)
  for (const path of world.judge().cgroups) endCgroup(path)
  return run
}

function writeRecipes(scene: Scene): Gate {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  scene.recipe('quick', { domain: 'app-{pr}.{base}' })
  return inside
}

/** A person takes down what is left, and says so. */
async function goesOnByHand(scene: Scene): Promise<void> {
  const { world } = scene
  rmSync(join(world.sites, DOMAIN), { recursive: true })
  await until('nobody at the domain', () => world.judge().holders(DOMAIN).length === 0)
  await world.berth('locks', 'release', DOMAIN, '--reason', 'removed by hand').endedWith(0)
  expect((await (await scene.testme(1, 'quick')).completed()).conclusion).toBe('success')
}

async function endsAsLost({ checks, env }: Scene, run: AskedRun): Promise<void> {
  const { conclusion, output } = await run.completed()
  expect(conclusion).toBe('failure')
  expect(output.title).toMatch(/^harness: not_cleaned: its folder .*is gone$/)
  expect(checks.ends(run.id)).toBe(1)
  const page = await fetch(`http://127.0.0.1:${env['PORT']}/runs/${run.id}`)
  expect(page.status).toBe(200)
}
