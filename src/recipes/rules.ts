import type { Finding } from '../config/document.ts'
import type { Salvaged } from '../config/salvage.ts'
import type { BudgetConfig } from '../model/budgets.ts'
import { formatDuration } from '../model/duration.ts'
import { RESERVED_WORDS } from '../model/reservedWords.ts'
import { MOST_RESOURCES, MOST_STAGES, type RecipeFile } from './schema.ts'
import { stackFindings } from './stackRules.ts'
import { stageFindings } from './stageRules.ts'

type Parts = Salvaged<RecipeFile>

/** The harness sets these itself; what a recipe says there would be lost. */
const OWN_VARIABLES: ReadonlySet<string> = new Set(['HOME', 'PATH'])
const OWN_PREFIX = 'BERTH_'

/** `!testme RECIPE keep=30m` is no argument of the recipe. */
const OWN_ARGUMENTS: ReadonlySet<string> = new Set(['keep'])

/** What is wrong between the fields of a recipe, and against the budgets of the configuration (R-QUE-13). */
export function recipeFindings(parts: Parts, budgets: BudgetConfig, hasUsers: boolean): readonly Finding[] {
  return [
    ...budgetFindings(parts, budgets),
    ...tooMany('stages', parts.stages, MOST_STAGES),
    ...stackFindings(parts),
    ...stageFindings(parts),
    ...tooMany('resources', parts.resources, MOST_RESOURCES),
    ...(hasUsers ? tooManyWithUser(parts.resources ?? []) : []),
    ...repeated((parts.stages ?? []).map((stage) => stage?.name)).map(({ index, word }) => ({
      path: ['stages', index, 'name'],
      text: `${word} is the name of an earlier stage; each stage needs its own`,
    })),
    ...repeated(parts.resources ?? []).map(({ index, word }) => ({
      path: ['resources', index],
      text: `${word} is there already`,
    })),
    ...Object.entries(parts.arguments ?? {}).flatMap(([name, rule]) => argumentFindings(name, rule)),
    ...Object.keys(parts.env ?? {}).flatMap(variableFindings),
  ]
}

/** The user that stages run as is locked like a resource: it takes one of the names. */
function tooManyWithUser(resources: readonly unknown[]): readonly Finding[] {
  if (resources.length !== MOST_RESOURCES) return []
  const text = `has ${MOST_RESOURCES} entries; at most ${MOST_RESOURCES - 1} where the configuration has runAs: the user is locked like a resource`
  return [{ path: ['resources'], text }]
}

/** Why a folder of this name can be no recipe, or null. */
export function recipeNameFault(name: string): string | null {
  if (RESERVED_WORDS.includes(name))
    return `a recipe may not be named ${name}: \`!testme ${name}\` means something else`
  return null
}

function budgetFindings(parts: Parts, budgets: BudgetConfig): readonly Finding[] {
  const deadlineMs = parts.deadline ?? budgets.deadlineMs
  const stages = (parts.stages ?? []).map((stage, index) =>
    over(['stages', index, 'timeout'], stage?.timeout, deadlineMs, "the run's deadline"),
  )
  return [
    over(['deadline'], parts.deadline, budgets.deadlineMs, 'budgets.deadline of the configuration'),
    ...stages,
    over(
      ['teardown', 'timeout'],
      parts.teardown?.timeout,
      budgets.teardownMs,
      'budgets.teardown of the configuration',
    ),
  ].filter((finding) => finding !== null)
}

function over(path: Finding['path'], ms: number | undefined, mostMs: number, what: string): Finding | null {
  if (ms === undefined || ms <= mostMs) return null
  return { path, text: `is ${formatDuration(ms)}; at most ${formatDuration(mostMs)}, ${what}` }
}

function tooMany(key: string, list: readonly unknown[] | undefined, most: number): readonly Finding[] {
  if (list === undefined || list.length <= most) return []
  return [{ path: [key], text: `has ${list.length} items; at most ${most}` }]
}

function repeated(
  words: readonly (string | undefined)[],
): readonly { readonly index: number; readonly word: string }[] {
  return words.flatMap((word, index) =>
    word !== undefined && words.indexOf(word) < index ? [{ index, word }] : [],
  )
}

function argumentFindings(
  name: string,
  rule:
    | { readonly values?: readonly (string | undefined)[] | undefined; readonly default?: string | undefined }
    | undefined,
): readonly Finding[] {
  const values = rule?.values?.filter((value) => value !== undefined) ?? []
  const reserved = OWN_ARGUMENTS.has(name)
    ? [
        {
          path: ['arguments', name],
          text: `${name}=… is an argument of every recipe already; take another word`,
        },
      ]
    : []
  const twice = repeated(rule?.values ?? []).map(({ index, word }) => ({
    path: ['arguments', name, 'values', index],
    text: `${word} is there already`,
  }))
  if (rule?.default === undefined || values.length === 0 || values.includes(rule.default))
    return [...reserved, ...twice]
  const text = `must be one of its values (${values.join(', ')}), and is ${rule.default}`
  return [...reserved, ...twice, { path: ['arguments', name, 'default'], text }]
}

function variableFindings(name: string): readonly Finding[] {
  if (!OWN_VARIABLES.has(name) && !name.startsWith(OWN_PREFIX)) return []
  return [{ path: ['env', name], text: 'is set by berth itself; take another name' }]
}
