import { renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadInForce } from '../../src/config.ts'
import type { Config } from '../../src/model/config.ts'
import { faultsOf, HELLO, type Machine, machine } from './world.ts'

/** What a service reads: at its start, and while it goes on with what it was started with. */
function reading(here: Machine, running: Config | null = null, env = {}) {
  return loadInForce({ env, cwd: here.path('work'), etc: here.path('etc'), uid: 0 }, running)
}

test('R-Q-05 a service reads the configuration and every recipe in one go; a fault of any of them refuses all', () => {
  using here = machine()
  here.write('work/recipes/hello/recipe.yml', HELLO)
  here.write('work/recipes/other/recipe.yml', HELLO)
  here.write('work/berth.yml', 'slots: 2\nrepositories: { acme/site: { recipes: [hello] } }\n')
  const { config, recipes } = reading(here)
  expect([config.slots, recipes.map(({ name }) => name)]).toEqual([2, ['hello', 'other']])
  here.write('work/recipes/hello/recipe.yml', HELLO.replace('timeout: 1m', 'timeout: 1d'))
  here.write('work/recipes/other/recipe.yml', HELLO.replace('timeout: 1m', 'timeout: 2h'))
  here.write('work/berth.yml', 'slots: 0\nrepositories: { acme/site: { recipes: [hello] } }\n')
  expect(faultsOf(() => reading(here, config))).toEqual([
    expect.stringContaining('work/berth.yml:1:1: slots: must be at least 1'),
    expect.stringContaining('hello/recipe.yml:4:46: stages[0].timeout: must be a duration'),
    expect.stringContaining('other/recipe.yml:4:46: stages[0].timeout: is 2h; at most 1h'),
  ])
})

test.each([
  ['stateDir: /b', '1:1: stateDir: is /b, and the running service was started with /a'],
  ['slots: 2', '1:1: stateDir: is /var/lib/berth, and the running service was started with /a'],
  ['stateDir: /a\ninstance: ci-2', '2:1: instance: is ci-2, and the running service was started with ci-1'],
])('R-Q-05 a running service cannot follow %j, and says what would break', (text, expected) => {
  using here = machine()
  here.write('work/berth.yml', 'stateDir: /a\ninstance: ci-1\n')
  const { config } = reading(here)
  here.write('work/berth.yml', `${text}\n${text.includes('instance') ? '' : 'instance: ci-1\n'}`)
  expect(faultsOf(() => reading(here, config))).toEqual([expect.stringContaining(expected)])
})

test('R-Q-05 what cannot be read is not taken for a change; what is said by the surroundings stays as it was', () => {
  using here = machine()
  const env = { BERTH_STATE_DIR: '/s' }
  here.write('work/berth.yml', 'stateDir: /a\n')
  const { config } = reading(here, null, env)
  here.write('work/berth.yml', 'stateDir: /b\n')
  expect(reading(here, config, env).config).toMatchObject({ stateDir: '/s', instance: config.instance })
  here.write('work/berth.yml', 'stateDir: 5\ninstance: [x]\n')
  expect(faultsOf(() => reading(here, config))).toEqual([
    expect.stringContaining('1:1: stateDir: must be text, and is 5'),
    expect.stringContaining('2:1: instance: must be text'),
  ])
})

test('R-Q-05 a running service reads the file that it was started with, and no other one that comes first, or is left', () => {
  using here = machine()
  here.write('etc/berth/berth.yml', 'slots: 2\n')
  const { config } = reading(here)
  const own = here.write('work/berth.yml', 'slots: 3\n')
  expect(faultsOf(() => reading(here, config))).toEqual([
    `${here.path('etc/berth/berth.yml')}: the service was started with it, and ${own} would be read now; undo that, or start the service again`,
  ])
  renameSync(own, `${own}.old`)
  expect(reading(here, config).config.slots).toBe(2)
  renameSync(here.path('etc/berth/berth.yml'), here.path('etc/berth/old'))
  expect(faultsOf(() => reading(here, config))).toEqual([expect.stringContaining('it is not there any more')])
  using bare = machine()
  const without = reading(bare).config
  expect(reading(bare, without).config.file).toBeNull()
  bare.write('work/berth.yml', 'slots: 3\n')
  expect(faultsOf(() => reading(bare, without))).toEqual([expect.stringMatching(/^the built-in defaults: /)])
})

test('R-Q-05 a file that ends in the middle of a line is taken at the start, and not while the service goes on', () => {
  using here = machine()
  here.write('work/recipes/hello/recipe.yml', HELLO)
  here.write('work/berth.yml', 'slots: 1\nsupersede: all')
  const { config } = reading(here)
  const torn = 'the last line has no end: the file may be half written; write it whole, or end the line'
  expect(faultsOf(() => reading(here, config))).toEqual([`${here.path('work/berth.yml')}:2:1: ${torn}`])
  here.write('work/berth.yml', 'slots: 1\n')
  here.write('work/recipes/hello/recipe.yml', HELLO.trimEnd())
  expect(faultsOf(() => reading(here, config))).toEqual([
    `${here.path('work/recipes/hello/recipe.yml')}:5:1: ${torn}`,
  ])
})
