import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { isAlive, kill } from './fixtures/kernel.ts'
import { arrange, expectLevel, LEVELS } from './fixtures/levels.ts'
import { textOf } from './fixtures/records.ts'
import { runAt } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, REPOSITORY } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
const RUN_PROCESS = join(REPOSITORY, 'src/run/main.ts')
const LIST = 'sh "$BERTH_RECIPE_DIR/descriptors"'
const DAEMON =
  'setsid env -i PATH="$PATH" GATES="$GATES" BERTH_RUN_ID=daemon sh "$BERTH_RECIPE_DIR/daemon" daemon "$BERTH_ARTIFACTS/daemon"'

describe('descriptors', () => {
  test.for(LEVELS)(
    'R-LCK-03 R-LCK-01 R-RUN-20 case 10: stage, setsid grandchild and double-forked daemon have no lock among their descriptors; a daemon that outlives the run does not hold the domain, at $at',
    async ({ at }, { world, skip }) => {
      // What is in the run's PID namespace outlives it nowhere, whatever it does.
      const outlives = !arrange(world, at, skip)
      const [daemon, inside] = [world.gate('daemon'), world.gate('inside')]
      world.recipe('app', {
        resources: ['gpu'],
        stages: {
          lists: `${LIST} "$BERTH_ARTIFACTS/stage"; setsid ${LIST} "$BERTH_ARTIFACTS/setsid"; (${DAEMON} & )`,
          inside: `${GATE} inside`,
        },
      })
      const run = await world.run('app')
      const { pid: daemonPid } = await daemon.reached()
      await inside.reached()
      for (const who of ['stage', 'setsid', 'daemon']) {
        const list = readFileSync(join(run.folder, 'artifacts', who), 'utf8')
          .trim()
          .split('\n')
        expect(list.map((line) => line.split(' ')[0]).sort(), `descriptors of the ${who}: ${list}`).toEqual([
          '0',
          '1',
          '2',
        ])
        expect(list[0]).toBe('0 /dev/null')
      }

      const { pid, wrapper } = run.conductor()
      for (const victim of [run.cli.pid, wrapper, pid]) kill(victim, 'SIGKILL')
      await until('the end of all three', () =>
        [run.cli.pid, wrapper, pid].every((victim) => !isAlive(victim)),
      )
      if (!outlives) await until('the end of the daemon', () => !isAlive(daemonPid))
      expect(isAlive(daemonPid)).toBe(outlives)
      for (const name of [NAME, 'r:gpu']) expect(world.judge().holders(name)).toEqual([])
      const next = await world.run('app')
      await daemon.reached()
      await inside.reached()
      inside.go()
      await next.cli.endedWith(0)
      expect(next.cli.output()).toContain(`recovered run ${run.id} first`)
      expect(isAlive(daemonPid)).toBe(outlives)
      expectLevel(next, at)
      if (outlives) daemon.go()
      await until('the end of the daemon', () => !isAlive(daemonPid))
    },
  )

  test('R-LCK-03 R-LCK-04 case 10: descriptors that the caller of `berth run` has open, behind a gap too, reach no stage', async ({
    world,
  }) => {
    world.recipe('app', { stages: { list: `${LIST} "$BERTH_ARTIFACTS/stage"` } })
    const readme = openSync(join(world.repo, 'README.md'), 'r')
    const behindGap = Array.from({ length: 37 }, () => 'ignore' as const)
    const caller = world.start([join(REPOSITORY, 'scripts/berth'), 'run', 'app'], {
      further: [readme, ...behindGap, readme],
    })
    const run = runAt(join(world.state, 'runs'), await caller.says(/^run ([0-9a-z]{16}): /m), caller)
    closeSync(readme)
    await run.cli.endedWith(0)
    const list = textOf(join(run.folder, 'artifacts/stage'))
    expect(list).not.toContain('README.md')
    expect(list.trim().split('\n')).toHaveLength(3)
  })

  test('R-LCK-03 case 11: a run process whose lock is not at its descriptor, or is somebody else’s, ends before it writes a line', async ({
    world,
  }) => {
    world.recipe('app')
    const run = await world.run('app')
    await run.cli.endedWith(0)
    const before = readFileSync(join(run.folder, 'journal.ndjson'), 'utf8')
    const shared = openSync(world.lockFile(NAME), 'r+')
    const orders = (names: string) => ['node', RUN_PROCESS, run.folder, names, '-', String(process.pid)]
    const gap = world.start(orders(`${NAME},r:gpu`), { further: [shared] })
    await gap.endedWith(1)
    closeSync(shared)
    expect(gap.output()).toContain('Descriptor 4, the lock of r:gpu, is no file')
    const inside = world.gate('inside')
    const holder = world.hold(NAME, 'holder', `${GATE} inside`)
    await inside.reached()
    const unlocked = openSync(world.lockFile(NAME), 'r+')
    const stranger = world.start(orders(NAME), { further: [unlocked] })
    await stranger.endedWith(1)
    expect(stranger.output()).toContain(`Descriptor 3, the lock of ${NAME}, is locked by somebody else`)
    inside.go()
    await holder.endedWith(0)
    closeSync(unlocked)
    expect(readFileSync(join(run.folder, 'journal.ndjson'), 'utf8')).toBe(before)
  })

  test('R-LCK-01 R-RUN-09 case 12: who launched a run keeps no copy of its lock: killed, it neither frees nor pins the domain', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { inside: `${GATE} inside` } })
    const model = await world.run('app')
    await inside.reached()
    inside.go()
    await model.cli.endedWith(0)

    const script = join(REPOSITORY, 'test-concurrency/fixtures/launcher.ts')
    const request = join(model.folder, 'request.json')
    const launcher = world.start(['node', script, world.state, world.recipeFolder('app'), request])
    const run = runAt(join(world.state, 'runs'), await launcher.says(/^run ([0-9a-z]{16}): /m), launcher)
    await inside.reached()
    const { pid, wrapper } = run.conductor()
    const both = [pid, wrapper].sort((one, other) => one - other)
    expect(
      world
        .judge()
        .holders(NAME)
        .toSorted((one, other) => one - other),
    ).toEqual(both)
    launcher.kill('SIGKILL')
    await launcher.ended()
    await world.berth('run', 'app').endedWith(75)
    expect(world.judge().holders(NAME)).toContain(pid)
    inside.go()
    expect(await run.concluded()).toMatchObject({ conclusion: 'success', verified: true })
    await until('the end of the wrapper', () => !isAlive(wrapper))
    expect(world.judge().holders(NAME)).toEqual([])
  })

  test('R-LCK-04 case 8: a lock whose object is collected five times over is still held', async ({
    world,
  }) => {
    await world.berth('locks').endedWith(0)
    const script = join(REPOSITORY, 'test-concurrency/fixtures/lease.ts')
    const lease = world.start(['node', '--expose-gc', script, world.state, NAME])
    await lease.says(/^collected$/m)
    await world.start(['flock', '-n', world.lockFile(NAME), 'true']).endedWith(1)
    lease.kill('SIGKILL')
    await lease.ended()
    await world.start(['flock', '-n', world.lockFile(NAME), 'true']).endedWith(0)
  })
})
