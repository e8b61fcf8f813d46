import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { commitVersion, coopRecipe } from './fixtures/coopCloud.ts'
import { test, type Work } from './fixtures/stacks.ts'

const COOP = { 'coop-cloud': true }

/** How each stage ended, with its words. */
function endsOf(run: Run): Readonly<Record<string, string>> {
  const ends = run.journal().filter(({ event }) => event === 'stage.ended')
  return Object.fromEntries(ends.map(({ name, outcome, detail }) => [name, `${outcome}: ${detail}`]))
}

function logOf(run: Run, log: string): string {
  return readFileSync(join(run.folder, 'stages', log), 'utf8')
}

const UPGRADE: Readonly<Record<string, Work>> = {
  released: { deploy: { version: 'released' } },
  write: { exec: { service: 'app', run: 'cat /motd; cat /run/secrets/db_password >/data/it' } },
  upgrade: { deploy: {} },
  kept: {
    exec: { service: 'app', run: 'cat /motd; test "$(cat /data/it)" = "$(cat /run/secrets/db_password)"' },
  },
}

describe('R-DKR-07 an upgrade from the last release', () => {
  test('R-DKR-07 R-DKR-13 deploys the release from its own files, then the pull request, and what was written before is there after', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('up')
    world.recipe(name)
    stacks.write(name, { stack: COOP, stages: UPGRADE })
    commitVersion(world, coopRecipe({ version: '0.9.0+1.0.0', motd: ['older\n', 'v0'] }), '0.9.0+1.0.0')
    commitVersion(world, coopRecipe({ version: '0.10.0+1.0.0', motd: ['released\n', 'v1'] }), '0.10.0+1.0.0')
    commitVersion(world, coopRecipe({ version: '0.10.0+1.0.0', motd: ['of the change\n', 'v2'] }))
    const run = await world.run(name)
    await run.cli.endedWith(0)
    expect(endsOf(run)).toMatchObject({
      released: 'success: release 0.10.0+1.0.0: all of it runs',
      upgrade: 'success: upgrade from 0.10.0+1.0.0: all of it runs',
    })
    expect(logOf(run, '02-write.log')).toBe('released\n')
    expect(logOf(run, '04-kept.log')).toBe('of the change\n')
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-13 is red in the stage that looks for the data where the change loses it', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('lost')
    world.recipe(name)
    stacks.write(name, { stack: COOP, stages: UPGRADE })
    commitVersion(world, coopRecipe({ version: '1.0.0+1.0.0' }), '1.0.0+1.0.0')
    commitVersion(world, coopRecipe({ version: '1.0.0+1.0.0', volume: 'storage' }))
    const run = await world.run(name)
    await run.cli.endedWith(1)
    expect(endsOf(run)).toMatchObject({
      upgrade: 'success: upgrade from 1.0.0+1.0.0: all of it runs',
      kept: 'failure: exit code 1',
    })
  })

  test('R-DKR-06 R-DKR-07 names a config that has changed under its version, before the engine is asked', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('same')
    world.recipe(name)
    stacks.write(name, { stack: COOP, stages: UPGRADE })
    commitVersion(world, coopRecipe({ version: '1.0.0+1.0.0', motd: ['one', 'v1'] }), '1.0.0+1.0.0')
    commitVersion(world, coopRecipe({ version: '1.0.0+1.0.0', motd: ['two', 'v1'] }))
    const run = await world.run(name)
    await run.cli.endedWith(1)
    expect(endsOf(run)['upgrade']).toMatch(
      /^failure: compose.yml:\d+: configs.motd: motd.tmpl has changed .* raise MOTD_VERSION \(abra.sh\)$/,
    )
  })
})

test('R-DKR-07 a recipe without a release is red at the stage that wants one, or goes on where that is optional', async ({
  world,
  stacks,
}) => {
  const [strict, lenient] = [stacks.name('strict'), stacks.name('lenient')]
  for (const name of [strict, lenient]) {
    world.recipe(name)
    const released = { deploy: { version: 'released', optional: name === lenient } }
    stacks.write(name, { stack: COOP, stages: { released, deploy: { deploy: {} } } })
  }
  commitVersion(world, coopRecipe({ version: '0.1.0+1.0.0' }))
  const red = await world.run(strict)
  await red.cli.endedWith(1)
  expect(endsOf(red)).toEqual({
    released: expect.stringMatching(
      /^failure: no release yet: no tag such as 1.0.0\+2.14.1 stands before commit [0-9a-f]{10}; with optional: true/,
    ),
  })
  const green = await world.run(lenient)
  await green.cli.endedWith(0)
  expect(endsOf(green)).toEqual({
    released: expect.stringMatching(/^success: no release yet: .*; nothing was deployed$/),
    deploy: 'success: all of it runs',
  })
})
