import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Recipe } from '../../src/model/recipe.ts'
import { checkRecipes, loadRecipe } from '../../src/recipes/load.ts'
import { newRecipe } from '../../src/recipes/new.ts'
import { checkRepository } from '../../src/recipes/repository.ts'
import { type Machine, machine } from '../config/world.ts'
import { blocksOf, shown } from './pageBlocks.ts'

const FIRST = 'first-recipe.md'
const DOMAIN = 'site-stack-pr0.ci.localhost'

/** Every file that the page shows, as it shows it: the operator's in `work/`, the repository's in `site/`. */
function written(page: string): Machine {
  const here = machine()
  for (const { file, text } of blocksOf(page)) {
    if (file === null) continue
    const isRepository = file.startsWith('compose')
    here.write(isRepository ? `site/${file}` : `work/${file}`, text)
  }
  return here
}

function checkedWith(here: Machine, files: readonly string[]): readonly string[] {
  const recipe = loadRecipe(here.path('work/recipes/stack'))
  if (recipe.stack === null) throw new Error('it has no stack')
  return checkRepository(here.path('site'), recipe, { ...recipe.stack, files }, DOMAIN).faults
}

/** Without what identifies it, and what it says to people. */
function meaningOf({
  name: _name,
  folder: _folder,
  digest: _digest,
  description: _description,
  ...rest
}: Recipe) {
  return rest
}

describe.each([FIRST, 'recipes.md'])('docs/%s', (page) => {
  test('R-DKR-11 shows files, commands and output, and nothing that no test looks at', () => {
    const blocks = blocksOf(page)
    expect(blocks.length).toBeGreaterThan(1)
    for (const { kind, file } of blocks)
      expect(kind === 'yaml' ? file : kind).toMatch(
        /^(?:recipes\/[a-z-]+\/recipe\.yml|compose[a-z.]*\.yml|berth\.yml|sh|text)$/,
      )
  })

  test('R-DKR-11 its recipes and configurations are in order, as they stand there', () => {
    using here = written(page)
    expect(checkRecipes(here.path('work/recipes'))).toEqual([])
    const { baseDomain, docker, repositories } = here.load()
    const isFirst = page === FIRST
    expect(baseDomain).toBe(isFirst ? 'ci.example.org' : 'ci.localhost')
    expect(docker.certPath).toBe(isFirst ? null : here.path('work/certs'))
    expect(repositories).toHaveLength(isFirst ? 2 : 0)
  })

  test('R-DKR-11 leads to pages and files that are there', () => {
    const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target)
    expect(links.length).toBeGreaterThan(3)
    const missing = links.filter(
      (link) => !existsSync(fileURLToPath(new URL(link, new URL(`../../docs/${page}`, import.meta.url)))),
    )
    expect(missing).toEqual([])
  })
})

describe('docs/first-recipe.md', () => {
  test('R-DKR-11 its process does what the page says, on a page with a title and on one without', () => {
    using here = written(FIRST)
    const { stages } = loadRecipe(here.path('work/recipes/page'))
    const perform = (index: number) => {
      const stage = stages[index]
      if (stage === undefined || !('run' in stage)) throw new Error(`stage ${index} is no command`)
      const env = { PATH: process.env['PATH'], BERTH_ARTIFACTS: here.path('artifacts') }
      return spawnSync('/bin/sh', ['-euc', stage.run], { cwd: here.path('page'), env, encoding: 'utf8' })
    }
    mkdirSync(here.path('artifacts'))
    here.write('page/index.html', '<title>Harbour</title>\n')
    expect(perform(0)).toMatchObject({ status: 0, stdout: '<title>Harbour</title>\n' })
    expect(perform(1)).toMatchObject({ status: 0, stdout: './index.html\n' })
    expect(existsSync(here.path('artifacts/site.tar.gz'))).toBe(true)
    here.write('page/index.html', 'Harbour\n')
    expect(perform(0)).toMatchObject({ status: 1, stderr: 'index.html has no title\n' })
  })

  test('R-DKR-11 its stack and the Co-op Cloud recipe are what `berth recipes new` writes, but for the remarks', () => {
    using here = written(FIRST)
    newRecipe(here.path('new'), 'stack', 'swarm')
    const own = meaningOf(loadRecipe(here.path('work/recipes/stack')))
    expect(own).toEqual(meaningOf(loadRecipe(here.path('new/stack'))))
    const example = readFileSync(here.path('new/stack/compose.example.yml'), 'utf8')
    expect(example.replace(/^# .*\n/, '')).toBe(shown(FIRST, 'compose.yml'))
    newRecipe(here.path('new'), 'coop-cloud', 'coop-cloud')
    const { stages, ...rest } = meaningOf(loadRecipe(here.path('work/recipes/coop-cloud')))
    const { stages: written_, ...others } = meaningOf(loadRecipe(here.path('new/coop-cloud')))
    expect(rest).toEqual(others)
    expect(stages.slice(0, 1)).toEqual(written_)
  })

  test('R-DKR-15 its stack is let through, and what it shows as refused is refused in the words that it shows', () => {
    using here = written(FIRST)
    expect(checkedWith(here, ['compose.yml'])).toEqual([])
    const [first = ''] = blocksOf(FIRST)
      .filter(({ kind }) => kind === 'text')
      .map(({ text }) => text.trim())
    expect(checkedWith(here, ['compose.yml', 'compose.port.yml'])).toEqual([first])
    here.write('site/compose.port.yml', shown(FIRST, 'compose.port.yml').replace(/^ +build: .*\n/m, ''))
    expect(checkedWith(here, ['compose.yml', 'compose.port.yml'])).toEqual([])
  })
})

test('R-DKR-11 the recipes of the README are in order, as they stand there', () => {
  using here = machine()
  const recipes = blocksOf('../README.md').filter(({ text }) => text.startsWith('description:'))
  expect(recipes.map(({ text }) => /^driver: (\w+)$/m.exec(text)?.[1])).toEqual(['process', 'swarm'])
  for (const [index, { text }] of recipes.entries()) here.write(`recipes/r${index}/recipe.yml`, text)
  expect(checkRecipes(here.path('recipes'))).toEqual([])
})
