import { describe, expect } from 'vitest'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { outputOf } from '../test-concurrency/fixtures/started.ts'
import { GATE, type World } from '../test-concurrency/fixtures/world.ts'
import { openProxy } from './fixtures/proxy.ts'
import { docker, labelled } from './fixtures/raw.ts'
import { NEVER_WELL, SLOW_TO_END, type StackText } from './fixtures/stackFile.ts'
import { commit, configureFor, filesOf, type Stacks, stackOf, test } from './fixtures/stacks.ts'
import { until } from './fixtures/until.ts'

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

describe('R-DKR-10 a run of a stack that is cancelled leaves zero objects, and is cancelled', () => {
  test('R-DKR-10 R-DKR-05 in the middle of its deploy: also when the engine hears the request after its client’s death', async ({
    world,
    stacks,
  }) => {
    await using proxy = await openProxy('/services/create', 2)
    configureFor(world, stacks, proxy.host)
    const run = await begun(world, stacks, STACK)
    await proxy.held()
    await cancelled(world, run)
    await until('the end of the client', proxy.isClientGone)
    await run.has('teardown.started')
    await proxy.release()
    await expectCancelled(run, stacks, 'in stage deploy')
    expect(proofOf(run)).toMatch(/the last 5 of \d+ looks, over 1\d\.\ds, found nothing/)
  })

  test('R-DKR-10 in the middle of converging', async ({ world, stacks }) => {
    const run = await begun(world, stacks, NEVER_WELL)
    await until('a container', () => labelled(`berth.run=${run.id}`).some((one) => one.startsWith('ps ')))
    await cancelled(world, run)
    await expectCancelled(run, stacks, 'in stage deploy')
  })

  test('R-DKR-10 in a command on the host, and in one inside a container', async ({ world, stacks }) => {
    const inside = world.gate('inside')
    const onHost = await begun(world, stacks, STACK, { inside: { run: `${GATE} inside` } })
    await inside.reached()
    await cancelled(world, onHost)
    await expectCancelled(onHost, stacks, 'in stage inside')
    const work = { service: 'app', run: 'echo here; sleep 3600' }
    const inContainer = await begun(world, stacks, STACK, { inside: { exec: work } })
    await inContainer.has('stage.started inside')
    await until('the command', () => docker('top', containerOf(stacks)).includes('sleep 3600'))
    await cancelled(world, inContainer)
    await expectCancelled(inContainer, stacks, 'in stage inside')
  })

  test('R-DKR-10 R-RUN-06 once more in the middle of its teardown; and one that is green by then stays green', async ({
    world,
    stacks,
  }) => {
    const inside = world.gate('inside')
    const red = await begun(world, stacks, SLOW_TO_END, { inside: { run: `${GATE} inside` } })
    await inside.reached()
    await cancelled(world, red)
    await inTeardown(red, stacks)
    await cancelled(world, red)
    await expectCancelled(red, stacks, 'in stage inside')
    const green = await begun(world, stacks, SLOW_TO_END)
    await inTeardown(green, stacks)
    await cancelled(world, green)
    await green.cli.endedWith(0)
    expect(green.result()).toMatchObject({ conclusion: 'success', verified: true })
    expect(stacks.left()).toEqual([])
  })
})

const NAME = 'app'

function begun(world: World, stacks: Stacks, text: StackText, later: Readonly<Record<string, object>> = {}) {
  const name = stacks.name(NAME)
  world.recipe(name)
  stacks.write(name, { stages: { deploy: { deploy: {} }, ...later } })
  commit(world, { ...filesOf(text), 'turn.txt': String(performance.now()) })
  return world.run(name)
}

/** Every container of the service has been told to end, and none has. */
async function inTeardown(run: Run, stacks: Stacks): Promise<void> {
  await run.has('teardown.started')
  await until('the end of the service', () =>
    labelled(`berth.run=${run.id}`).every((one) => !one.startsWith('service ')),
  )
  expect(containerOf(stacks)).not.toBe('')
}

function containerOf(stacks: Stacks): string {
  return docker('ps', '--quiet', '--filter', `name=${stackOf(stacks.name(NAME))}_app`)
}

async function cancelled(world: World, run: Run): Promise<void> {
  await outputOf(world.berth('cancel', run.id))
}

async function expectCancelled(run: Run, stacks: Stacks, where: string): Promise<void> {
  await run.cli.endedWith(143)
  expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
  expect(run.result()?.title).toContain(where)
  expect(stacks.left()).toEqual([])
}

function proofOf(run: Run): string {
  return run.result()?.proof.join('\n') ?? ''
}
