import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { findAt, sweep } from '../src/drivers/docker/sweep.ts'
import { BERTH_LABELS, STACK_LABEL } from '../src/model/stackObjects.ts'
import { IMAGE } from './fixtures/images.ts'
import { docker, everything, labelled } from './fixtures/raw.ts'
import { OBEDIENT } from './fixtures/stackFile.ts'
import { until } from './fixtures/until.ts'
import { makeWorld, removeByHand, test, type World } from './fixtures/world.ts'

describe('R-DKR-17 what is not ours', () => {
  test('R-DKR-17 two harnesses on one engine leave each other alone', async ({ world }) => {
    const other = await makeWorld()
    onTestFinished(() => removeByHand(other))
    const stack = { services: { app: { volumes: ['data:/data'] } }, volumes: ['data'] }
    await Promise.all([world.deploy(stack), other.deploy(stack)])
    await Promise.all([world.converge(), other.converge()])
    const theirs = other.left()
    expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, foreign: [] }] })
    expect(world.left()).toEqual([])
    expect(other.left()).toEqual(theirs)
    expect(await other.converge()).toMatchObject({ kind: 'converged' })
    // Whoever takes the other's stack for its own is shown it, and does not touch it.
    const scopes = [{ stack: other.stack, run: other.run }]
    const [swept] = (await world.sweep({ scopes })).sweeps
    expect(swept).toMatchObject({ verified: true, removed: 0 })
    expect(swept?.foreign).toEqual(
      expect.arrayContaining([`service ${other.stack}_app`, `volume ${other.stack}_data`]),
    )
    expect(other.left()).toEqual(theirs)
    await other.sweep()
    expect(other.left()).toEqual([])
  })

  test('R-DKR-04 R-DKR-17 a canonical stack whose name begins like ours, and the network that both use, stand as they were', async ({
    world,
  }) => {
    const canonical = `${world.stack}_2`
    const shared = `proxy-${process.pid}`
    const file = join(world.root, 'canonical.yml')
    const app = {
      image: IMAGE,
      command: ['sh', '-c', OBEDIENT.replaceAll('$', '$$$$')],
      volumes: ['data:/data'],
    }
    writeFileSync(file, JSON.stringify({ version: '3.8', services: { app }, volumes: { data: {} } }))
    docker('network', 'create', '--driver', 'overlay', shared)
    docker('volume', 'create', `${canonical}_kept`)
    docker('stack', 'deploy', '--compose-file', file, '--resolve-image', 'never', canonical)
    onTestFinished(async () => {
      docker('stack', 'rm', canonical)
      await until('the end of the canonical stack', () =>
        labelled(`${STACK_LABEL}=${canonical}`)
          .join()
          .match(/^(volume [^,]*,?)*$/),
      )
      docker('volume', 'rm', `${canonical}_kept`, `${canonical}_data`)
      docker('network', 'rm', shared)
    })
    await until('the canonical stack', () =>
      docker('service', 'ls', '--filter', `name=${canonical}_app`).includes('1/1'),
    )
    const before = [
      everything(),
      docker('service', 'inspect', `${canonical}_app`),
      docker('network', 'inspect', shared),
    ]

    await world.deploy({ services: { app: { networks: [shared, 'default'] } }, external: [shared] })
    await world.converge()
    expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, removed: 2, foreign: [] }] })
    expect([
      everything(),
      docker('service', 'inspect', `${canonical}_app`),
      docker('network', 'inspect', shared),
    ]).toEqual(before)
  })

  test('R-DKR-04 what stands at our stack’s name by somebody’s hand is told before anything is deployed', async ({
    world,
  }) => {
    const volume = `${world.stack}_data`
    docker('volume', 'create', volume)
    onTestFinished(() => void docker('volume', 'rm', volume))
    const found = await findAt(world.engine, world.instance, world.scope)
    expect(found).toEqual({ ours: [], foreign: [`volume ${volume}`] })
    expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, foreign: [`volume ${volume}`] }] })
    expect(docker('volume', 'ls', '--quiet', '--filter', `name=${volume}`)).toBe(volume)
  })
})

