import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { parkAtBoot } from './fixtures/boot.ts'
import { isAlive } from './fixtures/kernel.ts'
import { arrange, expectLevel, LEVELS } from './fixtures/levels.ts'
import { IS_ROOT } from './fixtures/needs.ts'
import { textOf } from './fixtures/records.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { beUnknown } from './fixtures/users.ts'
import { GATE, SITE } from './fixtures/world.ts'

const RED = { code: 1, reason: 'stage_failed' } as const

const STAGES = [
  { what: 'a green run', stage: 'true', code: 0, reason: 'passed', stageCode: 0 },
  { what: 'a stage that ends with 3', stage: 'exit 3', ...RED, stageCode: 3 },
  { what: 'a stage that itself ends with 75', stage: 'exit 75', ...RED, stageCode: 75 },
  { what: 'a stage that itself ends with 124', stage: 'exit 124', ...RED, stageCode: 124 },
  { what: 'a stage that itself ends with 143', stage: 'exit 143', ...RED, stageCode: 143 },
  { what: 'a stage that ends by its own TERM', stage: 'kill -TERM $$', ...RED, stageCode: null },
] as const

describe('exit codes', () => {
  test.concurrent.for(LEVELS.flatMap(({ at }) => STAGES.map((one) => ({ at, one }))))(
    'R-RUN-12 R-RUN-20 case 37: the exit code of $one.what, at $at',
    async ({ at, one }, { world, skip }) => {
      const { stage, code, reason, stageCode } = one
      arrange(world, at, skip)
      world.recipe('app', { stages: { stage } })
      const run = await world.run('app')
      await run.cli.endedWith(code)
      const conclusion = code === 0 ? 'success' : 'failure'
      expect(run.result()).toMatchObject({ conclusion, reason, exitCode: code, verified: true })
      expect(run.journal().find(({ event }) => event === 'stage.ended')?.exitCode).toBe(stageCode)
      expect(run.count('process.started')).toBe(1)
      expectLevel(run, at)
    },
  )

  test('R-RUN-12 R-RUN-05 R-LCK-11 case 37: green, but teardown fails: 4; then the domain cannot be cleaned: 69', async ({
    world,
  }) => {
    world.recipe('app', { stages: { up: 'true' }, teardown: 'exit 9' })
    world.leavesDirty()
    const run = await world.run('app')
    await run.cli.endedWith(4)
    expect(run.result()).toMatchObject({
      conclusion: 'failure',
      reason: 'teardown_unverified',
      verified: false,
    })
    expect(run.result()?.title).toMatch(/^The stage passed, but teardown is not verified: .*exit code 9/)
    const next = await world.run('app')
    await next.cli.endedWith(69)
    expect(next.cli.output()).toContain(`domain_dirty: run ${run.id} cannot be cleaned`)
    expect(world.runs().map(({ id }) => id)).toEqual([run.id])
    expect(run.result()).toMatchObject({ conclusion: 'failure', reason: 'teardown_unverified' })
  })

  test('R-RUN-12 R-RUN-16 case 37: what is to be tested is gone before the checkout: 70', async ({
    world,
  }) => {
    world.recipe('app')
    const boot = parkAtBoot(world)
    const run = await world.run('app')
    await boot.reached()
    rmSync(join(world.repo, '.git'), { recursive: true })
    boot.go()
    await run.cli.endedWith(70)
    expect(run.result()).toMatchObject({ conclusion: 'failure', reason: 'harness_fault', verified: true })
    expect(run.result()?.title).toMatch(/^harness: git .* failed/)
    expect(world.trace()).toEqual([`${run.id} down`, `${run.id} gone`])
  })

  test('R-RUN-12 R-LCK-09 case 37: a lock that is not free in time: 75', async ({ world }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    const run = await world.run('app')
    await inside.reached()
    const late = await world.run('app', '--wait', '1s')
    await late.cli.endedWith(75)
    expect(late.cli.output()).toContain(`lock_timeout: app-0.ci.localhost, which run ${run.id} has`)
    inside.go()
    await run.cli.endedWith(0)
  })

  test('R-RUN-12 R-RUN-07 case 37: the deadline: 124', async ({ world }) => {
    const never = world.gate('never')
    world.recipe('app', { stages: { up: `${SITE} up`, never: `${GATE} never` }, deadline: '5s' })
    const run = await world.run('app')
    const { pid } = await never.reached()
    await run.cli.endedWith(124)
    expect(isAlive(pid)).toBe(false)
    expect(run.result()).toMatchObject({ conclusion: 'timed_out', reason: 'deadline', verified: true })
    expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
  })

  test.concurrent.for([
    ['SIGINT', 130, 'interrupted'],
    ['SIGTERM', 143, 'cancelled'],
    ['SIGHUP', 143, 'cancelled'],
  ] as const)(
    'R-RUN-12 R-RUN-07 case 37: %s to the command: %i',
    async ([signal, code, reason], { world }) => {
      const never = world.gate('never')
      world.recipe('app', { stages: { up: `${SITE} up`, never: `${GATE} never` } })
      const run = await world.run('app')
      const { pid } = await never.reached()
      run.cli.kill(signal)
      await run.cli.endedWith(code)
      expect(isAlive(pid)).toBe(false)
      expect(run.result()).toMatchObject({ conclusion: 'cancelled', reason, verified: true })
    },
  )
})

describe.skipIf(!IS_ROOT)('a user that /etc/passwd does not know (as root)', () => {
  test('R-RUN-22 R-JAN-10 runs, cancels, holds and releases, and is known by number', async ({ world }) => {
    const uid = beUnknown(world)
    const never = world.gate('never')
    world.recipe('app', { stages: { never: `${GATE} never` } })
    const run = await world.run('app')
    await never.reached()
    await world.berth('cancel', run.id).endedWith(0)
    await run.cli.endedWith(143)
    expect(run.stop()).toMatchObject({ reason: 'cancelled', by: `uid-${uid}` })
    await world.berth('locks', 'hold', 'r:gpu', '--reason', 'test').endedWith(0)
    expect(await outputOf(world.berth('locks'))).toContain(`held by uid-${uid} until`)
    await world.berth('locks', 'release', 'r:gpu', '--reason', 'test').endedWith(0)
  })
})

describe('what a stage leaves running', () => {
  test.for(LEVELS)(
    'R-RUN-07 R-RUN-03 R-RUN-20 case 36: a daemon of a stage holds its output open: the run goes on, and teardown ends the daemon, at $at',
    async ({ at }, { world, skip }) => {
      arrange(world, at, skip)
      const [daemon, next] = [world.gate('daemon'), world.gate('next')]
      world.recipe('app', {
        stages: {
          up: `(setsid sh -c 'echo begins; ${GATE} daemon; echo "it writes still"; ${GATE} daemon' &) ; echo over`,
          next: `${GATE} next`,
        },
      })
      const run = await world.run('app')
      await Promise.all([daemon.reached(), next.reached()])
      daemon.go()
      const { pid } = await daemon.reached()
      expect(isAlive(pid)).toBe(true)
      next.go()
      await run.cli.endedWith(0)
      await until('the end of the daemon', () => !isAlive(pid))
      expect(run.journal().find(({ event }) => event === 'teardown.ended')?.report?.ended).toBeGreaterThan(0)
      expect(textOf(join(run.folder, 'stages/01-up.log')).split('\n').sort()).toEqual(
        ['', 'begins', 'it writes still', 'over'].sort(),
      )
    },
  )
})
