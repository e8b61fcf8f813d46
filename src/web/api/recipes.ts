import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { medianOf } from '../../model/estimate.ts'
import type { RunRow } from '../../model/ports.ts'
import { DRIVERS, type Recipe } from '../../model/recipe.ts'
import { CONCLUSIONS } from '../../model/run.ts'
import type { WebWorld } from '../ports.ts'
import { CONCLUSION, MAYBE_AT_MS, TEXTS, VERDICT } from './fields.ts'
import { PROBLEM_ANSWER, problem } from './problem.ts'
import { wholeNumber } from './query.ts'
import { sent } from './sent.ts'

const DEFAULT_HISTORY = 50
const MOST_HISTORY = 500

const recipeShape = {
  name: z.string(),
  description: z.string(),
  driver: z.enum(DRIVERS),
  deadlineMs: z.int(),
  stages: z.array(z.object({ name: z.string(), timeoutMs: z.int(), uninterruptible: z.boolean() })),
  resources: TEXTS,
  arguments: z.record(z.string(), z.object({ values: TEXTS, default: z.string() })),
  repositories: TEXTS.describe('Whose pull requests may ask for it, as berth.yml names them.'),
}

const RECIPE = z.object(recipeShape).openapi('Recipe')

const PAST = z
  .object({
    id: z.string(),
    repository: z.string(),
    pr: z.int(),
    sha: z.string(),
    verdict: VERDICT,
    startedAtMs: MAYBE_AT_MS,
    concludedAtMs: MAYBE_AT_MS,
    tookMs: z.int().nullable().describe('Null = it never started.'),
  })
  .openapi('PastRun')

const HISTORY = z
  .object({
    outcomes: z.record(CONCLUSION, z.int()).describe('How many of these runs ended so.'),
    durations: z
      .object({ count: z.int(), shortestMs: z.int(), middleMs: z.int(), longestMs: z.int() })
      .nullable()
      .describe('Of those that ended by themselves, green or red; null = there is none.'),
    runs: z.array(PAST).describe('Newest first.'),
  })
  .openapi('History')

const RECIPES = z.object({ recipes: z.array(RECIPE) }).openapi('Recipes')
const RECIPE_IN_FULL = z.object({ ...recipeShape, history: HISTORY }).openapi('RecipeInFull')

const LIST = createRoute({
  method: 'get',
  path: '/recipes',
  summary: 'The recipes that are in force',
  responses: {
    200: { description: 'All of them', content: { 'application/json': { schema: RECIPES } } },
    ...PROBLEM_ANSWER,
  },
})

const ONE = createRoute({
  method: 'get',
  path: '/recipes/{name}',
  summary: 'One recipe with its history: how its last runs ended, and how long they took',
  request: {
    params: z.object({ name: z.string() }),
    query: z.strictObject({
      repository: z.string().optional(),
      limit: wholeNumber(1, MOST_HISTORY).default(DEFAULT_HISTORY),
    }),
  },
  responses: {
    200: { description: 'The recipe', content: { 'application/json': { schema: RECIPE_IN_FULL } } },
    ...PROBLEM_ANSWER,
  },
})

export function addRecipes(api: OpenAPIHono, world: WebWorld): void {
  api.openapi(LIST, (c) =>
    c.json(sent(RECIPES, { recipes: world.recipes().map((recipe) => toldOf(recipe, world)) }), 200),
  )

  api.openapi(ONE, async (c) => {
    const { name } = c.req.valid('param')
    const { repository, limit } = c.req.valid('query')
    const recipe = world.recipes().find((one) => one.name === name)
    if (recipe === undefined) {
      const names = world.recipes().map((one) => one.name)
      throw problem(c, 'no_such_recipe', `There is ${names.length === 0 ? 'none' : names.join(', ')}.`)
    }
    const filter = {
      recipe: name,
      state: 'concluded',
      ...(repository === undefined ? {} : { repository }),
    } as const
    const { runs } = await world.store.runPage(filter, null, limit)
    return c.json(sent(RECIPE_IN_FULL, { ...toldOf(recipe, world), history: historyOf(runs) }), 200)
  })
}

function toldOf(recipe: Recipe, { config }: WebWorld) {
  const enrolled = config().repositories.filter(({ recipes }) => recipes.includes(recipe.name))
  return { ...recipe, repositories: enrolled.map(({ pattern }) => pattern) }
}

function historyOf(runs: readonly RunRow[]) {
  const past = runs.map((run) => Object.assign({ tookMs: tookMs(run) }, run))
  const finished = past.flatMap((run) => (endedByItself(run) && run.tookMs !== null ? [run.tookMs] : []))
  const counts = CONCLUSIONS.map((conclusion) => [
    conclusion,
    runs.filter(({ verdict }) => verdict?.conclusion === conclusion).length,
  ])
  return { outcomes: Object.fromEntries(counts), durations: durationsOf(finished), runs: past }
}

function durationsOf(all: readonly number[]) {
  const middleMs = medianOf(all)
  if (middleMs === null) return null
  return { count: all.length, shortestMs: Math.min(...all), middleMs, longestMs: Math.max(...all) }
}

/** The wall clock may have been set back meanwhile. */
function tookMs({ startedAtMs, concludedAtMs }: RunRow): number | null {
  return startedAtMs === null || concludedAtMs === null ? null : Math.max(0, concludedAtMs - startedAtMs)
}

/** A red run that was kept for inspection lasted as long as somebody looked at it. */
function endedByItself({ verdict, keepMs }: RunRow): boolean {
  if (verdict?.reason === 'passed' || verdict?.reason === 'teardown_unverified') return true
  return verdict?.reason === 'stage_failed' && keepMs === 0
}
