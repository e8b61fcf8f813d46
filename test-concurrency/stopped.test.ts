import { describe, expect } from 'vitest'
import { stopped } from './fixtures/crash.ts'
import { isAlive, kill } from './fixtures/kernel.ts'
import { lookedAgain, waitingAt } from './fixtures/looks.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

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

/** A run that is parked in its only stage. */
async function insideRun(world: World) {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { inside: `${GATE} inside` } })
  const run = await world.run('app')
  await inside.reached()
  return { inside, run }
}
