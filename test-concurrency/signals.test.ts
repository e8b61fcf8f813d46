import { describe, expect } from 'vitest'
import { parkAtBoot } from './fixtures/boot.ts'
import { letAnHourPass } from './fixtures/clock.ts'
import { AN_HOUR_US, detach, inject, injectBelow, stopped } from './fixtures/crash.ts'
import { childrenOf, hasTakenSignals, isAlive, isStopped, kill, parentOf, statOf } from './fixtures/kernel.ts'
import { arrange, expectLevel, LEVELS } from './fixtures/levels.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import { relaunch, unstartedRun, wrapperCalls } from './fixtures/relaunch.ts'
import type { Run } from './fixtures/run.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, SITE, type World } from './fixtures/world.ts'

describe('TERM to the wrapper', () => {
  test('R-RUN-22 R-RUN-07 case 25: before the run process has its handlers: nothing is deployed, the run is cancelled', async ({
    world,
  }) => {
    world.recipe('app')
    const boot = parkAtBoot(world)
    const run = await world.run('app')
    const { pid } = await boot.reached()
    boot.open()
    kill(parentOf(pid), 'SIGTERM')
    await run.cli.endedWith(143)
    expect(run.stop()).toMatchObject({ reason: 'terminated', by: 'SIGTERM' })
    expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
    expect(world.trace()).toEqual([`${run.id} down`, `${run.id} gone`])
  })

  test.for(LEVELS)(
    'R-RUN-22 R-RUN-07 R-RUN-20 case 25: inside its `wait`, with a stage at work: the stage is ended, then torn down, at $at',
    async ({ at }, { world, skip }) => {
      arrange(world, at, skip)
      const down = world.gate('down')
      const { run, stage } = await parkedRun(world, `${SITE} down gate`)
      const { wrapper } = run.conductor()
      kill(wrapper, 'SIGTERM')
      await down.reached()
      expect([isAlive(stage), isAlive(wrapper)], 'stage and wrapper beside the teardown').toEqual([
        false,
        true,
      ])
      down.go()
      await run.cli.endedWith(143)
      expect(run.stop()).toMatchObject({ reason: 'terminated', by: 'SIGTERM' })
      expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
      expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
      expect(run.count('process.started')).toBe(1)
      expectLevel(run, at)
    },
  )

  test.skipIf(!HAS_STRACE)(
    'R-RUN-22 case 25: at every system call from its first trap to its `wait` (strace), before it knows its child’s pid too: nothing is deployed',
    async ({ world }) => {
      world.recipe('app')
      const boot = parkAtBoot(world)
      const calls = await wrapperCalls(world, boot)
      expect(calls.some(({ name }) => /fork|clone/.test(name))).toBe(true)
      for (const [index, { name, when }] of calls.entries()) {
        const run = await unstartedRun(world, boot, index + 1)
        const wrapper = relaunch(world, run, ['-e', `inject=${name}:signal=TERM:when=${when}`])
        const { signal } = await wrapper.ended()
        if (signal !== null) await world.berth('janitor').endedWith(10)
        const end =
          signal === null
            ? { conclusion: 'cancelled', verified: true }
            : { conclusion: 'failure', verified: true }
        expect(run.result(), `TERM at ${name} ${when}`).toMatchObject(end)
        expect(world.trace().filter((line) => line === `${run.id} up`)).toEqual([])
      }
    },
  )

  test.skipIf(!HAS_STRACE)(
    'R-RUN-22 case 25: while its child is between fork and exec (strace), with handlers that are not its own: nothing is deployed',
    async ({ world }) => {
      world.recipe('app')
      const run = await unstartedRun(world, parkAtBoot(world), 0)
      const wrapper = relaunch(world, run, 'stopped')
      await until('the wrapper before its first instruction', () => isStopped(wrapper.pid))
      const toTraps = await inject(world, wrapper.pid, 'chdir:signal=STOP:when=1')
      kill(wrapper.pid, 'SIGCONT')
      await until('the wrapper at its first command', () =>
        /chdir[^]*stopped by SIGSTOP/.test(toTraps.output()),
      )
      await detach(toTraps)
      const atFork = await injectBelow(world, wrapper.pid, `set_robust_list:delay_enter=${AN_HOUR_US}:when=1`)
      kill(wrapper.pid, 'SIGCONT')
      const child = await until('the child of the wrapper', () =>
        childrenOf(wrapper.pid).find((pid) => statOf(pid)?.state === 't'),
      )
      kill(wrapper.pid, 'SIGTERM')
      await until('the signal to be passed on', () => !hasTakenSignals(child))
      await detach(atFork)
      await wrapper.endedWith(0)
      expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
      expectNothingDeployed(world, run)
    },
  )
})

