import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { type Boot, parkAtBoot } from './fixtures/boot.ts'
import { contend } from './fixtures/contender.ts'
import { detach, ended, injectOn, killAll } from './fixtures/crash.ts'
import { isAlive, kill, parentOf } from './fixtures/kernel.ts'
import { arrange, expectLevel, LEVELS } from './fixtures/levels.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import type { Run } from './fixtures/run.ts'
import { outputOf, type Started } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { GATE, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

/** The journal of a run with two green stages, line by line. */
const LINES = [
  'process.started',
  'prepared',
  'stage.started up',
  'stage.ended up',
  'stage.started check',
  'stage.ended check',
  'teardown.started',
  'teardown.ended',
  'concluded',
]
const LAST_STAGE_ENDED = LINES.indexOf('stage.ended check') + 1

describe('SIGKILL at every line of the journal', () => {
  test.skipIf(!HAS_STRACE).for(LEVELS)(
    'R-RUN-08 R-RUN-02 R-LCK-02 R-RUN-20 case 29: of the run process: one conclusion, no stage twice, the lock held until teardown is verified (strace), at $at',
    async ({ at }, { world, skip }) => {
      arrange(world, at, skip)
      world.recipe('app')
      const boot = parkAtBoot(world)
      for (const [index, text] of LINES.entries()) {
        const { run, pid, contender } = await parkedRun(world, boot, index)
        await atLine(world, run, pid, index + 1, 'KILL')
        boot.go()
        await run.cli.ended()
        expect(run.events().slice(0, index + 2), 'the journal of both processes').toEqual([
          ...LINES.slice(0, index + 1),
          'process.started',
        ])
        expectOneEnd(world, run, await contender.had())
        await run.cli.endedWith(index + 1 >= LAST_STAGE_ENDED ? 0 : 70)
        expect(run.count('process.started'), text).toBe(2)
        expectLevel(run, at)
      }
    },
  )

  test.skipIf(!HAS_STRACE)(
    'R-RUN-08 R-RUN-10 R-LCK-02 case 30: of the wrapper: orderly teardown by the run process, the lock held until then (strace)',
    async ({ world }) => {
      world.recipe('app')
      const boot = parkAtBoot(world)
      for (const index of LINES.keys()) {
        const { run, pid, wrapper, contender } = await parkedRun(world, boot, index)
        const strace = await atLine(world, run, pid, index + 1, 'STOP')
        boot.go()
        await strace.says(/stopped by SIGSTOP/)
        expect(run.events()).toEqual(LINES.slice(0, index + 1))
        kill(wrapper, 'SIGKILL')
        await ended(wrapper)
        await detach(strace)
        kill(pid, 'SIGCONT')
        await run.cli.ended()
        expectOneEnd(world, run, await contender.had())
        expect(run.count('process.started')).toBe(1)
        expect(run.conductor()).toEqual({ pid, wrapper })
        const green = run.events().includes('stage.ended check') && run.result()?.conclusion === 'success'
        await run.cli.endedWith(green ? 0 : 143)
      }
    },
  )

  test.skipIf(!HAS_STRACE)(
    'R-RUN-08 R-RUN-02 case 29: of the run process before its first line is written: the second one goes nowhere, and says why (strace)',
    async ({ world }) => {
      world.recipe('app')
      const { run, pid, boot, contender } = await parkedRun(world, parkAtBoot(world), 0)
      await injectOn(world, pid, join(run.folder, 'journal.ndjson'), 'write:signal=KILL:when=1')
      boot.go()
      await run.cli.endedWith(70)
      expect(run.count('process.started')).toBe(1)
      expect(run.stop()).toMatchObject({ reason: 'fault', by: 'the run process died before its first line' })
      expect(run.result()).toMatchObject({ conclusion: 'failure', verified: true })
      expect(world.trace()).toEqual([`${run.id} down`, `${run.id} gone`])
      await contender.had()
    },
  )

  test('R-RUN-10 R-RUN-22 case 31: of the wrapper before the run process has its death signal: the run process stops by itself and deploys nothing', async ({
    world,
  }) => {
    world.recipe('app')
    const { run, pid, wrapper, boot } = await parkedRun(world, parkAtBoot(world), 0)
    kill(wrapper, 'SIGKILL')
    await ended(wrapper)
    boot.go()
    await run.cli.endedWith(143)
    expect(run.conductor()).toEqual({ pid, wrapper })
    expect(run.stop()).toMatchObject({ reason: 'terminated', by: 'the death of the wrapper' })
    expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
    expect(world.trace()).toEqual([`${run.id} down`, `${run.id} gone`])
  })

  test('R-RUN-08 R-LCK-02 case 32: of the second process while it tears down, with the wrapper dead: the lock is held as long as one of them works', async ({
    world,
  }) => {
    const [inside, down] = [world.gate('inside'), world.gate('down')]
    world.recipe('app', {
      stages: { up: `${SITE} up`, inside: `${GATE} inside` },
      teardown: `${SITE} down gate`,
    })
    const run = await world.run('app')
    await inside.reached()
    const first = run.conductor()
    kill(first.pid, 'SIGKILL')
    await down.reached()
    const second = run.conductor()
    expect(second.wrapper).toBe(first.wrapper)
    const contender = await contend(world, run, NAME, [first.pid, second.pid, second.wrapper])
    kill(second.wrapper, 'SIGKILL')
    await ended(second.wrapper)
    expect(world.judge().holders(NAME)).toEqual([second.pid])
    kill(second.pid, 'SIGKILL')
    await contender.had()
    expect(contender.saw(), 'alive while somebody else had the lock').toEqual([])

    const { pid } = await down.reached()
    expect(isAlive(pid)).toBe(true)
    const third = run.conductor()
    expect(third.wrapper).not.toBe(second.wrapper)
    down.go()
    await run.cli.endedWith(70)
    expect(run.cli.output()).toContain('recovering it')
    expect([run.count('concluded'), run.count('teardown.ended'), run.count('teardown.started')]).toEqual([
      1, 1, 2,
    ])
  })

  test.for(LEVELS)(
    'R-RUN-08 R-LCK-11 R-RUN-20 case 33: of all of them: the stage dies with them, the lock is free, the domain dirty, and the next run recovers before its first stage, at $at',
    async ({ at }, { world, skip }) => {
      arrange(world, at, skip)
      const inside = world.gate('inside')
      world.recipe('app', { stages: { up: `${SITE} up`, inside: `exec ${GATE} inside` } })
      const dead = await world.run('app')
      const stage = await inside.reached()
      await killAll(dead)
      await ended(stage.pid)
      expect(world.judge()).toMatchObject({ marks: { [NAME]: dead.id }, open: [dead.id] })
      await world.start(['flock', '-n', world.lockFile(NAME), 'true']).endedWith(0)
      const [look] = JSON.parse(await outputOf(world.berth('locks', '--json')))
      expect(look).toMatchObject({ name: NAME, state: 'dirty', run: dead.id, pids: [] })

      const next = await world.run('app')
      await inside.reached()
      inside.go()
      await next.cli.endedWith(0)
      expect(next.cli.output()).toContain(`recovered run ${dead.id} first`)
      const steps = ['up', 'down', 'gone']
      expect(world.trace()).toEqual([dead, next].flatMap(({ id }) => steps.map((step) => `${id} ${step}`)))
      expect(dead.result()).toMatchObject({ conclusion: 'failure', reason: 'harness_fault', verified: true })
    },
  )
})

/** A run whose process stands before its first instruction, with a contender for its domain in the kernel's queue. */
async function parkedRun(world: World, boot: Boot, pr: number) {
  boot.close()
  const run = await world.run('app', '--pr', String(pr))
  const { pid } = await boot.reached()
  boot.open()
  const contender = await contend(world, run, `app-${pr}.ci.localhost`)
  return { run, pid, wrapper: parentOf(pid), contender, boot }
}

/** The run process meets the signal at the flush of this line of its journal. */
function atLine(
  world: World,
  run: Run,
  pid: number,
  line: number,
  signal: 'KILL' | 'STOP',
): Promise<Started> {
  return injectOn(world, pid, join(run.folder, 'journal.ndjson'), `fdatasync:signal=${signal}:when=${line}`)
}

/** @param journal as it was when the lock could first be had by somebody else */
function expectOneEnd(world: World, run: Run, journal: string): void {
  expect(journal, 'the journal when the lock was free').toMatch(
    /"event":"teardown.ended","report":\{"verified":true/,
  )
  expect(run.count('concluded')).toBe(1)
  expect(run.result()).toMatchObject({ verified: true })
  const begun = run.events().filter((event) => event.startsWith('stage.started'))
  expect(new Set(begun).size).toBe(begun.length)
  const told = world.trace().filter((line) => line.startsWith(run.id))
  expect(told.filter((line) => line.endsWith(' up')).length).toBeLessThanOrEqual(1)
  expect(told.slice(-2)).toEqual([`${run.id} down`, `${run.id} gone`])
}
