import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { everything } from './fixtures/raw.ts'
import { OBEDIENT } from './fixtures/stackFile.ts'
import { test } from './fixtures/world.ts'

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
  expect(report.sweeps).toEqual([{ scope: world.scope, verified: true, removed: 6, left: [], foreign: [] }])
  expect(everything()).toEqual(before)
  expect(readFileSync(join(world.root, 'logs', `${world.stack}_app.log`), 'utf8')).toBe(
    'hello from app\nhello from app\n',
  )
  console.log({ converged, report: JSON.stringify(report) })
})
