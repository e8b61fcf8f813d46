import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { killTogether } from '../test-concurrency/fixtures/crash.ts'
import { probe } from '../test-concurrency/fixtures/judge.ts'
import { kill } from '../test-concurrency/fixtures/kernel.ts'
import { textOf } from '../test-concurrency/fixtures/records.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { GATE, type World } from '../test-concurrency/fixtures/world.ts'
import { clisOf } from './fixtures/processes.ts'
import { openProxy } from './fixtures/proxy.ts'
import { labelled } from './fixtures/raw.ts'
import { NEVER_WELL, SLOW_TO_END, type StackText } from './fixtures/stackFile.ts'
import {
  commit,
  configureFor,
  externalNetwork,
  filesOf,
  type Stacks,
  stackOf,
  test,
} from './fixtures/stacks.ts'
import { until } from './fixtures/until.ts'

describe('R-DKR-05 SIGKILL of everything that a run of a stack is: the janitor leaves zero objects, and the lock free', () => {
  test('R-DKR-05 R-JAN-01 in the middle of its deploy; the engine hears its client’s last request when the janitor has seen nothing once', async ({
    world,
    stacks,
  }) => {
    await using proxy = await openProxy('/services/create')
    configureFor(world, stacks, proxy.host)
    // Of a network from outside only: one of its own would be gone by then, and the engine refuse.
    const shared = externalNetwork(stacks)
    const app = { networks: [shared], volumes: ['data:/data'] }
    const text = { services: { app }, volumes: ['data'], external: [shared] }
    const run = await begun(world, stacks, text, {}, { allow: { external: [shared] } })
    await proxy.held()
    await killEverything(run)
    expect(clisOf(run.id)).toEqual([])
    const janitor = world.berth('janitor')
    await until('an empty look', () => teardownLogOf(run).includes('(look 1 of 5)'))
    expect(await proxy.release()).toMatch(/^HTTP\/1.1 201 Created/)
    await janitor.endedWith(10)
    expectFree(world, stacks, run, 'in stage deploy')
    expect(teardownLogOf(run)).toContain('there: 1 service')
  })

  test('R-DKR-05 R-JAN-01 in the middle of converging', async ({ world, stacks }) => {
    const run = await begun(world, stacks, NEVER_WELL)
    await until('a container', () => labelled(`berth.run=${run.id}`).some((one) => one.startsWith('ps ')))
    await killEverything(run)
    expect(stacks.left().length).toBeGreaterThan(0)
    await world.berth('janitor').endedWith(10)
    expectFree(world, stacks, run, 'in stage deploy')
  })

  test('R-DKR-05 R-JAN-01 in the middle of its teardown, whose verdict stays what it was', async ({
    world,
    stacks,
  }) => {
    const run = await begun(world, stacks, SLOW_TO_END)
    for (const event of ['prepared', 'stage.ended deploy', 'teardown.started']) await run.has(event)
    // By the log: the CLI that judges is slower than the grace on a busy machine.
    await until('the end of the service', () => teardownLogOf(run).includes('there: 1 task, 1 container'))
    await killEverything(run)
    expect(stacks.left()).toContain(`volume ${stackOf(stacks.name('app'))}_data`)
    await world.berth('janitor').endedWith(10)
    expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
    expectFree(world, stacks, run, '')
  })
})

test('R-RUN-08 R-DKR-05 SIGKILL of the run process alone, in the middle of a deploy: its wrapper has it taken down, and the next run is green', async ({
  world,
  stacks,
}) => {
  await using proxy = await openProxy('/services/create')
  configureFor(world, stacks, proxy.host)
  const run = await begun(world, stacks, SLOW_TO_END)
  await proxy.held()
  kill(run.conductor().pid, 'SIGKILL')
  await run.cli.endedWith(70)
  expectFree(world, stacks, run, 'in stage deploy')
  expect(run.count('process.started')).toBe(2)
  const next = await begun(world, stacks, SLOW_TO_END, { check: { run: 'true' } })
  await next.cli.endedWith(0)
})

test('R-RUN-08 R-DKR-07 SIGKILL of the run process alone, in a command on the host: the stack goes, too', async ({
  world,
  stacks,
}) => {
  const inside = world.gate('inside')
  const run = await begun(world, stacks, SLOW_TO_END, { inside: { run: `${GATE} inside` } })
  await inside.reached()
  kill(run.conductor().pid, 'SIGKILL')
  await run.cli.endedWith(70)
  expectFree(world, stacks, run, 'in stage inside')
})

function begun(
  world: World,
  stacks: Stacks,
  text: StackText,
  later: Readonly<Record<string, object>> = {},
  more: Readonly<Record<string, unknown>> = {},
): Promise<Run> {
  const name = stacks.name('app')
  world.recipe(name)
  stacks.write(name, { stages: { deploy: { deploy: {} }, ...later }, more })
  commit(world, { ...filesOf(text), 'turn.txt': String(performance.now()) })
  return world.run(name)
}

/** The caller, the wrapper, the run process, and clients of the engine, at one moment. */
async function killEverything(run: Run): Promise<void> {
  const { pid, wrapper } = run.conductor()
  await killTogether(run.cli.pid, wrapper, pid, ...clisOf(run.id).map((cli) => cli.pid))
}

function teardownLogOf({ folder }: Run): string {
  return textOf(join(folder, 'stages/teardown.log'))
}

function expectFree(world: World, stacks: Stacks, run: Run, where: string): void {
  expect(stacks.left()).toEqual([])
  expect(run.result()).toMatchObject({ verified: true })
  expect(run.result()?.title).toContain(where)
  expect(run.count('concluded')).toBe(1)
  const { locks, marks } = probe(world.state)
  expect(Object.values(locks).filter((state) => state !== 'free')).toEqual([])
  expect(marks).toEqual({})
}
