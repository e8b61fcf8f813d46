import { describe, expect } from 'vitest'
import { STACK_LABEL } from '../src/model/stackObjects.ts'
import { IMAGE, makeImage } from './fixtures/images.ts'
import { docker } from './fixtures/raw.ts'
import { OBEDIENT, type StackText } from './fixtures/stackFile.ts'
import { until } from './fixtures/until.ts'
import { test, type World } from './fixtures/world.ts'

/** Ended and started again without a pause: crash loops are then found in seconds. */
const AT_ONCE = { restart_policy: { condition: 'any', delay: '0s' } }

describe('what is up', () => {
  test('R-DKR-02 jobs that end well, replicas 0, a task on each node, and one that ends once and for all', async ({
    world,
  }) => {
    const deployed = await world.deploy({
      services: {
        none: { deploy: { replicas: 0 } },
        everywhere: { deploy: { mode: 'global' } },
        migration: { command: 'true', deploy: { restart_policy: { condition: 'on-failure' } } },
      },
    })
    expect(deployed).toMatchObject({ kind: 'deployed' })
    createJob(world, 2, 'true')
    expect(await world.converge()).toMatchObject({ kind: 'converged' })
    expect(
      docker('service', 'ls', '--filter', `name=${world.stack}_job`, '--format', '{{.Replicas}}'),
    ).toMatch(/2\/2 completed/)
    expect(await world.sweep()).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
  })

  test('R-DKR-10 a job at work ends with its run, although the swarm lets it go on without its service', async ({
    world,
  }) => {
    createJob(world, 1, 'sleep 3600')
    await until('the job', () => docker('ps', '--quiet', '--filter', `name=${world.stack}_job`))
    const report = await world.sweep({ graceMs: 60_000, budgetMs: 30_000 })
    expect(report).toMatchObject({ sweeps: [{ verified: true, left: [] }] })
  })

  test('R-DKR-02 a stack with a health check is up when its check says so, and no sooner', async ({
    world,
  }) => {
    const healthcheck = {
      test: ['CMD', 'test', '-e', '/tmp/ready'],
      interval: '1s',
      retries: 2,
      start_period: '60s',
    }
    await world.deploy({ services: { app: { healthcheck } } })
    const over = new AbortController()
    const waiting = world.converge({}, over.signal)
    const container = await until('the container', () =>
      docker('ps', '--quiet', '--filter', `name=${world.stack}_app`, '--filter', 'health=starting'),
    )
    // Two failed checks are part of a slow start.
    await until('two checks', () => failedChecks(container) >= 3)
    expect(await Promise.race([waiting, Promise.resolve('not yet')])).toBe('not yet')
    docker('exec', container, 'touch', '/tmp/ready')
    expect(await waiting).toMatchObject({ kind: 'converged' })
    expect(docker('inspect', '--format', '{{.State.Health.Status}}', container)).toBe('healthy')
    await world.sweep()
  })

  test('R-DKR-02 an unchanged redeploy is up without an update', async ({ world }) => {
    const stack: StackText = { services: { app: {} } }
    await world.deploy(stack)
    await world.converge()
    await world.deploy(stack)
    expect(await world.converge()).toMatchObject({ kind: 'converged' })
    await world.sweep()
  })
})

