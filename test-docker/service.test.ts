import { describe, expect } from 'vitest'
import { ended, killTogether } from '../test-concurrency/fixtures/crash.ts'
import { probe } from '../test-concurrency/fixtures/judge.ts'
import { kill } from '../test-concurrency/fixtures/kernel.ts'
import { GATE } from '../test-concurrency/fixtures/world.ts'
import type { AskedRun } from '../test-concurrency/service/fixtures/people.ts'
import type { Scene } from '../test-concurrency/service/fixtures/scene.ts'
import { clisOf } from './fixtures/processes.ts'
import { openProxy } from './fixtures/proxy.ts'
import { labelled } from './fixtures/raw.ts'
import type { StackText } from './fixtures/stackFile.ts'
import { filesOf, type StackRecipe, type Stacks, stackOf, serviceTest as test } from './fixtures/stacks.ts'

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

describe('`!testme` on a pull request that is a stack', () => {
  test('R-CMD-01 R-DKR-01 deploys the pull request’s own files, and its check tells of the engine’s proof', async ({
    scene,
    stacks,
  }) => {
    const name = recipeOf(scene, stacks, 'site', {
      stages: { deploy: { deploy: {} }, check: { exec: { service: 'app', run: 'cat /motd' } } },
    })
    const pr = await openPull(scene)
    await scene.serve()
    const run = await scene.testme(pr, name)
    const check = await run.completed()
    expect(check).toMatchObject({ conclusion: 'success', output: { title: 'All 2 stages passed' } })
    expect(check.output.summary).toMatch(
      /6 objects of the engine taken down in [\d.]+s; the last of \d+ looks found nothing; verified, nothing is left/,
    )
    expect(stacks.left()).toEqual([])
  })

  test('R-QUE-06 R-DKR-09 twice: the second run waits visibly behind the first, and both end green', async ({
    scene,
    stacks,
  }) => {
    const inside = scene.world.gate('inside')
    const name = recipeOf(scene, stacks, 'twice', {
      stages: { deploy: { deploy: {} }, inside: { run: `${GATE} inside` } },
    })
    const pr = await openPull(scene)
    await scene.serve()
    const first = await scene.testme(pr, name)
    await inside.reached()
    const second = await scene.testme(pr, name)
    await second.shows('what it waits for', ({ output }) => (output.title ?? '').includes(first.id))
    const stack = stackOf(name, pr)
    expect(stacks.left()).toContain(`service ${stack}_app`)
    expect(labelled(`berth.run=${second.id}`)).toEqual([])
    inside.go()
    expect((await first.completed()).conclusion).toBe('success')
    expect((await inside.reached()).run).toBe(second.id)
    // At the same names, and everything of the first run has gone before.
    expect(labelled(`berth.run=${first.id}`)).toEqual([])
    expect(labelled(`berth.run=${second.id}`)).toContain(`service ${stack}_app`)
    inside.go()
    expect((await second.completed()).conclusion).toBe('success')
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-09 for two pull requests and two recipes at once: all run in parallel, and all are green', async ({
    scene,
    stacks,
  }) => {
    const inside = scene.world.gate('inside')
    const how = { stages: { deploy: { deploy: {} }, inside: { run: `${GATE} inside` } } }
    const names = ['one', 'other'].map((word) => recipeOf(scene, stacks, word, how))
    const pulls = [await openPull(scene), await openPull(scene)]
    await scene.serve()
    const runs: AskedRun[] = []
    for (const pr of pulls) for (const name of names) runs.push(await scene.testme(pr, name))
    for (const _ of runs) await inside.reached()
    const services = stacks.left().filter((object) => /^service \S+_app$/.test(object))
    const wanted = pulls.flatMap((pr) => names.map((name) => `service ${stackOf(name, pr)}_app`))
    expect(services.toSorted()).toEqual(wanted.toSorted())
    for (const _ of runs) inside.go()
    for (const run of runs) expect((await run.completed()).conclusion).toBe('success')
    expect(stacks.left()).toEqual([])
  })
})

