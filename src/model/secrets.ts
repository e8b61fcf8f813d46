import { type Fields, fieldsOf, optional, textOf, textsOf } from './read.ts'
import type { Recipe } from './recipe.ts'

/** What a run may have of the operator's secrets: names and a folder, never a value. */
export interface SecretGrant {
  /** The operator's folder; null = there is none. */
  readonly folder: string | null
  /** Stages find these, sorted. */
  readonly names: readonly string[]
  /** The recipe asks for these, and code of forks gets none of them. */
  readonly withheld: readonly string[]
}

export const NO_GRANT: SecretGrant = { folder: null, names: [], withheld: [] }

/** A fork's code gets a secret only where the recipe says so for that one. */
export function grantOf(
  { secrets }: Pick<Recipe, 'secrets'>,
  folder: string | null,
  fork: boolean,
): SecretGrant {
  const asked = Object.entries(secrets).sort(([one], [other]) => (one < other ? -1 : 1))
  const isGiven = ({ forks }: { readonly forks: boolean }) => !fork || forks
  return {
    folder,
    names: asked.filter(([, rule]) => isGiven(rule)).map(([name]) => name),
    withheld: asked.filter(([, rule]) => !isGiven(rule)).map(([name]) => name),
  }
}

/** Whether a run has to do with secrets at all: then its stages are told where they lie. */
export function hasSecrets({ names, withheld }: SecretGrant): boolean {
  return names.length + withheld.length > 0
}

/** For people, where a run does without secrets that its recipe asks for. */
export function withheldText(names: readonly string[]): string {
  return `without ${names.join(', ')}: code of a fork gets a secret only where the recipe says forks: true`
}

export function readGrant(fields: Fields, key: string): SecretGrant {
  const grant = fieldsOf(fields[key], key)
  return {
    folder: optional(grant, 'folder', textOf),
    names: textsOf(grant, 'names'),
    withheld: textsOf(grant, 'withheld'),
  }
}
