import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { budgetsOf, DEFAULT_BUDGETS } from '../../src/model/budgets.ts'
import { DEFAULT_ALLOW } from '../../src/model/enginePolicy/allow.ts'
import { RESERVED_WORDS } from '../../src/model/reservedWords.ts'
import { checkRecipes, loadRecipe, loadRecipes } from '../../src/recipes/load.ts'
import { faultsOf, HELLO, machine } from '../config/world.ts'

const SHIPPED = fileURLToPath(new URL('../../recipes', import.meta.url))

function faultsIn(text: string): readonly string[] {
  using here = machine()
  const file = here.write('recipes/hello/recipe.yml', text)
  return faultsOf(() => loadRecipe(here.path('recipes/hello'))).map((fault) => fault.replace(`${file}:`, ''))
}

describe('loadRecipe', () => {
  test('a recipe is read with its defaults and the digest of its bytes', () => {
    using here = machine()
    here.write('recipes/hello/recipe.yml', HELLO)
    const recipe = loadRecipe(here.path('recipes/hello'))
    expect(recipe).toEqual({
      name: 'hello',
      folder: here.path('recipes/hello'),
      digest: createHash('sha256').update(HELLO).digest('hex'),
      description: 'Says hello',
      driver: 'process',
      domain: '{repo}-{recipe}-pr{pr}.{base}',
      deadlineMs: 3_600_000,
      resources: [],
      arguments: {},
      env: {},
      secrets: {},
      limits: { memoryBytes: null, processes: null, cpus: null },
      stages: [{ name: 'check', run: 'test -f README.md', timeoutMs: 60_000, uninterruptible: false }],
      teardown: { run: 'true', timeoutMs: 60_000 },
      stack: null,
      allow: DEFAULT_ALLOW,
    })
  })

  test("the design's example is read as it means", () => {
    using here = machine()
    here.write(
      'recipes/full/recipe.yml',
      `description: Says hello from the pull request's checkout
driver: process
domain: "{repo}-{recipe}-pr{pr}.{base}"
deadline: 10m
limits: { memory: 512MiB, cpus: 0.5 }
resources: [gpu]
arguments: { size: { values: [s, l], default: s } }
env: { TZ: UTC }
secrets: { SMTP_PASSWORD: { forks: false } }
stages:
  - { name: check, run: 'test -f README.md', timeout: 1m, uninterruptible: true }
  - { name: rest, run: 'true' }
teardown: { run: 'true' }
`,
    )
    expect(loadRecipe(here.path('recipes/full'))).toMatchObject({
      deadlineMs: 600_000,
      limits: { memoryBytes: 512 * 2 ** 20, processes: null, cpus: 0.5 },
      resources: ['gpu'],
      arguments: { size: { values: ['s', 'l'], default: 's' } },
      env: { TZ: 'UTC' },
      secrets: { SMTP_PASSWORD: { forks: false } },
      stages: [
        { timeoutMs: 60_000, uninterruptible: true },
        { name: 'rest', timeoutMs: 600_000, uninterruptible: false },
      ],
      teardown: { timeoutMs: 600_000 },
    })
  })

  test('every fault is told at once, in the order of the file, one bad field hiding no other', () => {
    const faults = faultsIn(`description: 5
driver: proces
domain: '{repo}-{branch}.{base}'
deadline: 2h
resource: [gpu]
resources: [gpu, gpu, 'G P U', a, b, c, d]
arguments:
  size: { values: [s, s, l], default: m }
  keep: { values: [1], default: '1' }
  Bad: { values: [s], default: s }
env: { TZ: UTC, PORT: 8080, BERTH_X: y, HOME: /x }
secrets: { SMTP: { forks: maybe, fork: true } }
stages:
  - { name: check, run: 'test', timeout: 3h }
  - { name: check, run: '', timeout: 10 }
  - { name: Che_ck, run: 'x', time: 1m, uninterruptible: yes }
  - just text
  - { name: teardown, run: 'x' }
teardown: { timeout: 20m }
`)
    const expected = [
      "1:1: description: must be text, and is 5; write '5' in quotes",
      '2:1: driver: must be one of process, compose, swarm, and is "proces". Did you mean process?',
      '3:1: domain: domain template says {branch}; it may say {owner} {repo}',
      '4:1: deadline: is 2h; at most 1h, budgets.deadline of the configuration',
      '5:1: resource: is not known here. Did you mean resources?',
      '6:1: resources: has 7 items; at most 6',
      '6:18: resources[1]: gpu is there already',
      '6:23: resources[2]: must be at most 40 lower-case letters',
      '8:23: arguments.size.values[1]: s is there already',
      '8:30: arguments.size.default: must be one of its values (s, s, l), and is m',
      '9:3: arguments.keep: keep=… is an argument of every recipe already',
      "9:20: arguments.keep.values[0]: must be text, and is 1; write '1' in quotes",
      '10:3: arguments.Bad: must be a word such as size',
      "11:17: env.PORT: must be text, and is 8080; write '8080' in quotes",
      '11:29: env.BERTH_X: is set by berth itself',
      '11:41: env.HOME: is set by berth itself',
      '12:20: secrets.SMTP.forks: must be true or false, and is "maybe"',
      '12:34: secrets.SMTP.fork: is not known here. Did you mean forks?',
      "14:33: stages[0].timeout: is 3h; at most 2h, the run's deadline",
      '15:7: stages[1].name: check is the name of an earlier stage',
      '15:20: stages[1].run: must be a command line',
      '15:29: stages[1].timeout: must be a duration such as 90s, 10m or 1h30m, and is 10',
      '16:7: stages[2].name: must be at most 40 lower-case letters',
      '16:31: stages[2].time: is not known here.',
      '16:41: stages[2].uninterruptible: must be true or false, and is "yes"',
      '17:5: stages[3]: must be a map of keys and values, and is "just text"',
      '18:7: stages[4].name: teardown is the name of what comes after all stages',
      '19:1: teardown.run: is missing; it must be text',
      '19:13: teardown.timeout: is 20m; at most 10m, budgets.teardown of the configuration',
    ]
    expect(faults).toEqual(expected.map((text) => expect.stringContaining(text)))
  })

  test.each([
    ['', ['description', 'driver', 'stages']],
    [HELLO.replace(/^teardown.*$/m, ''), ['teardown']],
    [HELLO.replace(/^ {2}- .*$/m, ''), ['stages']],
  ])('a recipe that lacks what it needs is refused: %j', (text, keys) => {
    const faults = faultsIn(text)
    expect(faults).toHaveLength(keys.length)
    for (const key of keys) expect(faults).toContainEqual(expect.stringMatching(`${key}: .*must be`))
  })

  test.each([
    [128 * 1024 - 1, 0],
    [128 * 1024, 1],
  ])('a command line of %i bytes, as Linux counts one argument, has %i faults', (bytes, count) => {
    const text = HELLO.replace('test -f README.md', 'x'.repeat(bytes))
    using here = machine()
    here.write('recipes/hello/recipe.yml', text)
    expect(checkRecipes(here.path('recipes'))).toHaveLength(count)
  })

  test.each([
    ['a b c d e'.split(' '), true, []],
    ['a b c d e f'.split(' '), false, []],
    ['a b c d e f'.split(' '), true, [expect.stringContaining('resources: has 6 entries; at most 5 where')]],
  ])('R-LCK-09 resources %j, where stages have a user of their own: %j', (resources, hasUsers, faults) => {
    using here = machine()
    here.write('recipes/hello/recipe.yml', `resources: [${resources.join(', ')}]\n${HELLO}`)
    expect(loadRecipes(here.path('recipes'), DEFAULT_BUDGETS, hasUsers).faults).toEqual(faults)
  })

  test.each(RESERVED_WORDS)('R-CMD-03 no recipe may be named like the subcommand %s', (name) => {
    using here = machine()
    here.write(`recipes/${name}/recipe.yml`, HELLO)
    expect(faultsOf(() => loadRecipe(here.path(`recipes/${name}`)))).toEqual([
      expect.stringContaining(`a recipe may not be named ${name}`),
    ])
  })

  test.each(['Big', 'a_b', '-a', 'a b', 'x'.repeat(41)])('R-LCK-12 no recipe may be named %j', (name) => {
    using here = machine()
    here.write(`recipes/${name}/recipe.yml`, HELLO)
    expect(faultsOf(() => loadRecipe(here.path(`recipes/${name}`)))).toEqual([
      expect.stringContaining("a recipe's name must be at most 40 lower-case letters"),
    ])
  })

  test('R-QUE-13 a stage may take as long as the run, and the run as the configuration allows, and no longer', () => {
    using here = machine()
    here.write('recipes/hello/recipe.yml', `deadline: 1m\n${HELLO}`)
    const budgets = { ...DEFAULT_BUDGETS, deadlineMs: 60_000, teardownMs: 60_000 }
    expect(loadRecipe(here.path('recipes/hello'), budgets).deadlineMs).toBe(60_000)
    expect(
      faultsOf(() => loadRecipe(here.path('recipes/hello'), { ...budgets, deadlineMs: 59_000 })),
    ).toEqual([expect.stringContaining('deadline: is 1m; at most 59s')])
    expect(
      faultsOf(() => loadRecipe(here.path('recipes/hello'), { ...budgets, teardownMs: 59_000 })),
    ).toEqual([expect.stringContaining('teardown.timeout: is 1m; at most 59s')])
  })
})

