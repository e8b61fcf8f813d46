import type { Hono } from 'hono'
import { isOver } from '../model/run.ts'
import { isRunId } from '../store/runId.ts'
import type { Sessions } from './access/sessions.ts'
import { courseOf } from './course.ts'
import { byUrgency, laneMatches, MOST_SHOWN, runMatches } from './filter.ts'
import { isIdle, lanesOf } from './lanes.ts'
import { limitsLook } from './limits.ts'
import { viewerOf } from './pageRoutes.ts'
import { nameActs } from './pages/acts.ts'
import { html } from './pages/html.ts'
import type { Abouts } from './pages/lanes.ts'
import { layout } from './pages/layout.ts'
import { limitsPage } from './pages/limits.ts'
import { type Overview, overviewPage } from './pages/overview.ts'
import { reasonsPage } from './pages/reasons.ts'
import { sweepsPage } from './pages/sweeps.ts'
import type { WebWorld } from './ports.ts'
import { deadRows } from './runView.ts'
import { sweepsOf } from './sweeps.ts'

const NEWEST_RUNS = 100
const SHOWN_CONCLUDED = 20
const SHOWN_FAILED = 10
const MOST_QUERY = 200

/** Pages of the whole service: read without a script, kept fresh with one. */
export function addOverview(app: Hono, world: WebWorld, sessions: Sessions): void {
  app.get('/', async (c) => {
    const viewer = viewerOf(await sessions.of(c))
    const asked = { query: (c.req.query('q') ?? '').slice(0, MOST_QUERY), all: c.req.query('all') === 'yes' }
    const body = html`${overviewPage(await overviewOf(world, asked))}${nameActs(viewer)}`
    return c.html(
      layout({ title: 'berth: overview', live: true, body, viewer, path: '/', styles: ['overview.css'] }),
    )
  })

  app.get('/sweeps', (c) => {
    const body = sweepsPage(sweepsOf(world), world.now())
    return c.html(layout({ title: 'berth: sweeps', live: true, body, path: '/sweeps' }))
  })

  app.get('/limits', async (c) => {
    const { slots, switchedOff } = world.config()
    const view = {
      limits: await limitsLook(world),
      slots,
      switchedOff,
      refused: world.refused(),
      nowMs: world.now(),
    }
    return c.html(
      layout({ title: 'berth: limits and switches', live: true, body: limitsPage(view), path: '/limits' }),
    )
  })

  app.get('/reasons', (c) =>
    c.html(layout({ title: 'berth: reasons', live: false, body: reasonsPage(), path: '/reasons' })),
  )
}

async function overviewOf(world: WebWorld, asked: Overview['asked']): Promise<Overview> {
  const { store } = world
  const nowMs = world.now()
  const { slots, switchedOff } = world.config()
  const [queued, live, newest] = [
    await store.queued(),
    await store.live(),
    await store.runs({ limit: NEWEST_RUNS }),
  ]
  const waits = queued.length === 0 ? new Map() : await world.waits.all()
  const concluded = newest.filter(({ state }) => isOver(state))
  const rows = new Map([...queued, ...live].map((row) => [row.id, row]))
  const all = lanesOf(world.names(), queued)
  const holders = all.flatMap(({ run }) => (run === null || rows.has(run) ? [] : [run]))
  const abouts: Abouts = new Map([...rows, ...aboutsOf(world, holders)])
  const found = byUrgency(all.filter(laneMatches(asked.query, abouts)))
  const used = found.filter((lane) => !isIdle(lane))
  const shown = [...(asked.all ? used : used.slice(0, MOST_SHOWN)), ...found.filter(isIdle)]
  const isFound = runMatches(asked.query)
  return {
    asked,
    inUse: { all: all.filter((lane) => !isIdle(lane)).length, found: used.length },
    lanes: shown,
    abouts,
    waits,
    course: courseOf({ lanes: shown.filter((lane) => !isIdle(lane)), concluded, waits, nowMs }),
    queued: queued.map((row, index) => ({ row, place: index + 1 })).filter(({ row }) => isFound(row)),
    queueLength: queued.length,
    live: live.filter(isFound),
    liveCount: live.length,
    dead: deadRows(world, live),
    concluded: concluded.filter(isFound).slice(0, SHOWN_CONCLUDED),
    failedReports: await store.failedReports(SHOWN_FAILED),
    broken: await store.broken(),
    limits: await limitsLook(world),
    lastSweep: sweepsOf(world)[0] ?? null,
    slots,
    switchedOff,
    refused: world.refused(),
    nowMs,
  }
}

/** Runs in the foreground, and those that left a name uncleaned, are known by their folders only. */
function aboutsOf(world: WebWorld, runs: readonly string[]): Abouts {
  const abouts = runs.filter(isRunId).map((id) => [id, world.runLook(id)?.request ?? null] as const)
  return new Map(abouts.flatMap(([id, about]) => (about === null ? [] : [[id, about] as const])))
}
