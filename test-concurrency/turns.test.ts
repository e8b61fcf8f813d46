import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { killTogether, stopped } from './fixtures/crash.ts'
import { kill } from './fixtures/kernel.ts'
import { lookedAgain, looksFarApart, ticketsAt, waitingAt } from './fixtures/looks.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, REPOSITORY } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

/** Half a second is promised; the rest is for a busy machine. */
const SOON_MS = 2_000

describe('turns', () => {
  test('R-LCK-13 case 5: runs and holds are served in the order of their tickets although a barger tries all the time; a dead waiter stops nobody', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    const holder = world.hold(NAME, 'holder', `${GATE} inside`)
    await inside.reached()
    const first = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    const dead = await waitingAt(world, NAME, () => world.hold(NAME, 'dead', 'true', '--wait', '5m'))
    const second = await waitingAt(world, NAME, () =>
      world.hold(NAME, 'second', `${GATE} inside`, '--wait', '5m'),
    )
    const third = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    dead.kill('SIGKILL')
    await dead.ended()
    const barger = world.start([
      'node',
      join(REPOSITORY, 'test-concurrency/fixtures/barger.ts'),
      world.state,
      NAME,
    ])
    await barger.says(/refused 20\n/)

    const served: string[] = []
    for (const expected of [first.id, 'second', third.id]) {
      inside.go()
      served.push((await inside.reached()).run)
      if (expected !== third.id) await barger.says(new RegExp(`refused ${refusals(barger.output()) + 20}\n`))
    }
    expect(served).toEqual([first.id, 'second', third.id])
    barger.kill('SIGTERM')
    await barger.ended()
    expect(barger.output()).not.toContain('got it')
    inside.go()
    await Promise.all([
      holder.endedWith(0),
      first.cli.endedWith(0),
      second.endedWith(0),
      third.cli.endedWith(0),
    ])
  })

  test('R-LCK-01 R-LCK-13 case 5: a name that its killed, foreign holder frees without any event is taken all the same, soon, however long the wait was', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    await world.berth('locks').endedWith(0)
    const shell = 'exec 9<>"$0"; flock 9; echo in; exec sleep 1000'
    const foreign = world.start(['sh', '-c', shell, world.lockFile(NAME)])
    await foreign.says(/in/)
    const waiter = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    // Were there no longest pause, the next look would be seconds away by then.
    await looksFarApart(waiter.cli.pid)
    await lookedAgain(waiter.cli.pid)
    expect(inside.isQuiet()).toBe(true)
    kill(foreign.pid, 'SIGKILL')
    await until('the waiter to have it', () => ticketsAt(world, NAME).length === 0, SOON_MS)
    expect((await inside.reached()).run).toBe(waiter.id)
    inside.go()
    await waiter.cli.endedWith(0)
  })

  test('R-LCK-13 R-LCK-01 case 38: waiters that are SIGKILLed leave no phantom: their places are free at once, and gone with the next look', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    const holder = world.hold(NAME, 'holder', `${GATE} inside`)
    await inside.reached()
    const killed = [
      (await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))).cli,
      await waitingAt(world, NAME, () => world.hold(NAME, 'killed', 'true', '--wait', '5m')),
    ]
    const places = ticketsAt(world, NAME)
    const next = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    await stopped(next.cli.pid) // Its own look takes the lock of a dead one's ticket for a moment.
    await killTogether(...killed.map(({ pid }) => pid))
    for (const place of places)
      await world.start(['flock', '-n', join(world.state, 'tickets', NAME, place), 'true']).endedWith(0)
    kill(next.cli.pid, 'SIGCONT')
    await until('the next look', () => ticketsAt(world, NAME).length === 1)
    inside.go()
    await holder.endedWith(0)
    expect((await inside.reached()).run).toBe(next.id)
    inside.go()
    await next.cli.endedWith(0)
    expect(ticketsAt(world, NAME)).toEqual([])
  })

  test('R-QUE-14 R-LCK-13 case 6: a run that is cancelled, or out of time, while it waits never takes the name and never frees it', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    const holder = await world.run('app')
    await inside.reached()
    const { pid, wrapper } = holder.conductor()
    const cancelled = await world.run('app', '--wait', '5m')
    await cancelled.cli.says(/waits for/)
    const late = await world.run('app', '--wait', '1s')
    cancelled.cli.kill('SIGINT')
    await Promise.all([cancelled.cli.endedWith(130), late.cli.endedWith(75)])
    expect(ticketsAt(world, NAME)).toEqual([])
    expect(world.judge().holders(NAME)).toEqual(expect.arrayContaining([pid, wrapper]))
    inside.go()
    await holder.cli.endedWith(0)
    expect(world.runs().map(({ id }) => id)).toEqual([holder.id])
  })

  test('R-QUE-14 R-LCK-13 case 6: of a hundred waiters every second one is cancelled or out of time, at the hand-over too: the others are served in order', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    const holder = world.hold(NAME, 'holder', `${GATE} inside`)
    await inside.reached()
    const script = join(REPOSITORY, 'test-concurrency/fixtures/waiters.ts')
    const waiters = world.start(['node', script, world.state, NAME, '100'])
    await waiters.says(/^all wait$/m)
    const stay = 50 + 8
    await until('all to go who are cancelled before their turn', () => ticketsAt(world, NAME).length === stay)
    expect(world.judge().holders(NAME)).toEqual([holder.pid])
    expect(waiters.output()).not.toContain('had')
    inside.go()
    await waiters.says(/^over$/m)
    const expected = /^expected (.*)$/m.exec(waiters.output())?.[1] ?? ''
    const had = [...waiters.output().matchAll(/^had (\d+)$/gm)].map(([, index]) => index)
    expect(had.join(' ')).toBe(expected)
    expect(had).toHaveLength(50)
    expect(waiters.output()).not.toContain('CANCELLED')
    await waiters.endedWith(0)
    await holder.endedWith(0)
  })
})

function refusals(output: string): number {
  return Number(/refused (\d+)\n$/.exec(output)?.[1] ?? 0)
}
