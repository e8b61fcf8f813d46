import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { parkAtBoot } from './fixtures/boot.ts'
import { ended, inject, killAll, killTogether, stopped, watchCalls } from './fixtures/crash.ts'
import type { Gate } from './fixtures/gate.ts'
import { kill, parentOf } from './fixtures/kernel.ts'
import { lookedAgain } from './fixtures/looks.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import type { Run } from './fixtures/run.ts'
import { outputOf, type Started } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, SITE, type World } from './fixtures/world.ts'

describe('two names of one dead run', () => {
  test('R-LCK-15 case 20a: one waiter recovers the run and deploys at its domain; the other one, on the second name, touches nothing', async ({
    world,
  }) => {
    const { inside, dead } = await twoNames(world)
    await killAll(dead)
    const first = await world.run('domain')
    await inside.reached()
    const second = await world.run('resource')
    await inside.reached()
    await bothEnd(inside, first, second)
    expect(first.cli.output()).toContain(`recovered run ${dead.id} first`)
    expect(second.cli.output()).not.toContain('recovered')
    expect(world.trace().filter((line) => line.startsWith(dead.id))).toEqual(
      ['up', 'down', 'gone'].map((step) => `${dead.id} ${step}`),
    )
    expect(dead.count('process.started')).toBe(2)
  })

  test('R-LCK-15 case 20a: two waiters on one name each meet the dead run: while one recovers it, the other one waits, and touches nothing', async ({
    world,
  }) => {
    const down = world.gate('down')
    const { inside, dead } = await twoNames(world, 'gate')
    await killAll(dead)
    const waiters = [
      await world.run('domain', '--wait', '5m'),
      await world.run('resource', '--wait', '5m'),
    ] as const
    await down.reached()
    const waits = new RegExp(`waits for .*${dead.id}`)
    const late = await until('the one that came too late', () =>
      waiters.find(({ cli }) => waits.test(cli.output())),
    )
    await lookedAgain(late.cli.pid)
    expect(down.isQuiet(), 'nobody else tears down').toBe(true)
    expect(dead.count('process.started')).toBe(2)
    down.go()
    await inside.reached()
    await inside.reached()
    await bothEnd(inside, ...waiters)
    expect(dead.count('teardown.ended')).toBe(1)
    expect(world.trace().filter((line) => line === `${dead.id} down`)).toHaveLength(1)
  })

  test.skipIf(!HAS_STRACE)(
    'R-LCK-15 R-LCK-16 case 20a: death between the two truncations (strace): the second name is only cleared, whoever stands at the first',
    async ({ world }) => {
      const down = world.gate('down')
      const { inside, dead } = await twoNames(world, 'gate')
      inside.go()
      await down.reached()
      const { pid, wrapper } = dead.conductor()
      await inject(world, pid, 'ftruncate:signal=KILL:when=2')
      await stopped(wrapper)
      await stopped(dead.cli.pid)
      down.go()
      await ended(pid)
      await killTogether(wrapper, dead.cli.pid)
      expect(world.judge().marks).toEqual({ 'r:gpu': dead.id })
      expect(dead.result()).toMatchObject({ conclusion: 'success', verified: true })

      const first = await world.run('domain')
      await inside.reached()
      const second = await world.run('resource')
      await inside.reached()
      await bothEnd(inside, first, second)
      expect(dead.count('process.started')).toBe(1)
      expect(world.trace().filter((line) => line === `${dead.id} down`)).toHaveLength(1)
    },
  )
})

describe('a claimer that only looks', () => {
  test.skipIf(!HAS_STRACE)(
    'R-LCK-15 R-RUN-08 at the moment when another one’s new process begins: that process waits for the look to end, and recovers (strace)',
    async ({ world }) => {
      const { inside, dead } = await twoNames(world)
      await killAll(dead)
      const boot = parkAtBoot(world)
      const claimer = world.berth('run', 'domain')
      const begun = await boot.reached()
      const look = await lookUnderRunLock(world, dead)
      const tries = await watchCalls(world, begun.pid, 'flock')
      boot.go()
      await tries.says(/(EAGAIN[^]*){3}/)
      kill(look.pid, 'SIGKILL')
      boot.open()
      await inside.reached()
      inside.go()
      await claimer.endedWith(0)
      expect(claimer.output()).toContain(`recovered run ${dead.id} first`)
      expect(dead.count('process.started')).toBe(2)
      await tries.ended()
      await world.berth('janitor').endedWith(10)
    },
  )

  test('R-LCK-15 R-LCK-13 for as long as no look takes, while another one’s new process begins: that process goes away, and its name is busy, not dirty', async ({
    world,
  }) => {
    const { dead } = await twoNames(world)
    await killAll(dead)
    const boot = parkAtBoot(world)
    const claimer = world.berth('run', 'domain')
    const begun = await boot.reached()
    const wrapper = parentOf(begun.pid)
    const look = await lookUnderRunLock(world, dead)
    await stopped(wrapper)
    boot.go()
    await ended(begun.pid)
    kill(look.pid, 'SIGKILL')
    await ended(look.pid)
    kill(wrapper, 'SIGCONT')
    await claimer.endedWith(75)
    expect(claimer.output()).toContain(`which run ${dead.id} has`)
    boot.open()
    await world.berth('janitor').endedWith(10)
  })
})