describe('loadRecipes', () => {
  test('one recipe with faults hides no other', () => {
    using here = machine()
    here.write('recipes/good/recipe.yml', HELLO)
    here.write('recipes/worse/recipe.yml', 'description: [')
    here.write('recipes/bad/recipe.yml', HELLO.replace('process', 'docker'))
    mkdirSync(here.path('recipes/empty'))
    here.write('recipes/.hidden/recipe.yml', 'x')
    here.write('recipes/README.md', 'x')
    const { recipes, broken, faults } = loadRecipes(here.path('recipes'))
    expect(recipes.map(({ name }) => name)).toEqual(['good'])
    expect(broken.map(({ name }) => name)).toEqual(['bad', 'empty', 'worse'])
    expect(faults).toEqual([
      expect.stringContaining('bad/recipe.yml:2:1: driver: must be one of'),
      expect.stringContaining('empty/recipe.yml: missing; each folder of recipes needs a recipe.yml'),
      expect.stringContaining('worse/recipe.yml:1:15: this is no valid YAML'),
    ])
    expect(checkRecipes(here.path('recipes'))).toEqual(faults)
  })

  test('a folder that is not there is a fault that says what to set', () => {
    expect(checkRecipes('/nowhere/recipes')).toEqual([
      expect.stringMatching(/^\/nowhere\/recipes: the folder of recipes cannot be read .*; set recipesDir$/),
    ])
  })
})

