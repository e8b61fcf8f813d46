import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { readYaml, tornFault } from '../config/document.ts'
import { codeOf, InputError, messageOf } from '../errors.ts'
import { type BudgetConfig, DEFAULT_BUDGETS } from '../model/budgets.ts'
import { DEFAULT_ALLOW } from '../model/enginePolicy/allow.ts'
import type { Recipe, StageWork } from '../model/recipe.ts'
import { recipeFindings, recipeNameFault } from './rules.ts'
import { type RecipeFile, recipeSchema } from './schema.ts'
import { type StageFile, WORD, WORD_TEXT } from './stageSchema.ts'

interface BrokenRecipe {
  readonly name: string
  readonly faults: readonly string[]
}

export interface LoadedRecipes {
  /** Sorted by name. */
  readonly recipes: readonly Recipe[]
  readonly broken: readonly BrokenRecipe[]
  /** All faults of all recipes, each with its place, and that of a folder that cannot be read. */
  readonly faults: readonly string[]
}

/**
 * Reads and checks `<folder>/recipe.yml`. The folder's name is the recipe's. What the recipe leaves open, and what it may ask
 * for at most, comes from the budgets. `hasUsers`: the configuration has `runAs`.
 * @throws InputError with every fault at once
 */
export function loadRecipe(
  folder: string,
  budgets: BudgetConfig = DEFAULT_BUDGETS,
  hasUsers = false,
): Recipe {
  const result = readRecipe(resolve(folder), budgets, hasUsers, false)
  if (!('faults' in result)) return result
  throw new InputError(`Recipe ${result.name} cannot be used`, result.faults)
}

/** Reads and checks every folder in `recipesDir`; one that has faults hides no other. Dot folders and files are none. `isLive`: files may be half written. */
export function loadRecipes(
  recipesDir: string,
  budgets: BudgetConfig = DEFAULT_BUDGETS,
  hasUsers = false,
  isLive = false,
): LoadedRecipes {
  const folders = foldersIn(recipesDir)
  if (typeof folders === 'string') return { recipes: [], broken: [], faults: [folders] }
  const read = folders.map((folder) => readRecipe(folder, budgets, hasUsers, isLive))
  const broken = read.filter((result) => 'faults' in result)
  return {
    recipes: read.flatMap((result) => ('faults' in result ? [] : [result])),
    broken,
    faults: broken.flatMap(({ faults }) => faults),
  }
}

/** All faults of all recipes, for `berth recipes check`; empty = all can be used. */
export function checkRecipes(recipesDir: string, budgets: BudgetConfig = DEFAULT_BUDGETS): readonly string[] {
  return loadRecipes(recipesDir, budgets).faults
}

function foldersIn(recipesDir: string): readonly string[] | string {
  try {
    return readdirSync(recipesDir)
      .filter((entry) => !entry.startsWith('.'))
      .map((entry) => join(resolve(recipesDir), entry))
      .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      .sort()
  } catch (error) {
    return `${recipesDir}: the folder of recipes cannot be read (${messageOf(error)}); set recipesDir`
  }
}

function readRecipe(
  folder: string,
  budgets: BudgetConfig,
  hasUsers: boolean,
  isLive: boolean,
): Recipe | BrokenRecipe {
  const name = basename(folder)
  const file = join(folder, 'recipe.yml')
  const bytes = bytesOf(file)
  if (typeof bytes === 'string') return { name, faults: [bytes] }
  const text = bytes.toString('utf8')
  const yaml = readYaml(file, text, recipeSchema)
  const own = yaml.faultsWith(yaml.parts === null ? [] : recipeFindings(yaml.parts, budgets, hasUsers))
  const torn = isLive ? tornFault(file, text) : null
  const faults = torn === null ? own : [...own, torn]
  const nameFault = nameFaultOf(name)
  if (nameFault !== null) return { name, faults: [`${folder}: ${nameFault}`, ...faults] }
  if (yaml.value === null || faults.length > 0) return { name, faults }
  const digest = createHash('sha256').update(bytes).digest('hex')
  return recipeOf(yaml.value, { name, folder, digest }, budgets)
}

function bytesOf(file: string): Buffer | string {
  try {
    return readFileSync(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return `${file}: missing; each folder of recipes needs a recipe.yml`
    return `${file}: cannot be read (${messageOf(error)})`
  }
}

function nameFaultOf(name: string): string | null {
  return WORD.test(name) ? recipeNameFault(name) : `a recipe's name must be ${WORD_TEXT}; rename the folder`
}

function recipeOf(
  file: RecipeFile,
  identity: Pick<Recipe, 'name' | 'folder' | 'digest'>,
  budgets: BudgetConfig,
): Recipe {
  const { deadline, stages, teardown, stack, allow, ...rest } = file
  const deadlineMs = deadline ?? budgets.deadlineMs
  return {
    ...identity,
    ...rest,
    deadlineMs,
    stages: stages.map((stage) => {
      const { name, timeout, uninterruptible } = stage
      return Object.assign({ name, timeoutMs: timeout ?? deadlineMs, uninterruptible }, workOf(stage))
    }),
    teardown: { run: teardown?.run ?? 'true', timeoutMs: teardown?.timeout ?? budgets.teardownMs },
    stack:
      stack === undefined ? null : { files: stack.files, coopCloud: stack['coop-cloud'], env: stack.env },
    allow: allow ?? DEFAULT_ALLOW,
  }
}

const DEFAULT_STATUS = 200

/** Of the one thing that a stage does (`recipeFindings` holds it to that). */
function workOf({ run, deploy, ready, exec, backup, restore, screenshot }: StageFile): StageWork {
  if (deploy !== undefined) return { deploy }
  if (exec !== undefined) return { exec }
  if (backup !== undefined) return { backup: {} }
  if (restore !== undefined) return { restore: {} }
  if (screenshot !== undefined) return { screenshot }
  if (ready === undefined) return { run: run ?? '' }
  const { http, status, tcp, tries, every } = ready
  const often = { tries, everyMs: every }
  return {
    ready:
      tcp === undefined
        ? { http: http ?? '', status: status ?? DEFAULT_STATUS, ...often }
        : { tcp, ...often },
  }
}