describe('what is settled and red', () => {
  test('R-DKR-02 an update that the swarm rolls back is red, although all replicas run', async ({
    world,
  }) => {
    await world.deploy({ services: { app: {} } })
    expect(await world.converge()).toMatchObject({ kind: 'converged' })
    await world.deploy(updateTo('exit 3', 'rollback'))
    const red = await world.converge()
    expect(red).toMatchObject({ kind: 'failed', fault: 'rolled_back' })
    expect(docker('service', 'ls', '--filter', `name=${world.stack}_app`, '--format', '{{.Replicas}}')).toBe(
      '1/1',
    )
    await world.sweep()
  })

  test('R-DKR-02 an update that the swarm pauses is red', async ({ world }) => {
    await world.deploy({ services: { app: {} } })
    await world.converge()
    await world.deploy(updateTo('exit 3', 'pause'))
    expect(await world.converge()).toMatchObject({ kind: 'failed', fault: 'update_paused' })
    await world.sweep()
  })

  test('R-DKR-02 an image that the node does not have is red at once', async ({ world }) => {
    const deployed = await world.deploy(
      { services: { app: { image: 'berth-test/nowhere:1' } } },
      { images: [] },
    )
    expect(deployed).toMatchObject({ kind: 'deployed' })
    const red = await world.converge()
    expect(red).toMatchObject({ kind: 'failed', fault: 'rejected' })
    expect(red).toHaveProperty('detail', expect.stringMatching(/_app: No such image: berth-test\/nowhere:1/))
    await world.sweep()
  })

  test('R-DKR-02 what was rejected of the spec before does not count against the next one', async ({
    world,
  }) => {
    await world.deploy({ services: { app: { image: 'berth-test/nowhere:1' } } }, { images: [] })
    expect(await world.converge()).toMatchObject({ fault: 'rejected' })
    await world.deploy({ services: { app: {} } })
    expect(await world.converge()).toMatchObject({ kind: 'converged' })
    await world.sweep()
  })

  test('R-DKR-02 a task that fails and is not to come back is red, with its last lines', async ({
    world,
  }) => {
    const deploy = { restart_policy: { condition: 'none' } }
    await world.deploy({ services: { app: { command: 'echo gave up; exit 4', deploy } } })
    expect(await world.converge()).toMatchObject({
      kind: 'failed',
      fault: 'not_restarted',
      lines: ['gave up'],
    })
    await world.sweep()
  })

  test('R-DKR-02 what never comes up ends with the time, and says what was waited for', async ({ world }) => {
    await world.deploy({
      services: { app: { deploy: { placement: { constraints: ['node.labels.gpu == yes'] } } } },
    })
    const late = await world.converge({ timeoutMs: 2000 })
    expect(late).toMatchObject({ kind: 'timed_out' })
    expect(late).toHaveProperty('detail', expect.stringMatching(/_app: 0 of 1 run \(no suitable node/))
    await world.sweep()
  })
})

describe('R-DKR-12 crash loops', () => {
  test('R-DKR-12 a service that crashes again and again is red long before the time is over, with its last lines', async ({
    world,
  }) => {
    const app = { command: 'echo starting; echo no database >&2; exit 1', deploy: AT_ONCE }
    await world.deploy({ services: { app } })
    const red = await world.converge()
    expect(red).toMatchObject({ kind: 'failed', fault: 'crash_loop' })
    expect(red).toHaveProperty('lines', expect.arrayContaining(['starting', 'no database']))
    await world.sweep()
  })

  test('R-DKR-12 a service that crashes inside its declared start period, and then stays, is up', async ({
    world,
  }) => {
    const app = {
      // Fails four times: each start leaves one more line in the volume.
      command: `echo x >>/data/starts; test $(cat /data/starts | while read line; do echo -n x; done) = xxxxx || exit 1; ${OBEDIENT}`,
      volumes: ['data:/data'],
      healthcheck: { test: ['CMD', 'true'], interval: '1s', start_period: '120s' },
      deploy: AT_ONCE,
    }
    await world.deploy({ services: { app }, volumes: ['data'] })
    expect(await world.converge()).toMatchObject({ kind: 'converged' })
    await world.sweep()
  })

  test('R-DKR-12 the start period counts, too, where the image declares it', async ({ world }) => {
    const image = 'berth-test/slow:1'
    makeImage(image, ['HEALTHCHECK --interval=1s --start-period=120s CMD ["true"]'])
    const app = {
      image,
      command: `echo x >>/data/starts; test $(cat /data/starts | while read line; do echo -n x; done) = xxxxx || exit 1; ${OBEDIENT}`,
      volumes: ['data:/data'],
      deploy: AT_ONCE,
    }
    await world.deploy({ services: { app }, volumes: ['data'] })
    expect(await world.converge()).toMatchObject({ kind: 'converged' })
    await world.sweep()
  })
})

/** As a part of the stack. The CLI that Debian has knows jobs, but not in stack files. */
function createJob({ stack, labels }: World, tasks: number, command: string): void {
  const all = Object.entries({ ...labels, [STACK_LABEL]: stack }).map(([key, value]) => `${key}=${value}`)
  const words = all.flatMap((label) => ['--label', label, '--container-label', label])
  const job = ['--mode', 'replicated-job', '--replicas', String(tasks), '--name', `${stack}_job`]
  docker('service', 'create', '--detach', '--no-resolve-image', ...words, ...job, IMAGE, 'sh', '-c', command)
}

function updateTo(command: string, action: string): StackText {
  const update_config = { failure_action: action, monitor: '5s', order: 'start-first' }
  return { services: { app: { command, deploy: { ...AT_ONCE, update_config } } } }
}

function failedChecks(container: string): number {
  return Number(docker('inspect', '--format', '{{len .State.Health.Log}}', container))
}