describe('signals during teardown', () => {
  test.for(
    LEVELS.flatMap(({ at }) => [
      { at, what: 'a run that was told to stop', first: 'SIGTERM', code: 143 } as const,
      { at, what: 'a green run', first: null, code: 0 } as const,
    ]),
  )(
    'R-RUN-06 R-RUN-20 case 26: TERM twice, INT and HUP during the teardown of $what: one teardown, not shortened, the first reason stands, at $at',
    async ({ at, first, code }, { world, skip }) => {
      arrange(world, at, skip)
      const down = world.gate('down')
      const { run, inside } = await parkedRun(world, `${SITE} down gate`)
      if (first === null) inside.go()
      else kill(run.conductor().wrapper, first)
      const teardown = await down.reached()
      const { pid, wrapper } = run.conductor()
      for (const signal of ['SIGTERM', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        for (const target of [wrapper, pid, run.cli.pid]) {
          kill(target, signal)
          await until('the signal to be taken', () => hasTakenSignals(target))
        }
      }
      expect(isAlive(teardown.pid), 'teardown is at work still').toBe(true)
      down.go()
      await run.cli.endedWith(code)
      if (first !== null) expect(run.stop()).toMatchObject({ reason: 'terminated', by: first })
      expect(run.result()).toMatchObject({
        conclusion: first === null ? 'success' : 'cancelled',
        verified: true,
      })
      expect([run.count('teardown.started'), run.count('process.started')]).toEqual([1, 1])
      expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
    },
  )
})

describe('a stop is carried out', () => {
  test.concurrent('R-RUN-22 case 27a: asked for while the run process starts', async ({ world }) => {
    world.recipe('app')
    const boot = parkAtBoot(world)
    const run = await world.run('app')
    await boot.reached()
    await world.berth('cancel', run.id).endedWith(0)
    boot.go()
    await run.cli.endedWith(143)
    expectNothingDeployed(world, run)
    expect(run.result()).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled' })
  })

  test.concurrent('R-RUN-22 case 27a: asked for while the run process is started again', async ({
    world,
  }) => {
    const boot = parkAtBoot(world)
    boot.open()
    const { run } = await parkedRun(world)
    boot.close()
    const { pid } = run.conductor()
    kill(pid, 'SIGKILL')
    await boot.reached()
    await world.berth('cancel', run.id).endedWith(0)
    boot.go()
    await run.cli.endedWith(143)
    expect(run.result()).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled', verified: true })
  })

  test.concurrent('R-RUN-22 case 27a: asked for while the run process is stopped (SIGSTOP): it is let go on to hear it', async ({
    world,
  }) => {
    const { run, stage } = await parkedRun(world)
    const { pid } = run.conductor()
    await stopped(pid)
    await world.berth('cancel', run.id).endedWith(0)
    await run.cli.endedWith(143)
    expect(isAlive(stage)).toBe(false)
    expect(run.result()).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled', verified: true })
  })

  test.concurrent('R-RUN-22 case 27a: asked for before the wrapper’s traps stand', async ({ world }) => {
    world.recipe('app')
    const boot = parkAtBoot(world)
    const run = await unstartedRun(world, boot, 0)
    const wrapper = relaunch(world, run, 'stopped')
    await until('the wrapper before its first instruction', () => isStopped(wrapper.pid))
    await world.berth('cancel', run.id).endedWith(0)
    kill(wrapper.pid, 'SIGCONT')
    await wrapper.endedWith(0)
    expectNothingDeployed(world, run)
    expect(run.result()).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled' })
  })

  test.concurrent('R-RUN-22 case 27a: the caller of a foreground run is SIGKILLed before the run process begins', async ({
    world,
  }) => {
    world.recipe('app')
    const boot = parkAtBoot(world)
    const run = await world.run('app')
    await boot.reached()
    run.cli.kill('SIGKILL')
    await run.cli.ended()
    boot.go()
    expect(await run.concluded()).toMatchObject({ conclusion: 'cancelled', verified: true })
    expect(run.stop()).toMatchObject({ reason: 'caller_gone' })
    expectNothingDeployed(world, run)
  })

  test.concurrent.for(LEVELS)(
    'R-RUN-22 R-RUN-03 R-RUN-20 case 27a: the caller of a foreground run is SIGKILLed in the middle of a stage, at $at',
    async ({ at }, { world, skip }) => {
      arrange(world, at, skip)
      const { run, stage } = await parkedRun(world)
      run.cli.kill('SIGKILL')
      expect(await run.concluded()).toMatchObject({ conclusion: 'cancelled', verified: true })
      expect(run.stop()).toMatchObject({ reason: 'caller_gone' })
      expect(isAlive(stage)).toBe(false)
      expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
    },
  )

  test.for(LEVELS)(
    'R-JAN-08 R-RUN-22 R-RUN-20 case 27a: a run process that is wedged past its ceiling is ended by a janitor, and its wrapper tears down, at $at',
    async ({ at }, { world, skip }) => {
      arrange(world, at, skip)
      const inside = world.gate('inside')
      world.recipe('app', {
        stages: { up: `${SITE} up`, inside: { run: `${GATE} inside`, uninterruptible: true } },
      })
      const run = await world.run('app')
      const { pid: stage } = await inside.reached()
      const { pid, wrapper } = run.conductor()
      await world.berth('cancel', run.id).endedWith(0)
      await run.has('stop.requested')
      await stopped(pid)
      letAnHourPass(run)
      expect(await outputOf(world.berth('janitor'), 10)).toContain(`process ${pid} is `)
      await run.cli.endedWith(143)
      expect(run.conductor().wrapper).toBe(wrapper)
      expect(isAlive(stage)).toBe(false)
      expect(run.result()).toMatchObject({ conclusion: 'cancelled', reason: 'cancelled', verified: true })
    },
  )
})

async function parkedRun(world: World, teardown = `${SITE} down`) {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` }, teardown })
  const run = await world.run('app')
  const { pid } = await inside.reached()
  return { run, inside, stage: pid }
}

function expectNothingDeployed(world: World, run: Run): void {
  expect(run.result()).toMatchObject({ verified: true })
  expect(world.trace().filter((line) => line.startsWith(run.id))).toEqual([
    `${run.id} down`,
    `${run.id} gone`,
  ])
}