/** Two services and a janitor, one after the other, on a machine that has other work. */
const LONG = { timeout: 400_000 }

describe('SIGKILL in the middle of a deploy that a comment asked for', LONG, () => {
  test('R-RUN-08 R-REP-01 R-DKR-05 of the run process alone: its stack is taken down, and the check has one end', async ({
    scene,
    stacks,
  }) => {
    await using proxy = await openProxy('/services/create', 2)
    const { run } = await deploying(scene, stacks, proxy.host)
    await proxy.held()
    const { pid } = run.conductor()
    kill(pid, 'SIGKILL')
    await ended(pid)
    await expectOneEnd(scene, stacks, run, 'the run process died in stage deploy')
  })

  test('R-DKR-05 R-JAN-01 R-REP-01 of everything, the service too: the janitor leaves zero objects and the lock free, and the next service tells the end, once', async ({
    scene,
    stacks,
  }) => {
    await using proxy = await openProxy('/services/create', 2)
    const { run, name, pr } = await deploying(scene, stacks, proxy.host)
    await proxy.held()
    await killEverything(scene, run)
    expect(stacks.left().length).toBeGreaterThan(0)
    await scene.world.berth('janitor').endedWith(10)
    expect(stacks.left()).toEqual([])
    const { locks, marks } = probe(scene.world.state)
    expect(Object.values(locks).filter((state) => state !== 'free')).toEqual([])
    expect(marks).toEqual({})
    await scene.serve()
    await expectOneEnd(scene, stacks, run, 'recovered by janitor')
    const next = await scene.testme(pr, name)
    expect((await next.completed()).conclusion).toBe('success')
  })

  test('R-DKR-05 R-RUN-09 R-REP-01 of everything, the service too: the next service has it taken down by itself, and the check has one end', async ({
    scene,
    stacks,
  }) => {
    await using proxy = await openProxy('/services/create', 2)
    const { run } = await deploying(scene, stacks, proxy.host)
    await proxy.held()
    await killEverything(scene, run)
    await scene.serve()
    await expectOneEnd(scene, stacks, run, 'in stage deploy')
  })
})

/** A recipe of the service's, before it starts. */
function recipeOf(scene: Scene, stacks: Stacks, word: string, how: StackRecipe = {}): string {
  const name = stacks.name(word)
  scene.recipe(name)
  stacks.write(name, how)
  return name
}

async function openPull({ gitHub }: Scene): Promise<number> {
  const branch = `stack-${gitHub.memory.pulls.size + 1}`
  const texts = { title: 'A stack', body: '', author: 'octocat' }
  return (await gitHub.people.openPull({ branch, files: filesOf(STACK), ...texts })).number
}

/** A run whose client's second service has not reached the engine. */
async function deploying(scene: Scene, stacks: Stacks, host: string) {
  const name = recipeOf(scene, stacks, 'killed')
  scene.setting(`docker: { host: '${host}' }`)
  const pr = await openPull(scene)
  await scene.serve()
  return { run: await scene.testme(pr, name), name, pr }
}

async function killEverything(scene: Scene, run: AskedRun): Promise<void> {
  const { pid, wrapper } = run.conductor()
  await killTogether(scene.service().pid, wrapper, pid, ...clisOf(run.id).map((cli) => cli.pid))
}

async function expectOneEnd(scene: Scene, stacks: Stacks, run: AskedRun, title: string): Promise<void> {
  const check = await run.completed()
  expect(check.conclusion).toBe('failure')
  expect(check.output.title).toContain(title)
  expect(run.count('concluded')).toBe(1)
  expect(run.result()).toMatchObject({ verified: true })
  expect(scene.checks.ends(run.id)).toBe(1)
  expect(stacks.left()).toEqual([])
}
