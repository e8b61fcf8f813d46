import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { DRIVERS, type Recipe } from '../../model/recipe.ts'
import { OUTCOMES } from '../../model/run.ts'
import type { WebWorld } from '../ports.ts'
import { recipeHistory } from '../recipeHistory.ts'
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

const DURATIONS = z
  .object({
    count: z.int(),
    shortestMs: z.int(),
    middleMs: z.int(),
    p95Ms: z.int().describe('95 of 100 took no longer.'),
    longestMs: z.int(),
  })
  .openapi('Durations')

const FLAKINESS = z.object({ tried: z.int(), flaky: z.int() }).openapi('Flakiness', {
  description:
    'Of the commits that were tried at least twice with the same arguments, those that both passed and failed.',
})

const PAST_STAGE = z
  .object({ name: z.string(), outcome: z.enum(OUTCOMES), tookMs: z.int() })
  .openapi('PastStage')

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
    stages: z
      .array(PAST_STAGE)
      .nullable()
      .describe('Those that ended, and the teardown; null = not known: an older berth has concluded it.'),
  })
  .openapi('PastRun')

const STAGE_HISTORY = z
  .object({
    name: z.string(),
    durations: DURATIONS,
    outcomes: z.record(z.enum(OUTCOMES), z.int()),
    flakiness: FLAKINESS,
  })
  .openapi('StageHistory')

const HISTORY = z
  .object({
    outcomes: z.record(CONCLUSION, z.int()).describe('How many of these runs ended so.'),
    durations: DURATIONS.nullable().describe(
      'Of those that ended by themselves, green or red; null = there is none.',
    ),
    flakiness: FLAKINESS,
    stages: z.array(STAGE_HISTORY).describe('Slowest first, by the middle one.'),
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
    const history = await recipeHistory(world, name, repository, limit)
    return c.json(sent(RECIPE_IN_FULL, { ...toldOf(recipe, world), history }), 200)
  })
}

function toldOf(recipe: Recipe, { config }: WebWorld) {
  const enrolled = config().repositories.filter(({ recipes }) => recipes.includes(recipe.name))
  return { ...recipe, repositories: enrolled.map(({ pattern }) => pattern) }
}
