import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { stopped } from './fixtures/crash.ts'
import { isAlive, isStopped, kill } from './fixtures/kernel.ts'
import { lookedAgain, waitingAt } from './fixtures/looks.ts'
import { runAt } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { warmed, warmStarter } from './fixtures/warm.ts'
import { GATE, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
/** What is let go on or killed ends at once, if ever. */
const SOON_MS = 20_000

describe('SIGSTOP for longer than every budget', () => {
  test('R-LCK-10 R-RUN-08 of the wrapper: the run ends as it should; its name stays locked, clean and in sight, and nobody takes it before the wrapper goes on', async ({
    world,
  }) => {
    const { inside, run } = await insideRun(world)
    const { wrapper, pid } = run.conductor()
    await stopped(wrapper)
    inside.go()
    expect(await run.concluded()).toMatchObject({ conclusion: 'success', verified: true })
    await until('the end of the run process', () => !isAlive(pid))
    expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    expect(world.judge().holders(NAME)).toEqual([wrapper])
    await world.berth('janitor').endedWith(0)
    const next = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    await lookedAgain(next.cli.pid)
    expect(next.journal()).toEqual([])
    expect(world.judge().holders(NAME)).toEqual([wrapper])
    kill(wrapper, 'SIGCONT')
    await run.cli.endedWith(0)
    await inside.reached()
    inside.go()
    await next.cli.endedWith(0)
  })

  test('R-RUN-09 of the caller: the run goes through its stages, tears down and gives its name up without it', async ({
    world,
  }) => {
    const { inside, run } = await insideRun(world)
    await stopped(run.cli.pid)
    inside.go()
    expect(await run.concluded()).toMatchObject({ conclusion: 'success', verified: true })
    await until('the name to be free', () => world.judge().holders(NAME).length === 0)
    const next = await world.run('app')
    await inside.reached()
    inside.go()
    await next.cli.endedWith(0)
    kill(run.cli.pid, 'SIGCONT')
    await run.cli.endedWith(0)
  })

  test('R-RUN-07 R-RUN-06 of a stage: its own timeout ends it all the same', async ({ world }) => {
    world.recipe('app', {
      stages: { up: `${SITE} up`, still: { run: 'kill -STOP $$; exec sleep 1000', timeout: '1s' } },
    })
    const run = await world.run('app')
    await run.cli.endedWith(1)
    expect(run.result()).toMatchObject({ conclusion: 'failure', reason: 'stage_failed', verified: true })
    expect(world.judge(run.id).pids).toEqual([])
  })

  test('R-LCK-13 R-LCK-10 of the first waiter: those behind it wait, nobody passes it, and its own turn comes when it goes on', async ({
    world,
  }) => {
    const { inside, run } = await insideRun(world)
    const first = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    const second = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    await stopped(first.cli.pid)
    inside.go()
    await run.cli.endedWith(0)
    await lookedAgain(second.cli.pid)
    expect(inside.isQuiet()).toBe(true)
    kill(first.cli.pid, 'SIGCONT')
    for (const { id, cli } of [first, second]) {
      expect((await inside.reached()).run).toBe(id)
      inside.go()
      await cli.endedWith(0)
    }
  })
})

describe('who is asked to end while it is stopped', () => {
  test('R-LCK-17 R-RUN-09 but processes that were told to go: they stay as they are, and conduct their run', async ({
    world,
  }) => {
    const { starter, id } = await warmStarter(world, 'told')
    const pair = await warmed(id)
    await starter.says(/^in told$/m)
    await until('both to stand still', () => isStopped(pair.process) && isStopped(pair.wrapper), SOON_MS)
    kill(-pair.wrapper, 'SIGCONT')
    const run = runAt(join(world.state, 'runs'), id, starter)
    expect(await run.concluded()).toMatchObject({ conclusion: 'success', verified: true })
    expect(run.conductor()).toEqual({ pid: pair.process, wrapper: pair.wrapper })
    starter.kill('SIGKILL')
    await starter.ended()
  })

  test('R-LCK-17 R-LCK-09 case 4: warm processes of a run that gives its first name back: they end, and it waits on', async ({
    world,
  }) => {
    const [inside, held] = [world.gate('inside'), world.gate('held')]
    const stages = { inside: `${GATE} inside` }
    world.recipe('solo', { domain: 'app-{pr}.{base}', stages })
    world.recipe('app', { resources: ['gpu'], stages })
    const hold = world.hold('r:gpu', 'holder', `${GATE} held`)
    await held.reached()
    const first = await world.run('solo')
    await inside.reached()
    const second = await world.run('app', '--wait', '5m')
    const pair = await warmed(second.id)
    for (const pid of [pair.process, pair.wrapper]) await stopped(pid)
    inside.go()
    await first.cli.endedWith(0)
    await second.cli.says(/waits for r:gpu/)
    await until('the end of both', () => !isAlive(pair.process) && !isAlive(pair.wrapper), SOON_MS)
    expect(world.judge().holders(NAME)).toEqual([])
    held.go()
    await hold.endedWith(0)
    await inside.reached()
    inside.go()
    await second.cli.endedWith(0)
  })

  test('R-JAN-10 a hold by hand: it ends', async ({ world }) => {
    await world.berth('locks', 'hold', NAME, '--reason', 'a test', '--for', '1h').endedWith(0)
    const [keeper = 0] = world.judge().holders(NAME)
    await stopped(keeper)
    await world.berth('locks', 'release', NAME, '--reason', 'a test').endedWith(0)
    await until('the end of the hold', () => !isAlive(keeper), SOON_MS)
    expect(world.judge().holders(NAME)).toEqual([])
  })
})

/** A run that is parked in its only stage. */
async function insideRun(world: World) {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { inside: `${GATE} inside` } })
  const run = await world.run('app')
  await inside.reached()
  return { inside, run }
}
