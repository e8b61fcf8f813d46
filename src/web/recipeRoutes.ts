import type { Context, Hono } from 'hono'
import type { Viewer } from './pages/acts.ts'
import { missingPage } from './pages/faults.ts'
import { layout } from './pages/layout.ts'
import { type RecipeLine, recipePage, recipesPage } from './pages/recipes.ts'
import type { WebWorld } from './ports.ts'
import { recipeHistory } from './recipeHistory.ts'

/** Runs that a list of recipes looks at, for each. */
const GLANCE = 20
const SHOWN = 100

/** The recipes, and the history of each. */
export function addRecipePages(
  app: Hono,
  world: WebWorld,
  viewerOf: (c: Context) => Promise<Viewer | null>,
): void {
  app.get('/recipes', async (c) => {
    const body = recipesPage(await linesOf(world))
    const viewer = await viewerOf(c)
    return c.html(
      layout({ title: 'berth: recipes', live: false, body, viewer, path: '/recipes', styles: STYLES }),
    )
  })

  app.get('/recipes/:name', async (c) => {
    const name = c.req.param('name')
    const repository = c.req.query('repository')
    const recipe = world.recipes().find((one) => one.name === name) ?? null
    const history = await recipeHistory(world, name, repository, SHOWN)
    if (recipe === null && history.runs.length === 0)
      return c.html(
        layout({ title: 'berth: no such recipe', live: false, body: missingPage('There is no such recipe') }),
        404,
      )
    const body = recipePage({ name, recipe, repository: repository ?? null, history, nowMs: world.now() })
    return c.html(
      layout({ title: `${name}: history`, live: false, body, viewer: await viewerOf(c), styles: STYLES }),
    )
  })
}

const STYLES = ['run.css']

async function linesOf(world: WebWorld): Promise<readonly RecipeLine[]> {
  const lines: RecipeLine[] = []
  for (const recipe of world.recipes()) {
    const enrolled = world.config().repositories.filter(({ recipes }) => recipes.includes(recipe.name))
    const history = await recipeHistory(world, recipe.name, undefined, GLANCE)
    lines.push({ recipe, repositories: enrolled.map(({ pattern }) => pattern), history })
  }
  return lines
}
