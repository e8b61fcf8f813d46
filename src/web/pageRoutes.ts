import type { Hono } from 'hono'
import { personWords } from '../model/access.ts'
import { isOver } from '../model/run.ts'
import { isRunId } from '../store/runId.ts'
import type { OpenSession, Sessions } from './access/sessions.ts'
import { logPanes } from './logPane.ts'
import type { Viewer } from './pages/acts.ts'
import { missingPage } from './pages/faults.ts'
import { layout } from './pages/layout.ts'
import { mainLog } from './pages/log.ts'
import { runPage, runTitle } from './pages/run.ts'
import type { WebWorld } from './ports.ts'
import { addRecipePages } from './recipeRoutes.ts'
import { shownState, viewOfRun } from './runView.ts'

/** Pages of single runs: read without a script, kept fresh with one. */
export function addPages(app: Hono, world: WebWorld, sessions: Sessions): void {
  const paneOf = logPanes(world.readLog)

  app.get('/runs/:id', async (c) => {
    const id = c.req.param('id')
    const run = isRunId(id) ? await viewOfRun(world, id) : null
    if (run === null)
      return c.html(
        layout({ title: 'berth: no such run', live: false, body: missingPage('There is no such run') }),
        404,
      )
    const { log: wanted, line, from, find } = c.req.query()
    const again = c.req.header('berth-refresh') !== undefined
    const log = await paneOf(run, wanted ?? mainLog(run), { line, from, find, again })
    if (log === null && wanted !== undefined) return c.notFound()
    const title = `${run.verdict?.conclusion ?? shownState(run).replaceAll('_', ' ')}: ${runTitle(run)}`
    const viewer = viewerOf(await sessions.of(c))
    const wait = run.state === 'queued' ? await world.waits.of(id) : null
    const body = runPage({ run, wait, log, viewer, nowMs: world.now() })
    const live = !isOver(run.state) || !run.cleaned
    return c.html(layout({ title, live, body, viewer, styles: ['run.css'] }))
  })

  addRecipePages(app, world, async (c) => viewerOf(await sessions.of(c)))
}

/** Who looks at a page, by their session. */
export function viewerOf(session: OpenSession | null): Viewer | null {
  if (session === null) return null
  const { person, csrf, mayAct } = session
  return { who: personWords(person), csrf, mayAct, isOperator: person.kind === 'token' }
}