describe('R-DKR-04 what is in use', () => {
  test('R-DKR-04 a volume, a secret and a config that somebody still uses are named, tried again, and gone when they are free', async ({
    world,
  }) => {
    await world.deploy({
      services: { app: { volumes: ['data:/data'], configs: ['motd'], secrets: ['password'] } },
      volumes: ['data'],
      configs: { motd: 'welcome' },
      secrets: { password: 'hunter2' },
    })
    await world.converge()
    const [volume, config, secret] = ['data', 'motd', 'password'].map((name) => `${world.stack}_${name}`)
    const user = `user-${process.pid}`
    const container = docker('create', '--volume', `${volume}:/data`, IMAGE, 'true')
    docker(
      'service',
      'create',
      '--detach',
      '--replicas',
      '0',
      '--no-resolve-image',
      '--name',
      user,
      '--config',
      `${config}`,
      '--secret',
      `${secret}`,
      IMAGE,
    )

    const stuck = await world.sweep({ budgetMs: 15_000 })
    const [swept] = stuck.sweeps
    expect(swept).toMatchObject({ verified: false, foreign: [] })
    expect([...(swept?.left ?? [])].sort()).toEqual([
      expect.stringMatching(new RegExp(`^config ${config} \\(.*in use.*${user}`)),
      expect.stringMatching(new RegExp(`^secret ${secret} \\(.*in use.*${user}`)),
      expect.stringMatching(new RegExp(`^volume ${volume} \\(.*in use.*${container}`)),
    ])
    const sweeping = world.sweep()
    docker('service', 'rm', user)
    docker('rm', container)
    expect(await sweeping).toMatchObject({ sweeps: [{ verified: true, removed: 3, left: [] }] })
  })

  test('R-DKR-04 a second teardown finds nothing, and says so', async ({ world }) => {
    await world.deploy({ services: { app: {} } })
    expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, removed: 2 }] })
    expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, removed: 0 }], looks: 1 })
  })

  test('R-DKR-04 two teardowns at the same time both end, and both see nothing left', async ({ world }) => {
    await world.deploy({ services: { app: { volumes: ['data:/data'] } }, volumes: ['data'] })
    await world.converge()
    const both = await Promise.all([world.sweep(), world.sweep()])
    expect(both).toMatchObject([{ sweeps: [{ verified: true }] }, { sweeps: [{ verified: true }] }])
  })
})

test('R-DKR-04 a sweep over many stacks looks as often as over few', async ({ world }) => {
  const few = await callsFor(world, 2)
  const many = await callsFor(world, 40)
  expect(many).toBe(few)
})

/** Calls that are no removals, of a sweep over so many stacks of one config each. */
async function callsFor(world: World, count: number): Promise<number> {
  const file = join(world.root, 'content')
  writeFileSync(file, 'x')
  const scopes = Array.from({ length: count }, (_, index) => ({
    stack: `${world.stack}-${index}`,
    run: null,
  }))
  for (const { stack } of scopes) {
    const labels = [`${BERTH_LABELS.instance}=${world.instance}`, `${STACK_LABEL}=${stack}`]
    docker('config', 'create', ...labels.flatMap((label) => ['--label', label]), `${stack}_motd`, file)
  }
  const before = world.engine.calls()
  const report = await sweep(world.engine, {
    instance: world.instance,
    scopes,
    clients: 'ended',
    budgetMs: 60_000,
    graceMs: 1000,
    keepLogs: () => Promise.resolve(),
  })
  expect(report.sweeps.map(({ verified, removed }) => [verified, removed])).toEqual(
    scopes.map(() => [true, 1]),
  )
  return world.engine.calls() - before - count
}
