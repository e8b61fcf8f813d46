import { EXIT } from '../errors.ts'
import { formatDuration } from '../model/duration.ts'
import { loadRecipes } from '../recipes/load.ts'
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
  stdout.write(table(['recipe', 'driver', 'stages', 'deadline', 'what it does'], [...rows, ...faulty]))
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
