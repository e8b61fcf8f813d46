import { type Command, Option } from 'commander'
import { InputError } from '../errors.ts'
import { KINDS, type Kind } from '../recipes/new.ts'
import { makeContext } from '../world.ts'
import { few, JSON_OPTION } from './parsers.ts'

/** `berth recipes …` */
export function addRecipes(program: Command, exit: (code: number) => void): void {
  const recipes = program
    .command('recipes')
    .description('the recipes that there are')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { listRecipes } = await import('./recipes.ts')
      exit(listRecipes(makeContext(), options.json))
    })
  recipes
    .command('check [recipe]')
    .description('validate every recipe, or one; each fault with file, line and column')
    .option(
      '--repo <folder>',
      'hold the compose files of a repository against that one, too; without an engine',
    )
    .action(async (name: string | undefined, { repo }: { repo?: string }) => {
      if (name === undefined && repo !== undefined)
        throw new InputError('berth recipes check', [
          '--repo is for one recipe: berth recipes check NAME --repo FOLDER',
        ])
      const { checkAll, checkOne } = await import('./recipes.ts')
      exit(name === undefined ? checkAll(makeContext()) : checkOne(makeContext(), name, repo ?? null))
    })
  recipes
    .command('history <recipe>')
    .description('how its last runs ended, and its stages: slowest, longest, flaky')
    .option(...JSON_OPTION)
    .option('--limit <number>', 'of how many runs at most', few, 50)
    .action(async (recipe: string, options: { json: boolean; limit: number }) => {
      const { showHistory } = await import('./history.ts')
      exit(showHistory(makeContext(), recipe, options))
    })
  recipes
    .command('new <new-name>')
    .description('write a recipe to begin with; nothing that is there is changed')
    .addOption(new Option('--driver <driver>', 'what it deploys with').choices(KINDS).default('process'))
    .action(async (name: string, { driver }: { driver: Kind }) => {
      const { makeRecipe } = await import('./recipesNew.ts')
      exit(makeRecipe(makeContext(), name, driver))
    })
}
