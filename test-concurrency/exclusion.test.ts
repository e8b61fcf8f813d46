import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { watchCalls } from './fixtures/crash.ts'
import { isBlockedOnLock, isStopped, kill } from './fixtures/kernel.ts'
import { lookedAgain } from './fixtures/looks.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import { parkAt } from './fixtures/park.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { BERTH, COUNT, GATE, SITE } from './fixtures/world.ts'

describe('exclusion', () => {
  test('R-LCK-01 R-LCK-02 R-LCK-13 case 1: the second run on a domain waits in sight, and starts when the first has verified its teardown', async ({
    world,
  }) => {
    const [inside, down] = [world.gate('inside'), world.gate('down')]
    world.recipe('app', {
      stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` },
      teardown: `${SITE} down gate`,
    })
    const first = await world.run('app')
    await inside.reached()
    const second = await world.run('app', '--wait', '5m')
    await second.cli.says(new RegExp(`waits for app-0.ci.localhost, which run ${first.id} has`))
    const [look] = JSON.parse(await outputOf(world.berth('locks', '--json')))
    const waiters = [`run ${second.id}`]
    expect(look).toMatchObject({ name: 'app-0.ci.localhost', state: 'busy', run: first.id, waiters })

    inside.go()
    await down.reached()
    await lookedAgain(second.cli.pid)
    expect(world.judge().holders('app-0.ci.localhost')).not.toContain(second.cli.pid)
    expect(second.events(), 'the second run while the first one tears down').toEqual([])

    down.go()
    await inside.reached()
    inside.go()
    await down.reached()
    down.go()
    await Promise.all([first.cli.endedWith(0), second.cli.endedWith(0)])
    const verified = first.journal().find(({ event }) => event === 'teardown.ended')
    expect(verified?.report?.verified).toBe(true)
    expect(second.journal()[0]?.mono).toBeGreaterThanOrEqual(verified?.mono ?? Number.POSITIVE_INFINITY)
    const steps = [first, second].flatMap(({ id }) => [`${id} up`, `${id} down`, `${id} gone`])
    expect(world.trace()).toEqual(steps)
  })

  test('R-LCK-01 R-LCK-02 case 2: two processes with runs and two with holds, three turns each, add up to twelve without an overlap', async ({
    world,
  }) => {
    world.recipe('app', { stages: { count: COUNT } })
    writeFileSync(join(world.sites, 'count'), '0\n')
    const turns = [1, 2, 3]
    const runs = async () => {
      for (const _ of turns) await world.berth('run', 'app', '--wait', '5m').endedWith(0)
    }
    const holds = async (who: string) => {
      const command = `${COUNT}; ${SITE} down`
      for (const turn of turns)
        await world.hold('app-0.ci.localhost', `${who}-${turn}`, command, '--wait', '5m').endedWith(0)
    }
    await Promise.all([runs(), runs(), holds('one'), holds('two')])
    expect(readFileSync(join(world.sites, 'count'), 'utf8')).toBe('12\n')
    expect(world.trace().filter((line) => line.endsWith(' up'))).toHaveLength(12)
  })

  test('R-DKR-09 R-LCK-08 case 3: runs on two domains are inside at the same time, each waits for the other one there', async ({
    world,
  }) => {
    const meet = 'if [ "$BERTH_PR" = 1 ]; then echo here >"$GATES/meet"; else read -r _ <"$GATES/meet"; fi'
    world.recipe('app', { stages: { up: `${SITE} up`, meet } })
    execFileSync('mkfifo', [join(world.gates, 'meet')])
    const one = await world.run('app', '--pr', '1')
    const two = await world.run('app', '--pr', '2')
    await Promise.all([one.cli.endedWith(0), two.cli.endedWith(0)])
  })

  test('R-LCK-09 case 4: runs on {a,b} and {b,a}: the loser holds nothing while it waits, and both end', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    const stages = { up: `${SITE} up`, inside: `${GATE} inside` }
    world.recipe('ab', { stages, resources: ['a', 'b'] })
    world.recipe('ba', { stages, resources: ['b', 'a'] })
    const winner = await world.run('ab')
    await inside.reached()
    const loser = await world.run('ba', '--wait', '5m')
    await loser.cli.says(/waits for r:a/)
    await lookedAgain(loser.cli.pid)
    const { holders } = world.judge()
    for (const name of ['r:a', 'r:b']) expect(holders(name)).not.toContain(loser.cli.pid)
    // Its free name it has for the moment of each look, and gives back: whoever else wants that one gets it.
    await world.start(['flock', '-w', '60', world.lockFile('ba-0.ci.localhost'), 'true']).endedWith(0)
    inside.go()
    expect((await inside.reached()).run).toBe(loser.id)
    inside.go()
    await Promise.all([winner.cli.endedWith(0), loser.cli.endedWith(0)])
  })

  test('R-LCK-09 R-LCK-13 R-QUE-05 case 4: a younger run on {b} alone does not pass an older one on {a,b}', async ({
    world,
  }) => {
    const [freeA, freeB] = [world.gate('a'), world.gate('b')]
    const inside = world.gate('inside')
    const stages = { up: `${SITE} up`, inside: `${GATE} inside` }
    world.recipe('both', { stages, resources: ['a', 'b'] })
    world.recipe('only', { stages, resources: ['b'] })
    const holdA = world.hold('r:a', 'holder-of-a', `${GATE} a`)
    const holdB = world.hold('r:b', 'holder-of-b', `${GATE} b`)
    await Promise.all([freeA.reached(), freeB.reached()])
    const older = await world.run('both', '--wait', '5m')
    await older.cli.says(/waits for/)
    const younger = await world.run('only', '--wait', '5m')
    await younger.cli.says(/waits for/)
    freeB.go()
    await holdB.endedWith(0)
    await lookedAgain(younger.cli.pid)
    expect(inside.isQuiet(), 'nobody is inside while the older one waits for a').toBe(true)
    freeA.go()
    await holdA.endedWith(0)
    expect((await inside.reached()).run).toBe(older.id)
    inside.go()
    expect((await inside.reached()).run).toBe(younger.id)
    inside.go()
    await Promise.all([older.cli.endedWith(0), younger.cli.endedWith(0)])
  })

  test('R-LCK-07 R-LCK-13 case 7: `flock` of a shell and a run see each other', async ({ world }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    const file = world.lockFile('app-0.ci.localhost')
    const run = await world.run('app')
    await inside.reached()
    await world.start(['flock', '-n', file, 'true']).endedWith(1)
    inside.go()
    await run.cli.endedWith(0)

    const shell = world.start(['flock', file, 'sh', '-c', 'echo in; read -r _ <"$GATES/inside.go"'], {
      env: { ...world.env, GATES: world.gates },
    })
    await shell.says(/in/)
    await world.berth('run', 'app').endedWith(75)
    const [look] = JSON.parse(await outputOf(world.berth('locks', '--json')))
    expect(look).toMatchObject({ name: 'app-0.ci.localhost', state: 'busy', run: null })
    expect(look.pids).toContain(shell.pid)
    inside.go()
    await shell.endedWith(0)
    const after = await world.run('app')
    await inside.reached()
    inside.go()
    await after.cli.endedWith(0)
  })
})

describe.skipIf(!HAS_STRACE)('looks and locks (strace)', () => {
  test('R-LCK-01 R-LCK-02 a name that a run has found free is its own from that look on, whoever stands in the kernel’s queue', async ({
    world,
  }) => {
    world.recipe('app')
    await world.hold('app-0.ci.localhost', 'before', 'true').endedWith(0)
    const file = world.lockFile('app-0.ci.localhost')
    // Its first flock is for its ticket, the second one for the name.
    const parked = await parkAt(world, 'flock:delay_exit:when=2', file, 'run', 'app')
    const next = world.start(['flock', file, 'sh', '-c', 'cat "$0"/*/result.json', join(world.state, 'runs')])
    await until('somebody in the queue of the kernel', () => isBlockedOnLock(next.pid))
    await parked.go()
    await parked.command.endedWith(0)
    await next.endedWith(0)
    expect(next.output()).toContain('"verified": true')
  })

  test('R-LCK-10 looking at the locks takes none', async ({ world }) => {
    const inside = world.gate('inside')
    const holder = world.hold('app-0.ci.localhost', 'holder', `${GATE} inside`)
    await inside.reached()
    for (const words of [['locks', '--json'], ['queue'], ['runs']]) {
      const look = world.start(['sh', '-c', 'kill -STOP $$; exec "$@"', 'sh', BERTH, ...words])
      await until('a command before its first instruction', () => isStopped(look.pid))
      const strace = await watchCalls(world, look.pid, 'flock')
      kill(look.pid, 'SIGCONT')
      await look.endedWith(0)
      await strace.ended()
      expect(strace.output(), words.join(' ')).not.toContain('flock(')
    }
    inside.go()
    await holder.endedWith(0)
  })
})
