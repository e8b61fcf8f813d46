import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf, InputError, messageOf } from '../errors.ts'
import { recipeNameFault } from './rules.ts'
import { WORD, WORD_TEXT } from './stageSchema.ts'

/** What a new recipe can be of: a driver, or the driver `swarm` for repositories that say the rest themselves. */
export const KINDS = ['process', 'compose', 'swarm', 'coop-cloud'] as const
export type Kind = (typeof KINDS)[number]

const OF_A_STACK = { 'recipe.yml': './new/stack.yml', 'compose.example.yml': './new/compose.example.yml' }

/** Each file of the new folder, and where its text is. */
const FILES: { readonly [K in Kind]: Readonly<Record<string, string>> } = {
  process: { 'recipe.yml': './new/process.yml' },
  compose: OF_A_STACK,
  swarm: OF_A_STACK,
  'coop-cloud': { 'recipe.yml': '../../recipes/coop-cloud/recipe.yml' },
}

/**
 * Writes a recipe that can be used as it is, into a folder that was not there, and says which files it has. All of it is there or nothing: a
 * service may read the folder of recipes at any moment.
 * @throws InputError when the name cannot be used or is taken, or nothing can be written there
 */
export function newRecipe(recipesDir: string, name: string, kind: Kind): readonly string[] {
  const fault = WORD.test(name) ? recipeNameFault(name) : `${name}: a recipe's name must be ${WORD_TEXT}`
  if (fault !== null) throw refused(fault)
  const folder = resolve(recipesDir, name)
  // No recipe by its name, as all that begins with a dot.
  const beside = resolve(recipesDir, `.${name}-${process.pid}`)
  try {
    mkdirSync(beside, { recursive: true })
    for (const [file, source] of Object.entries(FILES[kind]))
      writeFileSync(
        join(beside, file),
        file === 'recipe.yml' ? recipeText(folder, source, kind) : textOf(source),
      )
    if (!isMoved(beside, folder))
      throw refused(`${folder} is there already, and stays as it is; take another name, or change it by hand`)
  } catch (error) {
    rmSync(beside, { recursive: true, force: true })
    if (error instanceof InputError) throw error
    throw refused(`${recipesDir}: cannot be written (${messageOf(error)}); set recipesDir in berth.yml`)
  }
  return Object.keys(FILES[kind]).map((file) => join(folder, file))
}

/** Of rename(2), for what somebody has made meanwhile: the only thing whose place a folder takes is an empty one. */
const TAKEN: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR'])

function isMoved(from: string, to: string): boolean {
  if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (TAKEN.has(codeOf(error) ?? '')) return false
    throw error
  }
}

function refused(fault: string): InputError {
  return new InputError('berth recipes new', [fault])
}

const SCHEMA = fileURLToPath(new URL('../../docs/recipe.schema.json', import.meta.url))
const SCHEMA_LINE = /^# yaml-language-server: .*\n/

/** Editors check a recipe with the schema that its first line names. */
function recipeText(folder: string, source: string, kind: Kind): string {
  const text = textOf(source).replace(SCHEMA_LINE, '').replace('{driver}', kind)
  return `# yaml-language-server: $schema=${relative(folder, SCHEMA)}\n${text}`
}

function textOf(source: string): string {
  return readFileSync(new URL(source, import.meta.url), 'utf8')
}
