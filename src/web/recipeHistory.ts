import { type History, historyOf } from '../model/history.ts'
import type { WebWorld } from './ports.ts'

/** The history of a recipe, of its newest runs that are over: in one repository, or in all. */
export async function recipeHistory(
  { store }: Pick<WebWorld, 'store'>,
  recipe: string,
  repository: string | undefined,
  limit: number,
): Promise<History> {
  const filter = { recipe, state: 'concluded', ...(repository === undefined ? {} : { repository }) } as const
  const { runs } = await store.runPage(filter, null, limit)
  return historyOf(runs, await store.pastStages(runs.map(({ id }) => id)))
}
