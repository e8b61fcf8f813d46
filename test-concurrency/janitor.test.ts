import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { killAll, killTogether } from './fixtures/crash.ts'
import type { Gate } from './fixtures/gate.ts'
import type { Run } from './fixtures/run.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, REPOSITORY, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

describe('janitor', () => {
  test('R-JAN-02 R-LCK-10 case 19: a live run is never touched, at any moment of its life, by janitors that sweep beside it', async ({
    world,
  }) => {
    const gates = [world.gate('one'), world.gate('two'), world.gate('down')]
    world.recipe('app', {
      stages: {
        up: `${SITE} up`,
        one: `${GATE} one`,
        check: `${SITE} check`,
        two: `${GATE} two`,
        last: `${SITE} check`,
      },
      teardown: `${SITE} down gate`,
    })
    const loop = 'while [ ! -e "$0" ]; do "$1" janitor --json; echo "exit $?"; done'
    const enough = join(world.root, 'enough')
    const janitors = world.start(['sh', '-c', loop, enough, join(REPOSITORY, 'scripts/berth')])
    const sweeps = () => [...janitors.output().matchAll(/^exit (\d+)$/gm)].map(([, code]) => code)
    await until('a sweep', () => sweeps().length > 0)
    const run = await world.run('app')
    for (const gate of gates) {
      await gate.reached()
      const before = sweeps().length
      await until('a whole sweep beside the parked run', () => sweeps().length >= before + 2)
      gate.go()
    }
    await run.cli.endedWith(0)
    await world.start(['touch', enough]).endedWith(0)
    await janitors.endedWith(0)
    expect(new Set(sweeps())).toEqual(new Set(['0']))
    expect(janitors.output()).toContain(`held: run ${run.id} is live`)
    expect(janitors.output()).not.toContain('cleaned')
    expect(run.count('process.started')).toBe(1)
    expect(world.trace()).toEqual([`${run.id} up`, `${run.id} down`, `${run.id} gone`])
  })

  test('R-JAN-04 R-JAN-02 R-LCK-11 case 20: a dirty domain is cleaned once by two janitors and a run that race for it', async ({
    world,
  }) => {
    const [inside, down] = [world.gate('inside'), world.gate('down')]
    world.recipe('app', {
      stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` },
      teardown: `${SITE} down gate`,
    })
    const dead = await world.run('app')
    await inside.reached()
    await killAll(dead)
    expect(world.judge().holders(NAME)).toEqual([])
    expect(world.judge().marks).toEqual({ [NAME]: dead.id })

    const janitors = [world.berth('janitor', '--json'), world.berth('janitor', '--json')]
    const [next] = await Promise.all([world.run('app', '--wait', '5m'), down.reached()])
    await until('the two that came too late', () => {
      const waits = next.cli.output().includes('waits for') ? 1 : 0
      return janitors.filter((janitor) => janitor.isOver()).length + waits >= 2
    })
    expect(down.isQuiet(), 'nobody else tears down').toBe(true)
    down.go()
    expect((await inside.reached()).run).toBe(next.id)
    inside.go()
    expect((await down.reached()).run).toBe(next.id)
    down.go()
    await next.cli.endedWith(0)
    const codes = await Promise.all(janitors.map(async (janitor) => (await janitor.ended()).code))
    const cleaners =
      codes.filter((code) => code === 10).length + (next.cli.output().includes('recovered') ? 1 : 0)
    expect(cleaners, `janitors ended with ${codes}`).toBe(1)
    expect(codes.every((code) => code === 0 || code === 10 || code === 75)).toBe(true)
    expect(dead.count('teardown.ended')).toBe(1)
    expect(dead.count('concluded')).toBe(1)
    expect(dead.result()).toMatchObject({ conclusion: 'failure', reason: 'harness_fault', verified: true })
    const steps = ['up', 'down', 'gone']
    expect(world.trace()).toEqual([dead, next].flatMap(({ id }) => steps.map((step) => `${id} ${step}`)))
    await world.berth('janitor').endedWith(0)
  })

  test('R-JAN-07 R-LCK-11 case 20a: the janitor dies in the middle of a recovery, alone or with all that it has started', async ({
    world,
  }) => {
    const { dead, down } = await deadRun(world)
    const first = world.berth('janitor')
    await down.reached()
    const { pid, wrapper } = dead.conductor()
    await killTogether(first.pid, wrapper, pid)
    expect(world.judge().holders(NAME)).toEqual([])

    const second = world.berth('janitor')
    await down.reached()
    const successor = dead.conductor()
    expect(successor.pid).not.toBe(pid)
    await killTogether(second.pid)
    const next = await world.run('app', '--wait', '5m')
    await next.cli.says(/waits for/)
    expect(world.judge().holders(NAME)).toContain(successor.pid)
    down.go()
    expect((await down.reached()).run).toBe(next.id)
    down.go()
    await next.cli.endedWith(0)
    expect(dead.count('concluded')).toBe(1)
    const steps = ['up', 'down', 'down', 'gone'].map((step) => `${dead.id} ${step}`)
    expect(world.trace().slice(0, 5)).toEqual([...steps, `${next.id} up`])
  })

  test.for([
    ['edited', (world: World) => world.recipe('dying', { teardown: 'exit 9' })],
    ['deleted', (world: World) => rmSync(world.recipeFolder('dying'), { recursive: true })],
  ] as const)(
    'R-LCK-16 R-RUN-19 case 20c: the recipe is %s between death and recovery: the teardown of the time of the run is used',
    async ([, change], { world }) => {
      const { dead, down } = await deadRun(world)
      change(world)
      const janitor = world.berth('janitor')
      await down.reached()
      down.go()
      await janitor.endedWith(10)
      expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${dead.id} ${step}`))
      expect(dead.result()).toMatchObject({ verified: true })
    },
  )

  test('R-JAN-07 R-JAN-06 case 21: killed in the middle of its sweep, the next one finishes; one over a clean state does nothing', async ({
    world,
  }) => {
    const { dead, down, inside } = await deadRun(world)
    const other = await dieInside(world, inside, '1')
    const first = world.berth('janitor')
    await down.reached()
    first.kill('SIGKILL')
    await first.ended()
    const second = world.berth('janitor', '--json')
    expect((await down.reached()).run).toBe(other.id)
    down.go()
    down.go()
    await second.endedWith(10)
    await Promise.all([dead.concluded(), other.concluded()])
    const { findings } = JSON.parse(second.output())
    const cleaned = { name: 'app-1.ci.localhost', action: 'cleaned' }
    expect(findings.slice(0, 2)).toMatchObject([{ name: NAME, action: 'untouched' }, cleaned])
    await until('the end of the first recovery', () => world.judge().processes.length === 0)
    await world.berth('janitor').endedWith(0)
    const third = world.berth('janitor')
    await third.endedWith(0)
    expect(third.output()).toBe('Nothing was left.\n')
    for (const run of [dead, other]) expect(run.count('teardown.ended')).toBe(1)
  })

  test('R-JAN-01 case 22: after a reboot, with nothing but run folders left, everything is found and cleaned', async ({
    world,
  }) => {
    const { dead, down } = await deadRun(world)
    for (const folder of ['locks', 'open', 'tickets']) rmSync(join(world.state, folder), { recursive: true })
    const journal = join(dead.folder, 'journal.ndjson')
    const otherBoot = readFileSync(journal, 'utf8').replaceAll(
      /"boot":"[^"]+"/g,
      '"boot":"00000000-0000-4000-8000-000000000000"',
    )
    writeFileSync(journal, otherBoot)
    const look = world.berth('janitor', '--dry-run', '--json')
    const { findings } = JSON.parse(await outputOf(look, 10))
    expect(findings).toMatchObject([{ name: NAME, action: 'would clean' }])
    const janitor = world.berth('janitor')
    await down.reached()
    down.go()
    await janitor.endedWith(10)
    expect(dead.result()).toMatchObject({ conclusion: 'failure', reason: 'harness_fault', verified: true })
    expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${dead.id} ${step}`))
  })

  test('R-JAN-03 case 23: a domain that is no run domain is not probed, not even where a run was there; no lock file appears', async ({
    world,
  }) => {
    const { dead, down } = await deadRun(world)
    rmSync(world.lockFile(NAME))
    world.configure('baseDomain: ci.example.org')
    const janitor = world.berth('janitor', '--json')
    const { findings } = JSON.parse(await outputOf(janitor))
    expect(findings).toMatchObject([{ what: 'name', name: NAME, action: 'untouched' }])
    expect(existsSync(world.lockFile(NAME))).toBe(false)
    expect(dead.count('process.started')).toBe(1)
    world.configure('baseDomain: ci.localhost')
    down.go()
    await world.berth('janitor').endedWith(10)
  })
})

/** A run that was killed in its stage `inside`, with all that belongs to it; its teardown parks at `down`. */
async function deadRun(world: World) {
  const [inside, down] = [world.gate('inside'), world.gate('down')]
  const teardown = `${SITE} down gate`
  const stages = { up: `${SITE} up`, inside: `${GATE} inside` }
  world.recipe('dying', { stages, teardown, domain: 'app-{pr}.{base}' })
  world.recipe('app', { teardown })
  return { dead: await dieInside(world, inside, '0'), down, inside }
}

async function dieInside(world: World, inside: Gate, pr: string): Promise<Run> {
  const dead = await world.run('dying', '--pr', pr)
  await inside.reached()
  await killAll(dead)
  return dead
}
