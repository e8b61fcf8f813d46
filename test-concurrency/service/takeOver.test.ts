import { readdirSync, readlinkSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { letAnHourPass, letTheMachineRestart } from '../fixtures/clock.ts'
import { killTogether, stopped } from '../fixtures/crash.ts'
import { isAlive, kill } from '../fixtures/kernel.ts'
import { outputOf } from '../fixtures/started.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { listenForAlarms } from './fixtures/alarmed.ts'
import type { Scene } from './fixtures/scene.ts'
import type { LogLine } from './fixtures/service.ts'
import { test } from './fixtures/test.ts'

const OTHER = 'other-1.ci.localhost'

describe.concurrent('the end of a run', () => {
  test('R-JAN-09 R-JAN-08 R-RUN-11 whose conductor was of an earlier boot is taken over at start, before new work is taken; told, counted, and concluded once', async ({
    scene,
  }) => {
    const { run, waiting, free } = await parkedBeside(scene)
    await scene.service().kill()
    await killTogether(run.conductor().pid, run.conductor().wrapper)
    letTheMachineRestart(run)
    expect(await outputOf(scene.world.berth('show', run.id))).toMatch(
      /^conducted by +nobody: process \d+ ended with an earlier boot of the machine; the service, /m,
    )
    await free()
    await scene.serve()
    expect((await waiting.completed()).conclusion).toBe('success')
    expect(await run.completed()).toMatchObject({ conclusion: 'failure' })
    expect(scene.checks.ends(run.id)).toBe(1)
    const told = scene.service().log()
    const [over, ...more] = told.filter(({ msg }) => msg === 'run.taken_over')
    expect(more).toEqual([])
    expect(over).toMatchObject({ run: run.id, how: 'recovered', by: 'service', isThisBoot: false })
    expect(placeOf(told, 'run.taken_over'), 'before any run is started').toBeLessThan(
      placeOf(told, 'run.starting'),
    )
    expect(await metric(scene, 'berth_take_overs_total{how="recovered"}')).toBe(1)
    expect(run.count('process.started')).toBe(2)
  })

  test('R-JAN-09 R-RUN-11 whose conductor lives is left to it by every service that comes, however long it stands still; the page and `berth show` name it', async ({
    scene,
  }) => {
    const { run, inside, waiting, free } = await parkedBeside(scene)
    const { pid, wrapper } = run.conductor()
    await stopped(pid)
    await scene.service().kill()
    await scene.serve()
    await free()
    expect((await waiting.completed()).conclusion, 'others go on').toBe('success')
    expect(await outputOf(scene.world.berth('show', run.id))).toMatch(
      new RegExp(`^conducted by +process ${pid} of wrapper ${wrapper}$`, 'm'),
    )
    expect(await page(scene, `/runs/${run.id}`)).toContain(`process ${pid} of wrapper ${wrapper}`)
    expect(JSON.parse(await page(scene, `/api/v1/runs/${run.id}`))).toMatchObject({
      conductor: { pid, wrapper, nth: 1, stands: 'live' },
    })
    kill(pid, 'SIGCONT')
    inside.go()
    expect((await run.completed()).conclusion).toBe('success')
    expect(run.count('process.started')).toBe(1)
    expect(
      scene
        .service()
        .log()
        .filter(({ msg }) => msg === 'run.taken_over'),
    ).toEqual([])
    expect(await page(scene, `/runs/${run.id}`)).not.toContain('of wrapper')
  })

  test('R-JAN-09 R-JAN-08 whose conductor is past its ceiling when the service comes back is taken by force, before new work: an alarm, a count, one end', async ({
    scene,
  }) => {
    await using operator = await listenForAlarms()
    scene.setting(operator.setting)
    const { run, waiting, free } = await parkedBeside(scene)
    const { pid, wrapper } = run.conductor()
    await scene.service().kill()
    await stopped(pid)
    letAnHourPass(run)
    await free()
    await scene.serve()
    expect(await run.completed()).toMatchObject({ conclusion: 'failure' })
    expect((await waiting.completed()).conclusion).toBe('success')
    expect(isAlive(pid)).toBe(false)
    expect(run.conductor().wrapper, 'its wrapper went on').toBe(wrapper)
    const told = scene.service().log()
    expect(placeOf(told, 'ceiling.enforced')).toBeLessThan(placeOf(told, 'run.starting'))
    expect(await metric(scene, 'berth_take_overs_total{how="forced"}')).toBe(1)
    const alarm = await operator.hears(({ kind }) => kind === 'forced_take_over')
    expect(alarm).toMatchObject({ run: run.id, text: expect.stringContaining(`process ${pid} is `) })
    expect(operator.heard()).toHaveLength(1)
    expect(scene.checks.ends(run.id)).toBe(1)
  })

  test('R-JAN-08 R-REP-01 R-QUE-11 that is there, and of which nothing can be shown any more, is told all the same', async ({
    scene,
  }) => {
    const spoil = 'logs="$BERTH_WORKSPACE/../stages"; rm -rf "$logs"; : >"$logs"'
    scene.recipe('app', { stages: { up: `${SITE} up` }, teardown: `${SITE} down; ${spoil}` })
    await scene.serve()
    const run = await scene.testme(1)
    expect((await run.completed()).conclusion).toBe('success')
    expect(
      scene
        .service()
        .log()
        .filter(({ msg }) => msg === 'check.incomplete'),
    ).toMatchObject([{ run: run.id }])
    expect(await page(scene, `/runs/${run.id}`)).toContain(run.id)
  })
})

test('R-RUN-13 R-RUN-22 a cancel that has to wait for a stage says so to whoever asks, on the check, on the page, in `berth show` and in `berth cancel`', async ({
  scene,
}) => {
  const inside = scene.world.gate('inside')
  const stage = { run: `${GATE} inside`, uninterruptible: true, timeout: '1m' }
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: stage, check: `${SITE} check` } })
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  expect(await outputOf(scene.world.berth('cancel', run.id))).toContain(
    'stage inside, which may not be interrupted, and its teardown come first',
  )
  await run.has('stop.requested')
  const waits = 'it waits for stage inside, which may not be interrupted'
  expect(await outputOf(scene.world.berth('show', run.id))).toMatch(
    new RegExp(`^to stop +cancelled, by \\S+; ${waits}$`, 'm'),
  )
  await run.shows('that it waits', ({ output }) =>
    (output.title ?? '').startsWith('Stopping after stage inside, which may not be interrupted: cancelled'),
  )
  expect(await page(scene, `/runs/${run.id}`)).toContain(
    'It waits for stage inside, which may not be interrupted.',
  )
  inside.go()
  expect((await run.completed()).conclusion).toBe('cancelled')
  expect(run.journal().find(({ event }) => event === 'stage.ended')?.outcome).toBe('success')
  expect(run.events()).not.toContain('stage.started check')
})

