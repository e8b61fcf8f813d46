import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, onTestFinished } from 'vitest'
import { clisOf } from './fixtures/processes.ts'
import { openProxy } from './fixtures/proxy.ts'
import { docker } from './fixtures/raw.ts'
import { STUBBORN, type StackText } from './fixtures/stackFile.ts'
import { until } from './fixtures/until.ts'
import { makeWorld, removeByHand, test, type World } from './fixtures/world.ts'

const STACK: StackText = {
  services: {
    app: { networks: ['inner'], volumes: ['data:/data'], configs: ['motd'], secrets: ['password'] },
    database: { networks: ['inner'] },
  },
  networks: ['inner'],
  volumes: ['data'],
  configs: { motd: 'welcome' },
  secrets: { password: 'hunter2' },
}

/** The engine's socket is held up for so long after the client's death. */
const HELD_MS = 5000

describe('R-DKR-05 R-DKR-10 a deploy that ends in the middle', () => {
  const POINTS = [
    ['/networks/create', 1],
    ['/secrets/create', 1],
    ['/services/create', 2],
  ] as const
  test.each(POINTS)('R-DKR-10 a cancel at %s (no. %i) leaves nothing', async (request, which) => {
    await using proxy = await openProxy(request, which)
    await inWorldBehind(proxy.host, async (world) => {
      const cancel = new AbortController()
      const deploying = world.deploy(STACK, {}, cancel.signal)
      await proxy.held()
      cancel.abort()
      expect(await deploying).toMatchObject({ kind: 'cancelled', client: 'lost' })
      expect(clisOf(world.run)).toEqual([])
      const report = await world.sweep({ clients: 'lost' })
      expect(report).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
    })
  })

  test('R-DKR-04 R-DKR-05 a create request that reaches the engine 5 s after its client was killed leaves nothing, and no sweep is verified before', async () => {
    const proxied = `proxied-${process.pid}`
    docker('network', 'create', '--driver', 'overlay', proxied)
    onTestFinished(() => void docker('network', 'rm', proxied))
    await using proxy = await openProxy('/services/create')
    await inWorldBehind(proxy.host, async (world) => {
      const cancel = new AbortController()
      // Of networks from outside only: one of its own would be gone by then, and the engine refuse.
      const app = { networks: [proxied], volumes: ['data:/data'] }
      const stack = { services: { app }, volumes: ['data'], external: [proxied] }
      const deploying = world.deploy(stack, {}, cancel.signal)
      await proxy.held()
      cancel.abort()
      const { client } = await deploying
      await until('the end of the client', proxy.isClientGone)
      let sweptAt = 0
      const sweeping = world.sweep({ clients: client }).finally(() => {
        sweptAt = performance.now()
      })
      // The time that the request is held up is what the test is about.
      await pause(HELD_MS)
      expect(world.left()).toEqual([])
      const releasedAt = performance.now()
      expect(await proxy.release()).toMatch(/^HTTP\/1.1 201 Created/)
      const report = await sweeping
      expect(sweptAt).toBeGreaterThan(releasedAt)
      expect(report).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
      expect(report.tookMs).toBeGreaterThan(10_000)
    })
  })

  test('R-DKR-05 a CLI that somebody kills is a client that was lost, and its pieces are found', async () => {
    await using proxy = await openProxy('/services/create')
    await inWorldBehind(proxy.host, async (world) => {
      const deploying = world.deploy(STACK)
      await proxy.held()
      const [cli] = clisOf(world.run)
      // The shell that joins the cgroup says where it is.
      const names = cli?.environment.map((line) => line.split('=')[0]).filter((name) => name !== 'PWD')
      expect(names?.sort()).toEqual([
        'BERTH_RUN_ID',
        'BERTH_STAGE',
        'DOCKER_CLI_HINTS',
        'DOCKER_HOST',
        'HOME',
        'LANG',
        'PATH',
      ])
      process.kill(cli?.pid ?? 0, 'SIGKILL')
      expect(await deploying).toMatchObject({ kind: 'failed', fault: 'deploy_refused', client: 'lost' })
      expect(world.left().length).toBeGreaterThan(0)
      expect(await world.sweep({ clients: 'lost' })).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
    })
  })

  test('R-DKR-05 whoever kills the process that deploys kills its CLI', async () => {
    await using proxy = await openProxy('/services/create')
    await inWorldBehind(proxy.host, async (world) => {
      const words = [world.run, world.stack, world.write(STACK), world.root, proxy.host]
      const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/deployer.ts'), ...words], {
        stdio: 'inherit',
      })
      await proxy.held()
      expect(clisOf(world.run)).toHaveLength(1)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await until('the end of the CLI', () => clisOf(world.run).length === 0)
      expect(await world.sweep({ clients: 'lost' })).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
    })
  })
})

test('R-DKR-10 a cancel in the middle of converging ends the wait at once, and leaves nothing', async ({
  world,
}) => {
  await world.deploy({
    services: { app: { healthcheck: { test: ['CMD', 'false'], interval: '1s', start_period: '60s' } } },
  })
  const cancel = new AbortController()
  const converging = world.converge({}, cancel.signal)
  await until('a container', () => docker('ps', '--quiet', '--filter', `name=${world.stack}_app`))
  const at = performance.now()
  cancel.abort()
  expect(await converging).toMatchObject({ kind: 'cancelled' })
  expect(performance.now() - at).toBeLessThan(500)
  expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
})

test('R-DKR-10 a container that ignores its TERM is ended when its grace is over', async ({ world }) => {
  await world.deploy({ services: { app: { command: STUBBORN, stop_grace_period: '10m' } } })
  await world.converge()
  const report = await world.sweep({ graceMs: 2000 })
  expect(report).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
})

/** The CLI goes through the proxy, everything else to the engine itself. */
async function inWorldBehind(host: string, work: (world: World) => Promise<void>): Promise<void> {
  const world = await makeWorld({ host })
  try {
    await work(world)
    expect(world.left()).toEqual([])
  } finally {
    removeByHand(world)
  }
}
