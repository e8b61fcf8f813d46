import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { IS_ROOT } from './fixtures/needs.ts'
import { textOf } from './fixtures/records.ts'
import type { Run } from './fixtures/run.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { beDelegatedTo, giveUsers, shareOut, takeBack } from './fixtures/users.ts'
import type { World } from './fixtures/world.ts'

const MOUNT = mountOfVersion2()
const CONTROLLERS = sharedControllers()
const BIG = 'head -c 300M /dev/zero | tail >/dev/null'
const NOT_HERE = 'cgroup v2 has not these controllers here'

const startProcesses = (count: number) => `i=0; while [ $i -lt ${count} ]; do sleep 1000 & i=$((i + 1)); done`

describe('limits of a run', () => {
  test.skipIf(!IS_ROOT)(
    'R-RUN-20 without cgroups, stages with a user of their own may have so many processes, and not one more',
    async ({ world }) => {
      const [uid] = giveUsers(world, 1, 'pid-namespace')
      limit(world, 'processes: 30', `runAs: [${uid}]`)
      world.recipe('few', { stages: { start: startProcesses(10) }, teardown: 'true' })
      await (await world.run('few')).cli.endedWith(0)
      world.recipe('many', { stages: { start: startProcesses(40) }, teardown: 'true' })
      const run = await world.run('many')
      await run.cli.endedWith(1)
      expect(textOf(join(run.folder, 'stages/01-start.log'))).toMatch(/fork/i)
    },
  )

  test.skipIf(!IS_ROOT)(
    'R-RUN-20 doctor says which limits nothing keeps, and at which level runs are',
    async ({ world }) => {
      const [uid] = giveUsers(world, 1, 'pid-namespace')
      limit(world, 'memory: 64MiB, processes: 30', `runAs: [${uid}]`)
      const found = JSON.parse(await outputOf(world.berth('doctor', '--json'), 1))
      expect(found).toEqual(
        expect.arrayContaining([
          { what: 'containment', state: 'good', text: expect.stringMatching(/^PID namespace: /) },
          { what: 'limit of memory', state: 'bad', text: expect.stringMatching(/^not kept here/) },
          { what: 'limit of processes', state: 'good', text: expect.stringContaining('RLIMIT_NPROC') },
        ]),
      )
      expect(JSON.stringify(found)).not.toContain('limit of cpus')
    },
  )

  test('R-RUN-20 R-RUN-16 a run that wants more memory is ended by the kernel, and its stage says so', async ({
    world,
    skip,
  }) => {
    if (!CONTROLLERS.includes('memory')) skip(NOT_HERE)
    limit(world, 'memory: 64MiB')
    world.recipe('app', {
      stages: {
        small: 'head -c 1M /dev/zero | tail >/dev/null',
        big: BIG,
      },
      teardown: 'true',
    })
    const run = await world.run('app')
    await run.cli.endedWith(1)
    expect(detailsOf(run)).toEqual([
      'exit code 0',
      expect.stringMatching(/^signal SIGKILL; the kernel ended processes .* more memory than 64 MiB$/),
    ])
    expect(run.result()).toMatchObject({ verified: true })
  })

  test('R-RUN-20 R-RUN-16 a run that wants more processes is refused them, and its stage says so', async ({
    world,
    skip,
  }) => {
    if (!CONTROLLERS.includes('pids')) skip(NOT_HERE)
    limit(world, 'processes: 30')
    world.recipe('app', { stages: { few: startProcesses(10), many: startProcesses(40) }, teardown: 'true' })
    const run = await world.run('app')
    await run.cli.endedWith(1)
    expect(detailsOf(run)).toEqual([
      'exit code 0',
      expect.stringMatching(/^exit code 2; the kernel refused .* 30 at a time$/),
    ])
  })

  test('R-RUN-20 in a cgroup that has no other processes than berth’s, these go to a leaf, and its runs are limited', async ({
    world,
    skip,
  }) => {
    if (!CONTROLLERS.includes('memory')) skip(NOT_HERE)
    beDelegatedTo(world, MOUNT)
    shareOut(world, MOUNT, 'memory')
    limit(world, 'memory: 64MiB')
    world.recipe('app', { stages: { big: BIG }, teardown: 'true' })
    const run = await world.run('app')
    await run.cli.endedWith(1)
    expect(detailsOf(run)).toEqual([expect.stringContaining('more memory than 64 MiB')])
    expect(run.result()).toMatchObject({ verified: true })
    takeBack(world, MOUNT)
  })

  test('R-RUN-20 a recipe asks for less than the operator gives, and has no more', async ({
    world,
    skip,
  }) => {
    if (!CONTROLLERS.includes('cpu')) skip(NOT_HERE)
    limit(world, 'cpus: 2')
    const cgroup = `$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)$(sed -n 's/^0:://p' /proc/self/cgroup)`
    world.recipe('app', {
      limits: { cpus: 0.5 },
      stages: { read: `cat "${cgroup}/../cpu.max" >"$BERTH_ARTIFACTS/cpu"` },
      teardown: 'true',
    })
    const run = await world.run('app')
    await run.cli.endedWith(0)
    expect(textOf(join(run.folder, 'artifacts/cpu'))).toBe('50000 100000\n')
  })
})

function limit(world: World, limits: string, more = ''): void {
  world.configure(`budgets: { killGrace: 500ms }\nstageLimits: { ${limits} }\n${more}`)
}

function detailsOf(run: Run): readonly unknown[] {
  return run.journal().flatMap(({ event, detail }) => (event === 'stage.ended' ? [detail] : []))
}

/** Empty where there is none. */
function mountOfVersion2(): string {
  return /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1] ?? ''
}

/** Controllers that the first cgroup of version 2 shares out; in hybrid mode version 1 may have them all. */
function sharedControllers(): readonly string[] {
  return MOUNT === '' || !IS_ROOT ? [] : textOf(join(MOUNT, 'cgroup.controllers')).trim().split(' ')
}
