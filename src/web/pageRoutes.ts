import type { Hono } from 'hono'
import { personWords } from '../model/access.ts'
import { isOver } from '../model/run.ts'
import { isRunId } from '../store/runId.ts'
import type { OpenSession, Sessions } from './access/sessions.ts'
import { lanesOf } from './lanes.ts'
import { limitsLook } from './limits.ts'
import { logPanes } from './logPane.ts'
import { nameActs, type Viewer } from './pages/acts.ts'
import { missingPage } from './pages/faults.ts'
import { html } from './pages/html.ts'
import type { Abouts } from './pages/lanes.ts'
import { layout } from './pages/layout.ts'
import { mainLog } from './pages/log.ts'
import { type Overview, overviewPage } from './pages/overview.ts'
import { reasonsPage } from './pages/reasons.ts'
import { runPage, runTitle } from './pages/run.ts'
import type { WebWorld } from './ports.ts'
import { addRecipePages } from './recipeRoutes.ts'
import { deadRows, shownState, viewOfRun } from './runView.ts'

const NEWEST_RUNS = 100
const SHOWN_CONCLUDED = 20
const SHOWN_FAILED = 10

/** The pages for people: read without a script, kept fresh with one. */
export function addPages(app: Hono, world: WebWorld, sessions: Sessions): void {
  const paneOf = logPanes(world.readLog)

  app.get('/', async (c) => {
    const viewer = viewerOf(await sessions.of(c))
    const body = html`${overviewPage(await overviewOf(world))}${nameActs(viewer)}`
    return c.html(layout({ title: 'berth: overview', live: true, body, viewer }))
  })

  app.get('/reasons', (c) => c.html(layout({ title: 'berth: reasons', live: false, body: reasonsPage() })))

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

function viewerOf(session: OpenSession | null): Viewer | null {
  if (session === null) return null
  const { person, csrf, mayAct } = session
  return { who: personWords(person), csrf, mayAct, isOperator: person.kind === 'token' }
}

async function overviewOf(world: WebWorld): Promise<Overview> {
  const { store } = world
  const { slots, switchedOff } = world.config()
  const [queued, live, newest] = [
    await store.queued(),
    await store.live(),
    await store.runs({ limit: NEWEST_RUNS }),
  ]
  const lanes = lanesOf(world.names(), queued)
  const known = new Map([...queued, ...live].map((row) => [row.id, row]))
  const holders = lanes.flatMap(({ run }) => (run === null || known.has(run) ? [] : [run]))
  return {
    lanes,
    abouts: new Map([...known, ...aboutsOf(world, holders)]),
    queued,
    live,
    dead: deadRows(world, live),
    concluded: newest.filter(({ state }) => isOver(state)).slice(0, SHOWN_CONCLUDED),
    failedReports: await store.failedReports(SHOWN_FAILED),
    broken: await store.broken(),
    limits: await limitsLook(world),
    slots,
    switchedOff,
    refused: world.refused(),
    nowMs: world.now(),
  }
}

/** Runs in the foreground, and those that left a name uncleaned, are known by their folders only. */
function aboutsOf(world: WebWorld, runs: readonly string[]): Abouts {
  const abouts = runs.filter(isRunId).map((id) => [id, world.runLook(id)?.request ?? null] as const)
  return new Map(abouts.flatMap(([id, about]) => (about === null ? [] : [[id, about] as const])))
}
