import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { kill } from './fixtures/kernel.ts'
import { lookedAgain } from './fixtures/looks.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

describe('turns', () => {
  test('R-LCK-13 case 5: runs and holds are served in the order of their tickets although a barger tries all the time; a dead waiter stops nobody', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    const holder = world.hold(NAME, 'holder', `${GATE} inside`)
    await inside.reached()
    const first = await waiting(world, () => world.run('app', '--wait', '5m'))
    const dead = await waiting(world, () => world.hold(NAME, 'dead', 'true', '--wait', '5m'))
    const second = await waiting(world, () => world.hold(NAME, 'second', `${GATE} inside`, '--wait', '5m'))
    const third = await waiting(world, () => world.run('app', '--wait', '5m'))
    dead.kill('SIGKILL')
    await dead.ended()
    const barger = world.start(['node', join(import.meta.dirname, 'fixtures/barger.ts'), world.state, NAME])
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

  test('R-LCK-01 R-LCK-13 case 5: a name that its killed, foreign holder frees without any event is taken all the same', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    await world.berth('locks').endedWith(0)
    const shell = 'exec 9<>"$0"; flock 9; echo in; exec sleep 1000'
    const foreign = world.start(['sh', '-c', shell, world.lockFile(NAME)])
    await foreign.says(/in/)
    const waiter = await waiting(world, () => world.run('app', '--wait', '5m'))
    await lookedAgain(waiter.cli.pid)
    expect(inside.isQuiet()).toBe(true)
    kill(foreign.pid, 'SIGKILL')
    expect((await inside.reached()).run).toBe(waiter.id)
    inside.go()
    await waiter.cli.endedWith(0)
  })
})

/** Starts a waiter and waits until its ticket can be seen: the next one is surely behind it. */
async function waiting<T>(world: World, begin: () => T | Promise<T>): Promise<T> {
  const before = tickets(world).length
  const waiter = await begin()
  await until('one more ticket', () => tickets(world).length === before + 1)
  return waiter
}

function tickets(world: World): readonly string[] {
  try {
    return readdirSync(join(world.state, 'tickets', NAME)).filter((ticket) => !ticket.startsWith('.'))
  } catch {
    return []
  }
}

function refusals(output: string): number {
  return Number(/refused (\d+)\n$/.exec(output)?.[1] ?? 0)
}
