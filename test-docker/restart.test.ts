import { afterAll, beforeAll, expect } from 'vitest'
import { makeImage } from './fixtures/images.ts'
import { type OwnEngine, openOwnEngine } from './fixtures/ownEngine.ts'
import { docker } from './fixtures/raw.ts'
import { STUBBORN } from './fixtures/stackFile.ts'
import { until } from './fixtures/until.ts'
import { test } from './fixtures/world.ts'

let engine: OwnEngine

beforeAll(async () => {
  engine = await openOwnEngine()
  // Of this file's process alone: worlds, and the CLI that judges, follow it.
  process.env['DOCKER_HOST'] = engine.host
  makeImage()
})

afterAll(async () => {
  delete process.env['DOCKER_HOST']
  await engine[Symbol.asyncDispose]()
})

test('R-DKR-03 an engine that is stopped and started in the middle of converging is asked again', async ({
  world,
}) => {
  await world.deploy({ services: { app: { deploy: { replicas: 2 } } } })
  const converging = world.converge()
  await until('a container', () => docker('ps', '--quiet', '--filter', `name=${world.stack}_app`))
  await engine.stop()
  await until('what is said of the silence', () =>
    world.said.some((line) => line.startsWith('No Docker Engine answers')),
  )
  await engine.start()
  expect(await converging).toMatchObject({ kind: 'converged' })
  expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
})

test('R-DKR-04 R-DKR-10 an engine that is stopped and started in the middle of a teardown leaves nothing', async ({
  world,
}) => {
  const app = { command: STUBBORN, stop_grace_period: '5s', volumes: ['data:/data'] }
  await world.deploy({ services: { app }, volumes: ['data'] })
  await world.converge()
  const sweeping = world.sweep()
  await until('the end of the service', () => docker('service', 'ls', '--quiet') === '' || null)
  await engine.stop()
  await engine.start()
  expect(await sweeping).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
})

test('R-DKR-04 a teardown whose engine stays silent ends with its budget, verifies nothing, and says why', async ({
  world,
}) => {
  await world.deploy({ services: { app: {} } })
  await engine.stop()
  const report = await world.sweep({ budgetMs: 1500 })
  expect(report).toMatchObject({
    sweeps: [{ verified: false, left: [expect.stringMatching(/^No Docker Engine answers at .*: start it/)] }],
  })
  await engine.start()
  expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
})
