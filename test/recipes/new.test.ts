import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, watch } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { RESERVED_WORDS } from '../../src/model/reservedWords.ts'
import { checkRecipes, loadRecipe } from '../../src/recipes/load.ts'
import { KINDS, newRecipe } from '../../src/recipes/new.ts'
import { checkRepository } from '../../src/recipes/repository.ts'
import { faultsOf, machine } from '../config/world.ts'

const SCHEMA = fileURLToPath(new URL('../../docs/recipe.schema.json', import.meta.url))
const DOMAIN = 'site-pr1.ci.example.org'

describe('a new recipe', () => {
  test.each(KINDS)(
    'R-DKR-11 of the kind %s is in order as it is written, and names the schema that editors have',
    (kind) => {
      using here = machine()
      const files = newRecipe(here.path('recipes'), 'mine', kind)
      expect(files[0]).toBe(here.path('recipes/mine/recipe.yml'))
      for (const file of files) expect(statSync(file).size).toBeGreaterThan(100)
      expect(readdirSync(here.path('recipes'))).toEqual(['mine'])
      expect(checkRecipes(here.path('recipes'))).toEqual([])
      const [first = ''] = readFileSync(files[0] ?? '', 'utf8').split('\n')
      const named = first.replace('# yaml-language-server: $schema=', '')
      expect(resolve(here.path('recipes/mine'), named)).toBe(SCHEMA)
    },
  )

  test('R-DKR-11 is there whole or not at all: until then it has a name that nobody takes for a recipe', async () => {
    using here = machine()
    mkdirSync(here.path('recipes'))
    const seen: string[] = []
    const watcher = watch(here.path('recipes'), (_, name) => seen.push(name ?? ''))
    onTestFinished(() => watcher.close())
    newRecipe(here.path('recipes'), 'mine', 'swarm')
    await vi.waitFor(() => expect(seen).toContain('mine'))
    expect(seen.filter((name) => name !== 'mine' && !name.startsWith('.'))).toEqual([])
    expect(seen[0]).toMatch(/^\.mine-/)
  })

  test('R-DKR-11 has the driver that was asked for', () => {
    using here = machine()
    const made = KINDS.map((kind) => {
      newRecipe(here.path('recipes'), kind, kind)
      const { driver, stack } = loadRecipe(here.path(`recipes/${kind}`))
      return [kind, driver, stack?.coopCloud ?? null]
    })
    expect(made).toEqual([
      ['process', 'process', null],
      ['compose', 'compose', false],
      ['swarm', 'swarm', false],
      ['coop-cloud', 'swarm', true],
    ])
  })

  test('R-DKR-11 of a swarm has a stack to begin with, which the engine policy lets through', () => {
    using here = machine()
    newRecipe(here.path('recipes'), 'mine', 'swarm')
    const recipe = loadRecipe(here.path('recipes/mine'))
    if (recipe.stack === null) throw new Error('it has no stack')
    const example = readFileSync(here.path('recipes/mine/compose.example.yml'), 'utf8')
    here.write('repository/compose.yml', example)
    const checked = checkRepository(here.path('repository'), recipe, recipe.stack, DOMAIN)
    expect(checked).toEqual({ files: ['compose.yml'], faults: [], remarks: [] })
  })

  test.each([
    ['a recipe', (path: string) => newRecipe(resolve(path, '..'), 'mine', 'process')],
    ['an empty folder', (path: string) => mkdirSync(path)],
    ['a link that leads nowhere', (path: string) => symlinkSync('/nowhere', path)],
  ])('R-DKR-11 overwrites nothing: where there is %s it says so, and all stays as it was', (_, make) => {
    using here = machine()
    mkdirSync(here.path('recipes'))
    make(here.path('recipes/mine'))
    const before = listing(here.path('recipes'))
    expect(faultsOf(() => newRecipe(here.path('recipes'), 'mine', 'swarm'))).toEqual([
      `${here.path('recipes/mine')} is there already, and stays as it is; take another name, or change it by hand`,
    ])
    expect(listing(here.path('recipes'))).toEqual(before)
  })

  test.each(['Mine', 'a_b', '../mine', 'a/b', '', '.hidden', 'x'.repeat(41)])(
    'R-LCK-12 may not be named %j, and nothing is written',
    (name) => {
      using here = machine()
      mkdirSync(here.path('recipes'))
      expect(faultsOf(() => newRecipe(here.path('recipes'), name, 'process'))).toEqual([
        `${name}: a recipe's name must be at most 40 lower-case letters, digits and inner hyphens`,
      ])
      expect(readdirSync(here.root)).toEqual(expect.arrayContaining(['etc', 'recipes', 'work']))
      expect(readdirSync(here.path('recipes'))).toEqual([])
    },
  )

  test.each(RESERVED_WORDS)('R-CMD-03 may not be named like the subcommand %s', (name) => {
    using here = machine()
    expect(faultsOf(() => newRecipe(here.path('recipes'), name, 'process'))).toEqual([
      expect.stringContaining(`a recipe may not be named ${name}`),
    ])
  })

  test('R-DKR-11 where nothing can be written it says what to set, and leaves nothing', () => {
    using here = machine()
    here.write('recipes', 'a file')
    expect(faultsOf(() => newRecipe(here.path('recipes'), 'mine', 'process'))).toEqual([
      expect.stringMatching(/recipes.* cannot be written \(.+\); set recipesDir in berth.yml/),
    ])
    expect(readFileSync(here.path('recipes'), 'utf8')).toBe('a file')
  })
})

function listing(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const stat = statSync(join(folder, name), { throwIfNoEntry: false })
    return `${name} ${stat?.isFile() === true ? readFileSync(join(folder, name), 'utf8') : ''}`
  })
}
