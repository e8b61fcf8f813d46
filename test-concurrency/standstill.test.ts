import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { parkAtBoot } from './fixtures/boot.ts'
import { letAnHourPass } from './fixtures/clock.ts'
import { detach, injectBelow, injectOn, stopped } from './fixtures/crash.ts'
import { ageMs, childrenOf, isAlive, isStopped, kill, parentOf } from './fixtures/kernel.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import type { Run } from './fixtures/run.ts'
import { outputOf } from './fixtures/started.ts'
import { sweepUntil } from './fixtures/sweeps.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { warmed, warmStarter } from './fixtures/warm.ts'
import { BERTH, GATE, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
/** A run may take 3.1 s, and a process that was started again 2.3 s. */
const SHORT = 'budgets: { killGrace: 100ms, deadline: 1s, teardown: 2s }'
/** For a sweep: whoever has a lock that says nothing of its run has had it for too long. */
const NOTHING = 'budgets: { killGrace: 1ms, deadline: 1ms, teardown: 1ms }'

/** What is let go on or killed ends at once, if ever. */
const SOON_MS = 20_000

describe('a run process that is stopped for good: past the ceiling a sweep ends it, and its wrapper starts the next one', () => {
  test('R-JAN-08 R-RUN-22 R-LCK-10 before its first line: nothing is deployed, and a dry run only says so', async ({
    world,
  }) => {
    world.configure(SHORT)
    world.recipe('app')
    const boot = parkAtBoot(world)
    const run = await world.run('app')
    const { pid } = await boot.reached()
    const wrapper = parentOf(pid)
    await stopped(pid)
    boot.open()
    await sweepUntil(world, 'has not begun', '--dry-run')
    expect(isStopped(pid)).toBe(true)
    await sweepUntil(world, 'has not begun')
    await run.cli.endedWith(70)
    expect(run.conductor().wrapper).toBe(wrapper)
    expect(run.stop()).toMatchObject({ reason: 'fault', by: 'the run process died before its first line' })
    expectDown(world, run, ['down', 'gone'])
  })

  test('R-JAN-08 R-RUN-22 R-LCK-10 when it was started again, before its first line', async ({ world }) => {
    world.configure('budgets: { killGrace: 100ms, deadline: 5m, teardown: 2s }')
    const boot = parkAtBoot(world)
    boot.open()
    const { run } = await insideRun(world)
    boot.close()
    kill(run.conductor().pid, 'SIGKILL')
    const { pid } = await boot.reached()
    await stopped(pid)
    boot.open()
    await sweepUntil(world, 'has not begun')
    await run.cli.endedWith(70)
    expectDown(world, run, ['up', 'down', 'gone'])
  })

  test.skipIf(!HAS_STRACE)(
    'R-JAN-08 R-RUN-22 R-LCK-10 as the child of its wrapper between fork and exec (strace): the wrapper is told from it, and stays',
    async ({ world }) => {
      world.configure('budgets: { killGrace: 100ms, deadline: 5m, teardown: 2s }')
      const { run } = await insideRun(world)
      const { pid, wrapper } = run.conductor()
      const strace = await injectBelow(world, wrapper, 'set_robust_list:signal=STOP:when=1')
      kill(pid, 'SIGKILL')
      await strace.says(/set_robust_list\([^]*stopped by SIGSTOP/)
      const [child = 0] = childrenOf(wrapper)
      await detach(strace)
      await until('the child to stand still', () => isStopped(child), SOON_MS)
      await sweepUntil(world, `process ${child} has not begun`)
      await run.cli.endedWith(70)
      expect(run.conductor().wrapper).toBe(wrapper)
      expectDown(world, run, ['up', 'down', 'gone'])
    },
  )

  test('R-JAN-08 R-LCK-17 R-LCK-10 when it was started ahead of its locks and has been told to go: its age counts from its run’s', async ({
    world,
  }) => {
    world.configure('budgets: { killGrace: 100ms, deadline: 5m, teardown: 2s }')
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    world.recipe('next', { domain: 'app-{pr}.{base}', deadline: '1s' })
    const first = await world.run('app')
    await inside.reached()
    const second = await world.run('next', '--wait', '5m')
    const { process: pid, wrapper } = await warmed(second.id)
    await stopped(pid)
    await until('a warm process that is older than its run may get', () => ageMs(pid) > 3_200)
    inside.go()
    await first.cli.endedWith(0)
    await until('the hand-over', () => world.judge().marks[NAME] === second.id)
    const asked = join(second.folder, 'request.json')
    const anHour = Date.now() / 1000 + 3600
    utimesSync(asked, anHour, anHour)
    expect(await outputOf(world.berth('janitor'))).not.toContain('has not begun')
    utimesSync(asked, 0, 0)
    await sweepUntil(world, 'has not begun')
    await second.cli.endedWith(70)
    expect(second.conductor().wrapper).toBe(wrapper)
    expectDown(world, second, ['down', 'gone'])
  })

  test.skipIf(!HAS_STRACE)(
    'R-JAN-08 R-LCK-10 after its entry in `open/` is gone (strace): the end stands, and nothing is torn down again',
    async ({ world }) => {
      const { run, inside } = await insideRun(world)
      const { pid, wrapper } = run.conductor()
      const entry = join(world.state, 'open', run.id)
      const strace = await injectOn(world, pid, entry, 'unlink:signal=STOP:when=1')
      inside.go()
      await strace.says(/stopped by SIGSTOP/)
      await detach(strace)
      expect(world.judge()).toMatchObject({ marks: {}, open: [] })
      expect(world.judge().holders(NAME).toSorted()).toEqual([pid, wrapper].toSorted())
      letAnHourPass(run)
      expect(await outputOf(world.berth('janitor'), 10)).toContain(`process ${pid} is `)
      await run.cli.endedWith(0)
      expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
      expectDown(world, run, ['up', 'down', 'gone'])
    },
  )
})

describe('who has a name for longer than is due, and is stopped for good: a sweep lets it go on', () => {
  test('R-LCK-10 R-JAN-02 a wrapper: nobody ends it, a dry run only says so, and it ends by itself', async ({
    world,
  }) => {
    const { run, inside } = await insideRun(world)
    const { pid, wrapper } = run.conductor()
    await stopped(wrapper)
    inside.go()
    expect(await run.concluded()).toMatchObject({ conclusion: 'success', verified: true })
    await until('the end of the run process', () => !isAlive(pid))
    await world.berth('janitor').endedWith(0)
    expect(isStopped(wrapper), 'while it may take its time').toBe(true)
    world.configure(NOTHING)
    expect(await outputOf(world.berth('janitor', '--dry-run'), 1)).toContain('would let go on')
    expect(isStopped(wrapper)).toBe(true)
    const said = await outputOf(world.berth('janitor'), 1)
    expect(said).toContain(`process ${wrapper}, which has it, had been stopped`)
    expect(said).toContain('suspected leak')
    await run.cli.endedWith(0)
    expect(world.judge().holders(NAME)).toEqual([])
  })

  test.skipIf(!HAS_STRACE).for([
    { point: 'flock', has: 'locked it', budgets: NOTHING },
    { point: 'fsync', has: 'marked it', budgets: SHORT },
  ])(
    'R-LCK-10 R-LCK-16 a command that has $has, and not launched its run (strace): its run goes on',
    async ({ point, budgets }, { world }) => {
      world.recipe('app')
      if (point === 'fsync') world.configure(SHORT)
      const command = ['sh', '-c', 'kill -STOP $$; exec "$@"', 'sh', BERTH, 'run', 'app']
      const cli = world.start(command)
      await until('a command before its first instruction', () => isStopped(cli.pid))
      const strace = await injectOn(world, cli.pid, world.lockFile(NAME), `${point}:signal=STOP:when=1`)
      kill(cli.pid, 'SIGCONT')
      // It is stopped when strace comes, too.
      await strace.says(new RegExp(`${point}\\([^]*stopped by SIGSTOP`))
      await detach(strace)
      expect(world.judge().holders(NAME)).toEqual([cli.pid])
      world.configure(budgets)
      await sweepUntil(world, `process ${cli.pid}, which has it, had been stopped`)
      await cli.ended()
      const [run, ...more] = world.runs()
      expect(more).toEqual([])
      expect(run?.result()).toMatchObject({ verified: true })
      expect(world.judge().holders(NAME)).toEqual([])
    },
  )

  test('R-LCK-10 R-LCK-17 a warm process whose starter is SIGKILLed when it has locked the name: it ends', async ({
    world,
  }) => {
    const { starter, id } = await warmStarter(world, 'locked')
    const pair = await warmed(id)
    await starter.says(/^in locked$/m)
    await stopped(pair.process)
    starter.kill('SIGKILL')
    await starter.ended()
    expect(world.judge().holders(NAME).toSorted()).toEqual([pair.process, pair.wrapper].toSorted())
    world.configure(NOTHING)
    await sweepUntil(world, `process ${pair.process}, which has it, had been stopped`)
    await until('the end of both', () => !isAlive(pair.process) && !isAlive(pair.wrapper), SOON_MS)
    expect(world.judge().holders(NAME)).toEqual([])
  })

  test('R-LCK-10 R-JAN-10 a hold past its time: it ends', async ({ world }) => {
    await world.berth('locks', 'hold', NAME, '--reason', 'a test', '--for', '1s').endedWith(0)
    const [keeper = 0] = world.judge().holders(NAME)
    await stopped(keeper)
    await sweepUntil(world, `process ${keeper}, which has it, had been stopped`)
    await until('the end of the hold', () => !isAlive(keeper), SOON_MS)
    await world.berth('run', 'app').ended()
  })

  test('R-LCK-10 but who is not ours: it is left alone, and told', async ({ world }) => {
    world.recipe('app')
    await world.berth('run', 'app').endedWith(0)
    const stranger = world.start(['flock', world.lockFile(NAME), 'sh', '-c', 'kill -STOP $$'])
    await until('a stopped stranger', () => world.judge().holders(NAME).some(isStopped))
    const sleeper = world.judge().holders(NAME).find(isStopped) ?? 0
    world.configure(NOTHING)
    const said = await outputOf(world.berth('janitor'), 1)
    expect(said).toContain(`process ${sleeper} (sh -c kill -STOP $$)`)
    expect(said).not.toContain('let go on')
    expect(isStopped(sleeper)).toBe(true)
    kill(sleeper, 'SIGCONT')
    await stranger.endedWith(0)
  })
})

/** A run that is parked in its second stage. */
async function insideRun(world: World) {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  const run = await world.run('app')
  await inside.reached()
  return { inside, run }
}

function expectDown(world: World, run: Run, steps: readonly string[]): void {
  expect(run.result()).toMatchObject({ verified: true })
  expect(run.count('concluded')).toBe(1)
  expect(world.trace().filter((line) => line.startsWith(run.id))).toEqual(
    steps.map((step) => `${run.id} ${step}`),
  )
  expect(world.judge()).toMatchObject({ marks: {}, open: [] })
}