describe('shipped recipes', () => {
  test('they are without fault', () => {
    expect(checkRecipes(SHIPPED)).toEqual([])
    expect(loadRecipes(SHIPPED).recipes.map(({ name }) => name)).toContain('hello')
  })

  test('each names the schema that editors check it with', () => {
    for (const name of readdirSync(SHIPPED)) {
      const [first] = readFileSync(join(SHIPPED, name, 'recipe.yml'), 'utf8').split('\n')
      expect(first).toBe('# yaml-language-server: $schema=../../docs/recipe.schema.json')
    }
  })
})

test('R-QUE-13 the ceiling is deadline, longest uninterruptible stage, teardown and grace together', () => {
  const stage = { name: 'x', run: 'true', timeoutMs: 50_000, uninterruptible: false }
  const recipe = {
    deadlineMs: 100_000,
    stages: [
      stage,
      { ...stage, timeoutMs: 30_000, uninterruptible: true },
      { ...stage, timeoutMs: 20_000, uninterruptible: true },
    ],
  }
  const budgets = { deadlineMs: 3_600_000, teardownMs: 5000, killGraceMs: 700 }
  expect(budgetsOf(recipe, { budgets })).toEqual({
    deadlineMs: 100_000,
    teardownMs: 5000,
    killGraceMs: 700,
    ceilingMs: 100_000 + 30_000 + 5000 + 700,
  })
  expect(budgetsOf({ ...recipe, stages: [stage] }, { budgets }).ceilingMs).toBe(105_700)
})