/** As a look under the run lock, that lasts. */
async function lookUnderRunLock(world: World, { folder }: Run): Promise<Started> {
  const journal = join(folder, 'journal.ndjson')
  const look = world.start(['flock', '-F', journal, 'sh', '-c', 'echo looking; exec sleep 600'])
  await look.says(/looking/)
  return look
}

describe('never forward', () => {
  test.skipIf(!HAS_STRACE)(
    'R-RUN-02 R-RUN-08 case 20b: killed after a green stage (strace), the janitor tears down and concludes, and begins no stage',
    async ({ world }) => {
      const one = world.gate('one')
      world.recipe('app', {
        stages: { up: `${SITE} up`, one: `${GATE} one`, never: 'echo "$BERTH_RUN_ID never" >>"$TRACE"' },
      })
      const dead = await world.run('app')
      await one.reached()
      const { pid, wrapper } = dead.conductor()
      await inject(world, pid, 'fdatasync:signal=KILL:when=1')
      await stopped(wrapper)
      await stopped(dead.cli.pid)
      one.go()
      await ended(pid)
      await killTogether(wrapper, dead.cli.pid)
      expect(dead.events().at(-1)).toBe('stage.ended one')

      await world.berth('janitor').endedWith(10)
      expect(world.trace()).toEqual([`${dead.id} up`, `${dead.id} down`, `${dead.id} gone`])
      expect(dead.result()).toMatchObject({ conclusion: 'failure', reason: 'harness_fault', verified: true })
      expect(dead.events().filter((event) => event.startsWith('stage.started'))).toEqual([
        'stage.started up',
        'stage.started one',
      ])
    },
  )

  test('R-RUN-02 R-LCK-16 case 20b: killed before its first line, the janitor tears down and concludes, and deploys nothing', async ({
    world,
  }) => {
    world.recipe('app')
    const boot = parkAtBoot(world)
    const dead = await world.run('app')
    const { pid } = await boot.reached()
    await killTogether(dead.cli.pid, parentOf(pid), pid)
    boot.open()
    expect(dead.events()).toEqual([])
    const janitor = world.berth('janitor', '--json')
    const { findings } = JSON.parse(await outputOf(janitor, 10))
    expect(findings[0]).toMatchObject({ what: 'name', name: 'app-0.ci.localhost', action: 'cleaned' })
    expect(world.trace()).toEqual([`${dead.id} down`, `${dead.id} gone`])
    expect(dead.result()).toMatchObject({ conclusion: 'failure', reason: 'harness_fault', verified: true })
    expect(dead.events()).toEqual([
      'process.started',
      'stop.requested',
      'teardown.started',
      'teardown.ended',
      'concluded',
    ])
  })
})

/** A run with a domain and a resource, inside; recipes `domain` and `resource` want one of its names each. */
async function twoNames(world: World, teardown = '') {
  const inside = world.gate('inside')
  const stages = { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` }
  world.recipe('both', {
    stages,
    domain: 'depot-{pr}.{base}',
    resources: ['gpu'],
    teardown: `${SITE} down ${teardown}`,
  })
  world.recipe('domain', { stages, domain: 'depot-{pr}.{base}' })
  world.recipe('resource', { stages, resources: ['gpu'] })
  const dead = await world.run('both')
  await inside.reached()
  return { inside, dead }
}

async function bothEnd(inside: Gate, ...runs: readonly [Run, Run]): Promise<void> {
  for (const _ of runs) inside.go()
  for (const run of runs) await run.cli.endedWith(0)
}
