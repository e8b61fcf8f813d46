import { describe, expect } from 'vitest'
import { killAll } from './fixtures/crash.ts'
import { isAlive, isWriting, kill } from './fixtures/kernel.ts'
import { lookedAgain, waitingAt } from './fixtures/looks.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { type WarmPair, warmed, warmPairOf, warmStarter } from './fixtures/warm.ts'
import { GATE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

/** What the death of the starter at each step of the hand-over leaves. */
const STEPS = [
  { step: 'opened', leaves: 'clean' },
  { step: 'locked', leaves: 'clean' },
  { step: 'marked', leaves: 'dirty' },
  { step: 'half', leaves: 'dirty' },
] as const

describe('warm processes', () => {
  test.for(STEPS)(
    'R-LCK-17 R-LCK-16 case 12a: the starter is SIGKILLed when it has $step: its warm process ends, the name is free and $leaves',
    async ({ step, leaves }, { world }) => {
      const { starter, id } = await warmStarter(world, step)
      const pair = await warmed(id)
      await starter.says(new RegExp(`^in ${step}$`, 'm'))
      if (step !== 'opened') expect(world.judge().holders(NAME)).toContain(pair.process)
      if (step === 'half') await until('the starter to be in its write', () => isWriting(starter.pid))
      starter.kill('SIGKILL')
      await starter.ended()
      if (step === 'half') kill(-pair.wrapper, 'SIGCONT')
      await over(pair)
      expect(world.judge().holders(NAME)).toEqual([])
      expect(Object.values(world.judge().marks)).toEqual(leaves === 'dirty' ? [id] : [])

      const next = await world.run('app')
      await next.cli.endedWith(0)
      expect(next.cli.output().includes(`recovered run ${id} first`)).toBe(leaves === 'dirty')
      expect(world.trace().filter((line) => line.startsWith(`${id} up`))).toEqual([])
    },
  )

  test('R-LCK-17 R-LCK-02 a waiting run has its processes before the one in the way has ended, and they hold nothing; then they conduct it', async ({
    world,
  }) => {
    const { inside, first, second } = await oneBehindTheOther(world)
    const third = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    const pair = await warmed(second.id)
    await lookedAgain(third.cli.pid)
    expect(warmPairOf(third.id), 'only the next one has any').toBeNull()
    const holders = world.judge().holders(NAME)
    for (const pid of [pair.process, pair.wrapper, second.cli.pid]) expect(holders).not.toContain(pid)
    expect(second.journal()).toEqual([])
    inside.go()
    await inside.reached()
    expect(second.conductor()).toEqual({ pid: pair.process, wrapper: pair.wrapper })
    expect(first.result()?.conclusion).toBe('success')
    inside.go()
    await inside.reached()
    inside.go()
    for (const { cli } of [first, second, third]) await cli.endedWith(0)
  })

  test.for([
    { dies: 'wrapper', victims: ['wrapper'] },
    { dies: 'process', victims: ['process'] },
    { dies: 'wrapper and process', victims: ['wrapper', 'process'] },
  ] as const)(
    'R-LCK-17 R-RUN-08 its warm $dies SIGKILLed while it waits: the run has its turn all the same, once',
    async ({ victims }, { world }) => {
      const { inside, first, second } = await oneBehindTheOther(world)
      const pair = await warmed(second.id)
      for (const victim of victims) kill(pair[victim], 'SIGKILL')
      await over(pair)
      inside.go()
      await inside.reached()
      expect(second.count('process.started')).toBe(1)
      inside.go()
      await Promise.all([first.cli.endedWith(0), second.cli.endedWith(0)])
    },
  )

  test('R-LCK-17 R-QUE-14 a waiting run that gives up, or is SIGKILLed, leaves no warm process', async ({
    world,
  }) => {
    const { inside, first, second } = await oneBehindTheOther(world)
    const cancelled = await warmed(second.id)
    second.cli.kill('SIGINT')
    await second.cli.endedWith(130)
    await over(cancelled)
    const third = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    const killed = await warmed(third.id)
    third.cli.kill('SIGKILL')
    await third.cli.ended()
    await over(killed)
    inside.go()
    await first.cli.endedWith(0)
  })

  test('R-LCK-17 R-LCK-11 case 33: all processes of the one in the way are SIGKILLed: the warm run recovers it first, then goes', async ({
    world,
  }) => {
    const { inside, first, second } = await oneBehindTheOther(world)
    await warmed(second.id)
    await killAll(first)
    await inside.reached()
    expect(second.cli.output()).toContain(`recovered run ${first.id} first`)
    expect(first.result()?.conclusion).toBe('failure')
    inside.go()
    await second.cli.endedWith(0)
  })

  test('R-LCK-17 R-LCK-09 case 4: one of two names is free and the other is not: the warm run gives the first one back', async ({
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
    const second = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    const pair = await warmed(second.id)
    inside.go()
    await first.cli.endedWith(0)
    await second.cli.says(/waits for r:gpu/)
    await over(pair)
    expect(world.judge().holders(NAME)).toEqual([])
    held.go()
    await hold.endedWith(0)
    await inside.reached()
    expect(warmPairOf(second.id)).toBeNull()
    inside.go()
    await second.cli.endedWith(0)
  })
})

/** Two runs on one name; the first is parked in its last stage. */
async function oneBehindTheOther(world: World) {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { inside: `${GATE} inside` } })
  const first = await world.run('app')
  await inside.reached()
  const second = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
  return { inside, first, second }
}

/** Waits until neither lives. */
async function over({ wrapper, process }: WarmPair): Promise<void> {
  await until('the end of warm processes', () => !isAlive(wrapper) && !isAlive(process))
}
