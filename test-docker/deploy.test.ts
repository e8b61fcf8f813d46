import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { docker, everything } from './fixtures/raw.ts'
import { openRegistry } from './fixtures/registry.ts'
import { OBEDIENT } from './fixtures/stackFile.ts'
import { makeWorld, removeByHand, test } from './fixtures/world.ts'

test('R-DKR-01 R-DKR-04 a stack of two services stands, is labelled through and through, and is taken down to nothing', async ({
  world,
}) => {
  const before = everything()
  const deployed = await world.deploy({
    services: {
      app: {
        command: `echo hello from app; ${OBEDIENT}`,
        networks: ['inner'],
        volumes: ['data:/data'],
        configs: ['motd'],
        secrets: ['password'],
        deploy: { replicas: 2 },
      },
      database: { networks: ['inner'] },
    },
    networks: ['inner'],
    volumes: ['data'],
    configs: { motd: 'welcome' },
    secrets: { password: 'hunter2' },
  })
  expect(deployed).toMatchObject({ kind: 'deployed', client: 'ended' })
  const converged = await world.converge()
  expect(converged).toMatchObject({ kind: 'converged' })
  const made = everything().filter((object) => !before.includes(object))
  expect(made.filter((object) => !world.left().includes(object))).toEqual([])
  expect(made.map((object) => object.split(' ')[0]).sort()).toEqual([
    'config',
    'network',
    'ps',
    'ps',
    'ps',
    'secret',
    'service',
    'service',
    'volume',
  ])

  const report = await world.sweep()
  expect(report.sweeps).toEqual([
    {
      scope: world.scope,
      verified: true,
      removed: 6,
      empty: { looks: 1, wanted: 1, overMs: 0 },
      left: [],
      foreign: [],
    },
  ])
  expect(everything()).toEqual(before)
  expect(readFileSync(join(world.root, 'logs', `${world.stack}_app.log`), 'utf8')).toBe(
    'hello from app\nhello from app\n',
  )
})

describe('R-DKR-08 images', () => {
  test('R-DKR-08 an image that is not there is pulled before, and one that is there is not asked for', async ({
    world,
  }) => {
    await using registry = await openRegistry()
    const image = `${registry.prefix}/box:1`
    onTestFinished(() => void docker('image', 'rm', '--force', image))
    const stack = { services: { app: { image, command: 'true' } } }
    // Only `/busybox` is in it: what it does is of no concern here.
    expect(await world.deploy(stack)).toMatchObject({ kind: 'deployed', pulled: [image] })
    expect(await world.deploy(stack)).toMatchObject({ kind: 'deployed', pulled: [] })
    await world.sweep()
  })

  const FAULTS = [
    ['that its registry does not know', 'nowhere:1', 'image_missing', /manifest unknown/],
    ['whose registry does not answer', 'silent:1', 'pull_timed_out', /not there after 2 s/],
  ] as const
  test.each(FAULTS)(
    'R-DKR-08 an image %s is a fault of its own, before anything is deployed',
    async (_, name, fault, detail) => {
      await using registry = await openRegistry()
      const world = await makeWorld()
      onTestFinished(() => removeByHand(world))
      const image = `${registry.prefix}/${name}`
      const failed = await world.deploy({ services: { app: { image } } }, { pullTimeoutMs: 2000 })
      expect(failed).toMatchObject({
        kind: 'failed',
        fault,
        client: 'ended',
        detail: expect.stringMatching(detail),
      })
      expect(failed).toHaveProperty('detail', expect.stringContaining(image))
      expect(world.left()).toEqual([])
    },
  )

  test('R-DKR-08 a registry that is not there is a pull that failed', async ({ world }) => {
    const failed = await world.deploy({ services: { app: { image: '127.0.0.1:1/box:1' } } })
    expect(failed).toMatchObject({ kind: 'failed', fault: 'pull_failed' })
    expect(failed).toHaveProperty('detail', expect.stringMatching(/connection refused/))
  })
})

test('R-DKR-01 a config that was changed under its name is refused with the way out', async ({ world }) => {
  const withMotd = (motd: string) => ({ services: { app: { configs: ['motd'] } }, configs: { motd } })
  expect(await world.deploy(withMotd('one'))).toMatchObject({ kind: 'deployed' })
  const refused = await world.deploy(withMotd('two'))
  expect(refused).toMatchObject({ kind: 'failed', fault: 'deploy_refused', client: 'ended' })
  expect(refused).toHaveProperty('detail', expect.stringMatching(/bump its version/))
  await world.sweep()
})

test('R-DKR-01 a machine without the CLI fails with what is missing', async ({ world }) => {
  const path = process.env['PATH']
  onTestFinished(() => {
    process.env['PATH'] = path
  })
  process.env['PATH'] = '/nowhere'
  await expect(world.deploy({ services: { app: {} } })).rejects.toThrow(
    /no docker command on the PATH: apt-get install/,
  )
  process.env['PATH'] = path
})
