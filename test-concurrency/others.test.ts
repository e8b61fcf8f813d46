import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { killAll, killTogether } from './fixtures/crash.ts'
import { isAlive, kill } from './fixtures/kernel.ts'
import { waitingAt } from './fixtures/looks.ts'
import type { Run } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
/** The shell of the stage ignores TERM like its tree: 26 processes. */
const STUBBORN = `echo "$BERTH_RUN_ID stubborn" >>"$TRACE"; trap '' TERM; echo $$ >"$BERTH_ARTIFACTS/tree"; sh "$BERTH_RECIPE_DIR/stubborn" "$BERTH_ARTIFACTS/tree"`

/** How each known system fails on the same machine is measured in docs/others.md; here is what berth does in its place. */
describe('what others do wrong', () => {
  test('R-RUN-07 Buildbot: a cancel whose grace disarms its KILL leaves 25 of 26 that ignore TERM. Here none lives when the next run starts', async ({
    world,
  }) => {
    const { inside, first, second, tree } = await stubbornRun(world)
    first.cli.kill('SIGTERM')
    await expectNobodyBeside(second, tree)
    await first.cli.endedWith(143)
    expect(first.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
    await passes(inside, second)
  })

  test('R-LCK-02 R-LCK-11 `flock -o`, `flock` and nq: the controller is SIGKILLed, and the name is handed on, or stays, with all of its processes alive. Here the next run comes when none lives', async ({
    world,
  }) => {
    const { inside, first, second, tree } = await stubbornRun(world)
    await killAll(first)
    await expectNobodyBeside(second, tree)
    expect(second.cli.output()).toContain(`recovered run ${first.id} first`)
    await passes(inside, second)
  })

  test('R-LCK-13 task-spooler: a waiter is lost with the controller of the one before it. Here it has its turn, in order', async ({
    world,
  }) => {
    const { inside, first, second } = await stubbornRun(world)
    const third = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
    kill(first.cli.pid, 'SIGKILL')
    expect((await inside.reached()).run).toBe(second.id)
    expect(first.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
    inside.go()
    expect((await inside.reached()).run).toBe(third.id)
    inside.go()
    for (const { cli } of [second, third]) await cli.endedWith(0)
  })

  test('R-RUN-02 R-RUN-08 Buildbot: a job whose worker is SIGKILLed runs again, beside what is left of it. Here no stage begins twice, and the processes of the first are gone before anything else', async ({
    world,
  }) => {
    const { inside, first, second, tree } = await stubbornRun(world)
    await killTogether(first.conductor().pid)
    await expectNobodyBeside(second, tree)
    await first.cli.endedWith(70)
    expect(world.trace().filter((line) => line === `${first.id} stubborn`)).toHaveLength(1)
    expect(first.events().filter((event) => event === 'stage.started stubborn')).toHaveLength(1)
    await passes(inside, second)
  })
})

/** A run whose stage has made its tree, with another one that waits behind it. */
async function stubbornRun(world: World) {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { stubborn: `${STUBBORN}; ${GATE} inside` } })
  const first = await world.run('app')
  await inside.reached()
  const tree = readFileSync(join(first.folder, 'artifacts/tree'), 'utf8').trim().split('\n').map(Number)
  expect(tree).toHaveLength(26)
  expect(tree.filter(isAlive)).toEqual(tree)
  const second = await waitingAt(world, NAME, () => world.run('app', '--wait', '5m'))
  return { inside, first, second, tree }
}

async function expectNobodyBeside(next: Run, tree: readonly number[]): Promise<void> {
  await until(`the first line of run ${next.id}`, () => next.count('process.started') > 0)
  expect(tree.filter(isAlive), 'alive when the next run has started').toEqual([])
}

async function passes(inside: { reached(): Promise<unknown>; go(): void }, run: Run): Promise<void> {
  await inside.reached()
  inside.go()
  await run.cli.endedWith(0)
}
