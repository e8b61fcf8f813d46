import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckout } from '../drivers/coopCloud/checkout.ts'
import { faultLine } from '../drivers/coopCloud/fault.ts'
import { ungivenFault } from '../drivers/coopCloud/givenSecrets.ts'
import { readCoopCloudRecipe } from '../drivers/coopCloud/recipe.ts'
import { copySources } from '../drivers/docker/sources.ts'
import { stackName } from '../model/names.ts'
import type { Recipe } from '../model/recipe.ts'
import { grantOf } from '../model/secrets.ts'
import type { StackRule } from '../model/stack.ts'

/** What a repository would be told by a run; a line each, `file:line: key: what is wrong, what would be right`. */
export interface RepositoryCheck {
  /** What would be deployed, in order. */
  readonly files: readonly string[]
  readonly faults: readonly string[]
  /** What a deploy would pass over in silence, and its author hardly means. */
  readonly remarks: readonly string[]
}

/**
 * Holds the files of a repository against a recipe of a stack, as far as that can be told without an engine: which files are deployed, whether they
 * can be read, and what no stack may have. The rest of the engine policy needs the variables filled in, which the engine's client does in a run.
 * @param domain of a run: names of objects are made from it, and must not become too long
 */
export function checkRepository(
  folder: string,
  recipe: Pick<Recipe, 'allow' | 'secrets'>,
  stack: StackRule,
  domain: string,
): RepositoryCheck {
  const { files, faults, remarks } = stack.coopCloud
    ? ofCoopCloud(folder, recipe, stack, domain)
    : { files: stack.files, faults: [], remarks: [] }
  return {
    files,
    faults: [...faults, ...(faults.length > 0 ? [] : sourceFaults(folder, files, recipe.allow))],
    remarks,
  }
}

function ofCoopCloud(
  folder: string,
  recipe: Pick<Recipe, 'secrets'>,
  { env }: StackRule,
  domain: string,
): RepositoryCheck {
  const wish = { domain, stackName: stackName(domain), env }
  const { files, faults, remarks, secrets } = readCoopCloudRecipe(openCheckout(folder), wish)
  const grant = grantOf(recipe, null, false)
  const ungiven = secrets.flatMap((secret) => ungivenFault(secret, grant) ?? [])
  return { files, faults: [...faults, ...ungiven].map(faultLine), remarks: remarks.map(faultLine) }
}

function sourceFaults(folder: string, files: readonly string[], allow: Recipe['allow']): readonly string[] {
  const temporary = mkdtempSync(join(tmpdir(), 'berth-check-'))
  try {
    const sources = copySources(folder, files, join(temporary, 'sources'), { allow, isFork: false })
    if (!('refusals' in sources)) return []
    return sources.refusals.map(({ text, wayOut, ...place }) =>
      faultLine({ ...place, text: `${text}; ${wayOut}` }),
    )
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
