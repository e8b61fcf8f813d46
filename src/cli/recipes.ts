import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { EXIT, InputError } from '../errors.ts'
import { domainFor } from '../model/domain.ts'
import { formatDuration } from '../model/duration.ts'
import type { Recipe } from '../model/recipe.ts'
import { loadRecipes } from '../recipes/load.ts'
import { checkRepository, type RepositoryCheck } from '../recipes/repository.ts'
import { secretFaults } from '../secrets/operatorFolder.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { table } from './table.ts'

/** `berth recipes` */
export function listRecipes({ config, stdout }: Context, json: boolean): number {
  const { recipes, broken } = loadRecipes(config.recipesDir, config.budgets, config.runAs.length > 0)
  if (json) {
    stdout.write(jsonText({ recipesDir: config.recipesDir, recipes, broken }))
    return EXIT.ok
  }
  const rows = recipes.map(({ name, driver, stages, deadlineMs, description }) => {
    return [
      name,
      driver,
      stages.map((stage) => stage.name).join(' '),
      formatDuration(deadlineMs),
      description,
    ]
  })
  const faulty = broken.map(({ name, faults }) => [
    name,
    '',
    '',
    '',
    `cannot be used: ${faults.length} faults; see berth recipes check`,
  ])
  stdout.write(
    table(
      [
        { head: 'recipe', whole: true },
        'driver',
        { head: 'stages', spare: 2 },
        { head: 'deadline', spare: 1 },
        'what it does',
      ],
      [...rows, ...faulty],
      stdout,
    ),
  )
  return EXIT.ok
}

/** `berth recipes check`: 2 when anything is wrong, each fault on a line of its own. */
export function checkAll({ config, stdout, stderr }: Context): number {
  const loaded = loadRecipes(config.recipesDir, config.budgets, config.runAs.length > 0)
  const { recipes } = loaded
  const faults = [...loaded.faults, ...recipes.flatMap((recipe) => secretFaults(recipe, config.secretsDir))]
  if (faults.length === 0) {
    stdout.write(`${recipes.length} recipes in ${config.recipesDir} are in order.\n`)
    return EXIT.ok
  }
  stderr.write(`${faults.join('\n')}\n`)
  return EXIT.badInput
}

/** `berth recipes check NAME [--repo FOLDER]`: the same for one recipe, and what its runs would deploy of that folder. */
export function checkOne(context: Context, name: string, repo: string | null): number {
  const { config, stdout, stderr } = context
  const recipe = context.recipe(name)
  const faults = secretFaults(recipe, config.secretsDir)
  const { files, faults: ofFiles, remarks } = repo === null ? NOTHING : repositoryOf(context, recipe, repo)
  for (const remark of remarks) stderr.write(`remark: ${remark}\n`)
  const all = [...faults, ...ofFiles]
  if (all.length > 0) {
    stderr.write(`${all.join('\n')}\n`)
    return EXIT.badInput
  }
  const deployed = files.length === 0 ? '' : `; it deploys ${files.join(', ')}`
  stdout.write(`Recipe ${name} is in order${deployed}.\n`)
  return EXIT.ok
}

const NOTHING: RepositoryCheck = { files: [], faults: [], remarks: [] }

function repositoryOf({ config, cwd }: Context, recipe: Recipe, repo: string): RepositoryCheck {
  const folder = resolve(cwd, repo)
  if (recipe.stack === null)
    throw new InputError('berth recipes check --repo', [
      `recipe ${recipe.name} deploys no compose files: its driver is ${recipe.driver}`,
    ])
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new InputError('berth recipes check --repo', [
      `${folder} is no folder; name that of the repository`,
    ])
  const facts = { owner: '', repo: basename(folder), pr: 1, run: '' }
  const made = domainFor(recipe, facts, config, (text) => createHash('sha256').update(text).digest('hex'))
  if ('fault' in made) return { ...NOTHING, faults: [made.fault] }
  return checkRepository(folder, recipe, recipe.stack, made.domain)
}
