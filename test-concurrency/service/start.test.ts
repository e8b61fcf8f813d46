import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { GATE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

describe.concurrent('berth serve refuses to start', () => {
  test('while another service has the state folder: it names that one and ends with 69', async ({
    scene,
  }) => {
    scene.recipe('app')
    const first = await scene.serve()
    const second = scene.begin({ ...scene.env, PORT: '0' })
    await second.started.endedWith(69)
    expect(second.started.output()).toContain(`in use by another service (berth serve, process ${first.pid})`)
    expect(second.started.output()).toContain(scene.world.state)
    const run = await scene.testme(1)
    expect((await run.completed()).conclusion, 'the first one is unharmed').toBe('success')
    await first.stop()
  })

  test('where its port is taken: it names the address and ends with 69; a run that was queued has not begun', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { inside: `${GATE} inside` } })
    const first = await scene.serve()
    const live = await scene.testme(1)
    await inside.reached()
    const queued = await scene.testme(1)
    await queued.shows('what it waits for', ({ output }) => (output.title ?? '').includes(live.id))
    await first.kill()
    inside.go()
    await live.concluded()
    await until('a free domain', () => scene.world.judge().open.length === 0)
    await using taken = await listenAnywhere()
    const second = scene.begin({ ...scene.env, PORT: String(taken.port) })
    await second.started.endedWith(69)
    expect(second.started.output()).toContain(`127.0.0.1:${taken.port}`)
    expect(second.started.output()).toContain('EADDRINUSE')
    expect(existsSync(queued.folder)).toBe(false)
    await scene.serve()
    await inside.reached()
    inside.go()
    for (const run of [live, queued]) expect((await run.completed()).conclusion).toBe('success')
  })

  test('without a secret, a number and a key: it names all three at once and ends with 2', async ({
    scene,
  }) => {
    scene.recipe('app')
    const { APP_ID, PRIVATE_KEY, WEBHOOK_SECRET, ...rest } = scene.env
    const none = scene.begin(rest)
    await none.started.endedWith(2)
    const output = none.started.output()
    for (const name of ['APP_ID', 'PRIVATE_KEY or PRIVATE_KEY_PATH', 'WEBHOOK_SECRET'])
      expect(output).toContain(`${name} is not set`)
    expect([APP_ID, PRIVATE_KEY, WEBHOOK_SECRET]).not.toContain(undefined)
  })

  test('R-Q-01 where a recipe that is enrolled has a driver that nobody has written: it names the place and ends with 2', async ({
    scene,
  }) => {
    scene.recipe('app')
    scene.recipe('stack')
    const file = join(scene.world.recipeFolder('stack'), 'recipe.yml')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"process"', '"nomad"'))
    const service = scene.begin()
    await service.started.endedWith(2)
    expect(service.started.output()).toMatch(
      /recipe\.yml:1:\d+: driver: must be one of process, compose, swarm, and is "nomad"/,
    )
  })

  test('with Probot’s public secret, a port that is none and a key file that is not there: all three', async ({
    scene,
  }) => {
    scene.recipe('app')
    const bad = {
      WEBHOOK_SECRET: 'development',
      PORT: 'many',
      PRIVATE_KEY: '',
      PRIVATE_KEY_PATH: '/nowhere.pem',
    }
    const service = scene.begin({ ...scene.env, ...bad })
    await service.started.endedWith(2)
    for (const text of ['"development", which everybody knows', 'PORT must be 0 to 65535', '/nowhere.pem'])
      expect(service.started.output()).toContain(text)
  })
})

async function listenAnywhere(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
