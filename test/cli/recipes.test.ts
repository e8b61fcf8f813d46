import { readdirSync } from 'node:fs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Context } from '../../src/cli/context.ts'
import { checkAll, checkOne } from '../../src/cli/recipes.ts'
import { makeRecipe } from '../../src/cli/recipesNew.ts'
import { commandLine } from '../../src/cli.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { openStateFolder } from '../../src/store/stateFolder.ts'
import { HELLO, type Machine, machine, STACK } from '../config/world.ts'

const COMPOSE = 'services:\n  app:\n    image: nginx:1.27\n'

/** The command line as a person gives it. */
async function berth(here: Machine, ...words: readonly string[]) {
  const written = { stdout: '', stderr: '' }
  vi.stubEnv('BERTH_CONFIG', here.path('work/berth.yml'))
  vi.stubEnv('BERTH_STATE_DIR', here.path('state'))
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text)
      return true
    })
  onTestFinished(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })
  return { status: await commandLine(words, null), ...written }
}

/** One command, without its words. */
function told(here: Machine, command: (context: Context) => number) {
  const written = { stdout: '', stderr: '' }
  const config = here.load({ BERTH_STATE_DIR: here.path('state') })
  const status = command({
    config,
    state: openStateFolder(here.path('state')),
    cwd: here.path('work'),
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { write: (text) => (written.stderr += text) },
    recipe: (name) => loadRecipe(here.path(`work/recipes/${name}`)),
  })
  return { status, ...written }
}

function operator(): Machine {
  const here = machine()
  here.write('work/berth.yml', 'recipesDir: ./recipes\n')
  here.write('work/recipes/hello/recipe.yml', HELLO)
  here.write('work/recipes/stack/recipe.yml', STACK)
  return here
}

test('R-DKR-11 berth recipes new says what it has written and what comes next, and what it has written is in order', async () => {
  using here = operator()
  const made = await berth(here, 'recipes', 'new', 'mine', '--driver', 'swarm')
  expect(made).toMatchObject({ status: 0, stderr: '' })
  const folder = here.path('work/recipes/mine')
  const [first, second, , ...steps] = made.stdout.trim().split('\n')
  expect([first, second]).toEqual([`Wrote ${folder}/recipe.yml`, `Wrote ${folder}/compose.example.yml`])
  const next = [
    'berth recipes check',
    'copy compose.example.yml',
    'berth recipes check mine --repo',
    'berth run mine --repo',
    'recipes: [mine]',
  ]
  expect(steps).toEqual(['Next:', ...next.map((text) => expect.stringContaining(text))])
  expect(told(here, checkAll)).toMatchObject({ status: 0, stdout: expect.stringContaining('3 recipes') })
  const names = readdirSync(here.path('work/recipes'))
  expect(() => told(here, (context) => makeRecipe(context, 'mine', 'process'))).toThrow(
    `${folder} is there already`,
  )
  expect(readdirSync(here.path('work/recipes'))).toEqual(names)
})

test("R-DKR-11 berth recipes new says where there is no berth.yml that the recipe stands among berth's own", () => {
  using here = operator()
  const make = (file: string | null) =>
    told(here, (context) =>
      makeRecipe({ ...context, config: { ...context.config, file } }, `mine-${file === null}`, 'process'),
    ).stdout
  expect(make(null)).toContain("echo 'recipesDir: ./recipes' >berth.yml")
  expect(make(here.path('work/berth.yml'))).not.toContain('recipesDir')
})

test.each([
  [
    ['recipes', 'new', 'mine', '--driver', 'nomad'],
    'Allowed choices are process, compose, swarm, coop-cloud',
  ],
  [['recipes', 'new', 'Mine'], "Mine: a recipe's name must be at most 40 lower-case letters"],
  [['recipes', 'check', '--repo', '.'], '--repo is for one recipe: berth recipes check NAME --repo FOLDER'],
  [['recipes', 'check', 'stak'], 'has none of that name; there is hello, stack. Did you mean stack?'],
  [['run', 'hello', 'loud'], "loud is no argument; a recipe's arguments are key=value"],
])('R-CMD-03 R-DKR-11 berth %j ends with 2 and says what would be right', async (words, expected) => {
  using here = operator()
  expect(await berth(here, ...words)).toEqual({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining(expected),
  })
  expect(readdirSync(here.path('work/recipes'))).toEqual(['hello', 'stack'])
})

describe('berth recipes check NAME --repo', () => {
  const check = (here: Machine, name: string, repo: string | null) =>
    told(here, (context) => checkOne(context, name, repo))

  test('R-DKR-15 tells what a run would refuse of a working folder, without an engine', () => {
    using here = operator()
    here.write('site/compose.yml', `${COMPOSE}    shiny: 1\n`)
    expect(check(here, 'stack', '../site')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'compose.yml:4: services.app.shiny: shiny is not known to be harmless; leave it out\n',
    })
    here.write('site/compose.yml', COMPOSE)
    expect(check(here, 'stack', '../site')).toEqual({
      status: 0,
      stdout: 'Recipe stack is in order; it deploys compose.yml.\n',
      stderr: '',
    })
  })

  test('R-DKR-06 tells remarks, and is content with them', () => {
    using here = operator()
    here.write('work/recipes/stack/recipe.yml', STACK.replace('files: [compose.yml]', 'coop-cloud: true'))
    here.write('site/.env.sample', 'TYPE=site\n')
    here.write('site/compose.yml', `version: '3.8'\n${COMPOSE.replace('1.27', '${NGINX_TAG}')}`)
    expect(check(here, 'stack', '../site')).toEqual({
      status: 0,
      stdout: 'Recipe stack is in order; it deploys compose.yml.\n',
      stderr: expect.stringMatching(/^remark: compose\.yml:4: .*NGINX_TAG/),
    })
  })

  test('R-DKR-06 holds the names that a run makes to what the engine takes', () => {
    using here = operator()
    const text = STACK.replace('stack:', "domain: 'a.b.{base}'\nstack:")
    here.write('work/recipes/stack/recipe.yml', text)
    here.write('site/compose.yml', COMPOSE)
    expect(check(here, 'stack', '../site')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('domain a.b.ci.localhost is not one that runs may use'),
    })
  })

  test('R-DKR-11 without a folder checks the recipe alone, its secrets among it', () => {
    using here = operator()
    expect(check(here, 'stack', null)).toEqual({
      status: 0,
      stdout: 'Recipe stack is in order.\n',
      stderr: '',
    })
    here.write('work/recipes/stack/recipe.yml', `${STACK}secrets: { SMTP: {} }\n`)
    expect(check(here, 'stack', null)).toMatchObject({ status: 2, stderr: expect.stringContaining('SMTP') })
  })

  test.each([
    ['hello', '.', 'recipe hello deploys no compose files: its driver is process'],
    ['stack', 'nowhere', 'work/nowhere is no folder; name that of the repository'],
  ])('R-DKR-11 %s in %s is refused: %s', (name, repo, expected) => {
    using here = operator()
    expect(() => check(here, name, repo)).toThrow(expected)
  })
})
