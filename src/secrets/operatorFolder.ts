import { constants, fstatSync, lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { codeOf, messageOf } from '../errors.ts'
import type { Recipe } from '../model/recipe.ts'
import { grantOf, type SecretGrant } from '../model/secrets.ts'
import { openedFile, readPart } from '../store/durable.ts'
import { LEAST_BYTES, maskableBytes } from './forms.ts'

/** Of a run's secrets together: what is looked for in its logs is kept in memory some fifty times over. */
export const MOST_BYTES = 32 * 1024

export interface Secret {
  readonly name: string
  readonly value: Buffer
}

export interface ReadSecrets {
  readonly secrets: readonly Secret[]
  /** Each one sentence that names the file and the way out; empty = all are there. */
  readonly faults: readonly string[]
}

/**
 * Reads a recipe's secrets from the operator's folder: `<folder>/<recipe>/<NAME>`, else `<folder>/<NAME>`. Whatever could be read by
 * others, or leads out of the folder, is refused and not read.
 */
export function readSecrets(recipe: string, { folder, names }: Omit<SecretGrant, 'withheld'>): ReadSecrets {
  if (names.length === 0) return { secrets: [], faults: [] }
  if (folder === null) return { secrets: [], faults: [noFolder(recipe, names)] }
  const fault = folderFault(folder)
  if (fault !== null) return { secrets: [], faults: [fault] }
  const read = names.map((name) => readSecret(folder, recipe, name))
  const secrets = read.filter((result) => typeof result !== 'string')
  const bytes = secrets.reduce((sum, { value }) => sum + value.length, 0)
  const faults = read.filter((result) => typeof result === 'string')
  if (bytes <= MOST_BYTES) return { secrets, faults }
  const tooLong = `${folder}: the secrets of recipe ${recipe} have ${bytes} bytes together; at most ${MOST_BYTES} can be masked in logs`
  return { secrets: [], faults: [...faults, tooLong] }
}

/** What is wrong with all that the recipe asks for, whoever's code it tests. */
export function secretFaults(
  recipe: Pick<Recipe, 'name' | 'secrets'>,
  folder: string | null,
): readonly string[] {
  return readSecrets(recipe.name, grantOf(recipe, folder, false)).faults
}

/** Why the operator's folder cannot be used, or null. */
export function folderFault(folder: string): string | null {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat === undefined)
    return `${folder}: there is no such folder of secrets; make it with: mkdir -m 0700 ${folder}`
  if (!stat.isDirectory()) return `${folder}: is no folder; correct secretsDir`
  return opennessFault(folder, stat, '0700')
}

function noFolder(recipe: string, names: readonly string[]): string {
  return `recipe ${recipe} asks for ${names.join(', ')}, and there is no folder of secrets; make \`secrets\` beside berth.yml with: mkdir -m 0700 secrets, or set secretsDir`
}

function readSecret(folder: string, recipe: string, name: string): Secret | string {
  const own = join(folder, recipe)
  const shared = join(folder, name)
  try {
    if (!isThere(join(own, name)))
      return isThere(shared) ? readFile(folder, shared, name) : missing(folder, recipe, name)
    return folderFault(own) ?? readFile(folder, join(own, name), name)
  } catch (error) {
    return `${shared}: cannot be read (${messageOf(error)})`
  }
}

function missing(folder: string, recipe: string, name: string): string {
  return `${join(folder, name)}: missing, and recipe ${recipe} asks for it; write it there, or to ${join(folder, recipe, name)}, with mode 0600`
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

/** A link inside the folder is followed, as systems that replace secrets as a whole make them; the file is looked at when it is open. */
function readFile(folder: string, path: string, name: string): Secret | string {
  const real = realPathOf(path)
  if (real === null) return `${path}: is a link to nothing; write the secret there, with mode 0600`
  if (!real.startsWith(`${realpathSync(folder)}${sep}`))
    return `${path}: is a link that leads out of ${folder}; put the file itself there`
  using file = openedFile(real, constants.O_RDONLY)
  const stat = fstatSync(file.value)
  const fault = opennessFault(path, stat, '0600')
  if (fault !== null) return fault
  const value = readPart(file.value, 0, Math.min(stat.size, MOST_BYTES + 1))
  return valueFault(path, value) ?? { name, value }
}

function realPathOf(path: string): string | null {
  try {
    return realpathSync(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

function valueFault(path: string, value: Buffer): string | null {
  if (value.length === 0) return `${path}: is empty; write the secret there`
  if (value.length > MOST_BYTES)
    return `${path}: has more than ${MOST_BYTES} bytes, which cannot be masked in logs`
  const bytes = maskableBytes(value)
  if (bytes >= LEAST_BYTES) return null
  return `${path}: is too short: ${bytes} bytes would be found everywhere in a log; a secret needs ${LEAST_BYTES} at least`
}

/** Access lists show in the group's bits (acl(5)). A user of stages may own nothing here: the owner may do anything. */
function opennessFault(path: string, { mode, uid }: Stats, right: string): string | null {
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o7777).toString(8).padStart(4, '0')
    return `${path}: is open to group or others (mode ${shown}); mend it with: chmod ${right} ${path}`
  }
  if (uid === 0 || uid === process.geteuid?.()) return null
  return `${path}: belongs to uid ${uid}; it must belong to root, or to the user that berth runs as: chown it`
}