test('R-QUE-08 a service has its records open once', async ({ scene }) => {
  scene.recipe('app')
  await scene.serve()
  expect((await (await scene.testme(1)).completed()).conclusion).toBe('success')
  const open = filesOf(scene.service().pid).filter((path) => path.startsWith(scene.world.state))
  expect(open.filter((path) => path.endsWith('/berth.db'))).toHaveLength(1)
  expect(open.filter((path) => path.endsWith('/berth.db-wal'))).toHaveLength(1)
})

/** A run in its stage, and another one, of another domain, that could start if somebody did not have that. */
async function parkedBeside(scene: Scene) {
  const inside = scene.world.gate('inside')
  const held = scene.world.gate('held')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  scene.recipe('other', { stages: { up: `${SITE} up` } })
  const hold = scene.world.hold(OTHER, 'somebody', `${GATE} held`)
  await held.reached()
  await scene.serve()
  const run = await scene.testme(1)
  await inside.reached()
  await run.shows('its stage', ({ output }) => (output.title ?? '').startsWith('Stage inside'))
  const waiting = await scene.testme(1, 'other')
  await waiting.shows('what it waits for', ({ output }) => (output.title ?? '').includes(OTHER))
  const free = async () => {
    held.go()
    await hold.endedWith(0)
  }
  return { run, inside, waiting, free }
}

function placeOf(told: readonly LogLine[], event: string): number {
  const place = told.findIndex(({ msg }) => msg === event)
  expect(place, event).toBeGreaterThanOrEqual(0)
  return place
}

async function page({ env }: Scene, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${env['PORT']}${path}`)
  expect(response.status, path).toBe(200)
  return response.text()
}

async function metric(scene: Scene, sample: string): Promise<number> {
  const lines = (await page(scene, '/metrics')).split('\n')
  return Number(lines.find((line) => line.startsWith(`${sample} `))?.slice(sample.length))
}

function filesOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return []
    }
  })
}
