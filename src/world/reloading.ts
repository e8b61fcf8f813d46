import { isDeepStrictEqual } from 'node:util'
import { InputError, messageOf } from '../errors.ts'
import type { EventLog } from '../model/events.ts'
import type { InForce, RefusedReload } from '../model/inForce.ts'
import type { Recipe } from '../model/recipe.ts'

export interface ReloadParts {
  readonly first: InForce
  /** @throws InputError with every fault */
  readonly reread: () => InForce
  readonly log: () => EventLog
  /** Wall clock, milliseconds. */
  readonly now: () => number
}

export interface Reloading {
  /** Never changed, and replaced as a whole: who needs one for a while keeps what this gives. */
  readonly inForce: () => InForce
  /** Null = what is in force is what was read last. */
  readonly refused: () => RefusedReload | null
  /** Reads everything in one go, without letting anything else happen meanwhile. False = it was refused, and nothing is changed. */
  readonly reload: () => boolean
}

export function reloadingOf({ first, reread, log, now }: ReloadParts): Reloading {
  let inForce = first
  let refused: RefusedReload | null = null

  function refuse(error: unknown): boolean {
    const faults = error instanceof InputError ? error.faults : [messageOf(error)]
    refused = { atMs: now(), faults: faults.length }
    log().warn({ faults }, 'config.refused')
    return false
  }

  return {
    inForce: () => inForce,
    refused: () => refused,
    reload() {
      try {
        const before = inForce
        inForce = reread()
        refused = null
        log().info(newsOf(before, inForce), 'config.reloaded')
        return true
      } catch (error) {
        return refuse(error)
      }
    },
  }
}

/** Names of what has changed, as the file has them, and never values: there are addresses with passwords among them. */
function newsOf(before: InForce, after: InForce) {
  const recipes = changedRecipes(before.recipes, after.recipes)
  return {
    changed: [...changedFields(before.config, after.config), ...(recipes.length === 0 ? [] : ['recipes'])],
    recipes,
    switchedOff: after.config.switchedOff,
  }
}

function changedFields(before: InForce['config'], after: InForce['config']): readonly string[] {
  const was = new Map<string, unknown>(Object.entries(before))
  return Object.entries(after)
    .filter(([field, value]) => !isDeepStrictEqual(value, was.get(field)))
    .map(([field]) => (field === 'reconcileMs' ? 'reconcile' : field))
}

/** With what the configuration makes of them: a recipe without a deadline has the configuration's. */
function changedRecipes(before: readonly Recipe[], after: readonly Recipe[]): readonly string[] {
  const was = new Map(before.map((recipe) => [recipe.name, recipe]))
  const is = new Map(after.map((recipe) => [recipe.name, recipe]))
  const names = [...new Set([...was.keys(), ...is.keys()])].sort()
  return names.filter((name) => !isDeepStrictEqual(was.get(name), is.get(name)))
}
