import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { BERTH_LABELS, STACK_LABEL } from '../src/model/stackObjects.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { IMAGE } from './fixtures/images.ts'
import { docker, labelled } from './fixtures/raw.ts'
import { commit, configureFor, filesOf, type Stacks, stackOf, test } from './fixtures/stacks.ts'
import { until } from './fixtures/until.ts'

const STACK = filesOf({ services: { app: { volumes: ['data:/data'] } }, volumes: ['data'] })

describe('R-DKR-04 before the first effect on its name', () => {
  test('R-DKR-04 R-DKR-17 what is not ours refuses the run with one sentence that names it and the way out, and is not touched', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('taken')
    const stack = stackOf(name)
    world.recipe(name)
    stacks.write(name)
    commit(world, STACK)
    docker('volume', 'create', `${stack}_data`)
    onTestFinished(() => void docker('volume', 'rm', `${stack}_data`))
    const made = docker('volume', 'inspect', `${stack}_data`)
    const run = await world.run(name)
    await run.cli.endedWith(70)
    expect(run.result()).toMatchObject({
      conclusion: 'failure',
      verified: true,
      title: `harness: the stack name ${stack} is taken by what this berth (instance ${stacks.instance}) has not made: volume ${stack}_data; if nobody needs it, remove it by hand (docker volume rm ${stack}_data), else give the recipe another domain`,
    })
    expect(run.events().filter((event) => event.startsWith('stage'))).toEqual([])
    expect(docker('volume', 'inspect', `${stack}_data`)).toBe(made)
  })

  test('R-DKR-04 what an earlier run of ours has left there is taken down first, and the run is green', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('left')
    const stack = stackOf(name)
    world.recipe(name)
    stacks.write(name)
    commit(world, STACK)
    const left = leave(stacks, stack)
    await until('the service that is left', () =>
      docker('service', 'ls', '--filter', `name=${stack}_old`).includes('1/1'),
    )
    const run = await world.run(name)
    await run.cli.endedWith(0)
    expect(labelled(`${BERTH_LABELS.run}=${left}`)).toEqual([])
    const said = readFileSync(join(run.folder, 'wrapper.log'), 'utf8')
    expect(said).toContain(`at ${stack} an earlier run has left service ${stack}_old, task `)
    expect(said).toContain('there: nothing (look 5 of 5)\n')
    // All that a deploy puts up beside it would have been seen by its name, too.
    expect(orderOf(run)).toEqual(['prepared', 'stage.started deploy'])
  })

  test('R-DKR-04 an engine that does not answer ends the run at once, with the way out, and leaves the name free', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('silent')
    world.recipe(name)
    stacks.write(name)
    commit(world, STACK)
    configureFor(world, stacks, `unix://${world.root}/nobody.sock`)
    const run = await world.run(name)
    await run.cli.endedWith(70)
    expect(run.result()).toMatchObject({
      title: expect.stringMatching(/^harness: No Docker Engine answers at .*nobody\.sock: start it/),
      verified: true,
    })
  })
})

/** A service, its network and a volume, as a run whose folder is gone has left them. */
function leave({ instance }: Stacks, stack: string): string {
  const run = 'r-of-long-ago'
  const labels = [
    `${BERTH_LABELS.instance}=${instance}`,
    `${BERTH_LABELS.run}=${run}`,
    `${STACK_LABEL}=${stack}`,
  ].flatMap((label) => ['--label', label])
  const onContainers = labels.map((word) => (word === '--label' ? '--container-label' : word))
  docker('network', 'create', '--driver', 'overlay', ...labels, `${stack}_default`)
  docker('volume', 'create', ...labels, `${stack}_data`)
  const words = ['--detach', '--no-resolve-image', '--network', `${stack}_default`, '--name', `${stack}_old`]
  docker('service', 'create', ...words, ...labels, ...onContainers, IMAGE, 'sleep', '3600')
  return run
}

function orderOf(run: Run): readonly string[] {
  return run.events().filter((event) => event === 'prepared' || event.startsWith('stage.started'))
}
