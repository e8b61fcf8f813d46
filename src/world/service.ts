import { createHash } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Context } from '../cli/context.ts'
import { InputError, messageOf } from '../errors.ts'
import { gitHubFacts } from '../intake/github.ts'
import { Intake } from '../intake/intake.ts'
import { webhookDoor } from '../intake/webhook.ts'
import { lockStandOf, lookAtNames } from '../lock/look.ts'
import { createLog, type EventLog, observedLog } from '../log.ts'
import type { Config } from '../model/config.ts'
import type { Journal } from '../model/journal.ts'
import type { Decided, RunRow, Store } from '../model/ports.ts'
import type { LockStand } from '../model/proofLines.ts'
import type { Suppressed } from '../model/rateLimits.ts'
import type { Recipe } from '../model/recipe.ts'
import type { NewReport } from '../model/report.ts'
import type { Wait } from '../model/wait.ts'
import { byHandOn } from '../process/byHand.ts'
import { createMachine } from '../process/machine.ts'
import { forget } from '../queue/forget.ts'
import { startLoop } from '../queue/loop.ts'
import { startOrders } from '../queue/orders.ts'
import type { QueueWorld } from '../queue/ports.ts'
import { type Queue, startQueue } from '../queue/queue.ts'
import { type Waits, waitsOn } from '../queue/waits.ts'
import { loadRecipes } from '../recipes/load.ts'
import { checkReport, firstCheck } from '../report/checkRun.ts'
import { githubWriter } from '../report/github.ts'
import { startOutbox } from '../report/outbox.ts'
import { GITHUB_PACE, type Pace } from '../report/pace.ts'
import type { OutboxNote } from '../report/send.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import { annotationsOf } from '../store/annotations/file.ts'
import { tailOfFile, tellingLog } from '../store/logTail.ts'
import { hasRunFolder, runPaths, unreportedRuns } from '../store/runFolder.ts'
import { newRunId } from '../store/runId.ts'
import { openStore } from '../store/sqlite.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { createWeb } from '../web/app.ts'
import { createMetrics } from '../web/metrics.ts'
import { remembered } from '../web/remembered.ts'
import { stateReads } from '../web/stateReads.ts'
import { reportAlarm, startAlarming } from './alarms.ts'
import { startCeilings } from './ceilings.ts'
import type { Credentials } from './credentials.ts'
import { type GitHubApp, gitHubApp } from './github.ts'
import { closed, listen } from './listen.ts'
import { otherHolders } from './otherHolders.ts'
import { startReconcile } from './reconcile.ts'

const WEBHOOKS = '/api/github/webhooks'
const LOG_TAIL_BYTES = 48 * 1024
/** GitHub Enterprise Server has these limits only where its owner switches them on; then its answers say so. */
const OWN_SERVER_PACE: Pace = { burst: 1000, perHour: 100_000 }

/** Starts every part of the service; disposing ends them in order, and leaves the runs to themselves. */
export async function startService(context: Context, credentials: Credentials): Promise<AsyncDisposable> {
  await using undo = new AsyncDisposableStack()
  const store = await openStore(context.state.database, Date.now, ({ id, state, fault }) =>
    log.warn({ run: id, state, error: fault }, 'run.unreadable'),
  )
  undo.defer(() => store.close())
  const app = await gitHubApp(credentials)
  const { slots, limits } = context.config
  const reads = { ...stateReads(context.state), store, slots, limits, now: Date.now }
  const metrics = createMetrics(reads)
  const log = observedLog(createLog(credentials.logLevel), metrics)
  const waits = waitsOn({ ...reads, others: () => otherHolders(context.state) })
  const parts: ServiceParts = { context, credentials, log, store, app, recipes: recipesOf(context), waits }
  const outbox = undo.use(startOutboxOf(parts))
  const queue = undo.use(await startQueue(queueWorld(parts, outbox.wake)))
  undo.use(startForgetting(parts))
  undo.use(startCeilings({ state: context.state, store, log, alarms: webhookOf(parts) !== null }))
  const orders = undo.use(
    startOrders({ store, byHand: byHandOn(context.state), ended: outbox.wake, now: Date.now, log }),
  )
  const alarms = undo.use(startAlarming({ state: context.state, store, log, webhook: webhookOf(parts) }))
  const intake = undo.use(
    startIntakeOf(parts, ({ runs, stops, reports, orders: ordered }) => {
      if (reports.length > 0) outbox.wake()
      if (runs.length + stops.length > 0) queue.wake()
      if (ordered.length > 0) orders.wake()
    }),
  )
  undo.use(startReconcile(parts, { stored: () => intake.wake(), reportsChanged: outbox.wake }))
  const ready = readiness(app, store, () => faultsOf(queue, intake, outbox, orders, alarms))
  const web = createWeb({ ...reads, metrics, log, ready })
  undo.use(await listenForAll(parts, intake, web))
  log.info(
    {
      url: credentials.publicUrl,
      webhooks: WEBHOOKS,
      stateDir: context.state.root,
      recipes: [...parts.recipes.keys()],
    },
    'service.ready',
  )
  return undo.move()
}

const FORGET_EVERY_MS = 3_600_000
const DAY_MS = 24 * FORGET_EVERY_MS

/** Payloads and runs are kept to explain what was decided; ids of deliveries for ever, so that none is decided twice. */
function startForgetting({ context, store, log }: ServiceParts): AsyncDisposable {
  const keptMs = context.config.retention.days * DAY_MS
  const hasFolder = (id: string) => hasRunFolder(runPaths(context.state, id))
  const loop = startLoop('retention', FORGET_EVERY_MS, log, () =>
    forget({ store, hasFolder }, Date.now() - keptMs),
  )
  return { [Symbol.asyncDispose]: loop.close }
}

/** The webhooks' door first; the pages answer every other path. */
async function listenForAll(
  { credentials, store, app, log }: ServiceParts,
  intake: Intake,
  web: Hono,
): Promise<AsyncDisposable> {
  const door = webhookDoor({
    path: WEBHOOKS,
    store,
    verify: app.verify,
    stored: () => intake.wake(),
    now: Date.now,
    log,
  })
  const pages = getRequestListener(web.fetch)
  const server = await listen(credentials, (request, response) => {
    void door(request, response).then((taken) => (taken ? null : pages(request, response)))
  })
  return { [Symbol.asyncDispose]: () => closed(server) }
}

interface ServiceParts {
  readonly context: Context
  readonly credentials: Credentials
  readonly log: EventLog
  readonly store: Store
  readonly app: GitHubApp
  readonly recipes: ReadonlyMap<string, Recipe>
  readonly waits: Waits
}

/** Read once: a recipe that changes under a running service would be another one than was checked. */
function recipesOf({ config }: Context): ReadonlyMap<string, Recipe> {
  const { recipes, faults } = loadRecipes(config.recipesDir, config.budgets, config.runAs.length > 0)
  if (faults.length > 0) throw new InputError('berth serve cannot start; recipes have faults', faults)
  return new Map(recipes.map((recipe) => [recipe.name, recipe]))
}

function webhookOf({ context }: Pick<ServiceParts, 'context'>): string | null {
  return context.config.notify.webhook
}

function startOutboxOf(parts: ServiceParts) {
  const { credentials, store, app, log } = parts
  const github = githubWriter({ octokitFor: app.clientFor, appId: credentials.appId, time: SYSTEM_TIME })
  return startOutbox({
    store,
    github,
    time: SYSTEM_TIME,
    pace: credentials.apiUrl === null ? GITHUB_PACE : OWN_SERVER_PACE,
    page: (run) => pageOf(credentials, run),
    note: (note) => noteOutbox(log, note),
    alarm: (report, error, atMs) => (webhookOf(parts) === null ? null : reportAlarm(report, error, atMs)),
  })
}

function noteOutbox(log: EventLog, note: OutboxNote): void {
  const { event, ...rest } = note
  const { report, ...data } = 'report' in rest ? rest : { ...rest, report: null }
  const about = report === null ? {} : aboutReport(report)
  if (event === 'report.sent') log.info({ ...about, ...data }, event)
  else log.warn({ ...about, ...data }, event)
}

/** Parts that fail pass after pass would otherwise be seen in the log only. */
function faultsOf(queue: Queue, ...parts: readonly { fault(): string | null }[]): readonly string[] {
  return [...queue.faults(), ...parts.map((part) => part.fault()).filter((fault) => fault !== null)]
}

/** GitHub's answer is remembered for a while: whoever watches asks often. */
const REMEMBERED_MS = 60_000

function readiness(
  app: GitHubApp,
  store: Store,
  faults: () => readonly string[],
): () => Promise<readonly string[]> {
  const answer = remembered(app.fault, REMEMBERED_MS, performance.now.bind(performance))
  return async () => {
    const records = await store.live().then(
      () => null,
      (error: unknown) => `the records cannot be read: ${messageOf(error)}`,
    )
    // One page of many: what needs it fails, and whoever looks here reads others.
    return [records ?? store.damage(), ...faults(), await answer()].filter((reason) => reason !== null)
  }
}

function aboutReport({ key, kind, terminal, runId, repository, pr }: NewReport) {
  return { key, kind, terminal, run: runId, repository, pr }
}

function queueWorld(parts: ServiceParts, reportsChanged: () => void): QueueWorld {
  const { context, store, log, app, recipes } = parts
  const { config, state } = context
  return {
    store,
    log,
    slots: config.slots,
    suppressed: () => suppressedNow(store, config),
    now: Date.now,
    reportsChanged,
    unreported: () => unreportedRuns(state),
    waits: parts.waits,
    checkReport: (row, journal, wait) => checkOf(parts, row, journal, wait),
    machine: createMachine({
      state,
      config,
      recipe: (name) => recipes.get(name) ?? null,
      cloneToken: app.cloneToken,
    }),
  }
}

async function suppressedNow(
  store: Store,
  { limits: { crashesInARow, crashPauseMs } }: Config,
): Promise<readonly Suppressed[]> {
  const loops = await store.crashLoops(crashesInARow, Date.now() - crashPauseMs)
  return loops.map((loop) => Object.assign({ untilMs: loop.lastAtMs + crashPauseMs }, loop))
}

function checkOf(
  { context, credentials }: ServiceParts,
  row: RunRow,
  journal: Journal,
  wait: Wait | null,
): NewReport {
  const over = row.state === 'concluded'
  const run = runPaths(context.state, row.id)
  const logTail = over ? tailOfFile(tellingLog(run, journal), LOG_TAIL_BYTES) : ''
  return checkReport(row, journal, {
    wait,
    nowMs: Date.now(),
    locks: over && journal.processes > 0 ? locksOf(context.state, row, journal) : null,
    annotations: over ? annotationsOf(run) : null,
    logTail,
    detailsUrl: pageOf(credentials, row.id),
  })
}

function locksOf(state: StatePaths, { id, names }: RunRow, journal: Journal): LockStand {
  return lockStandOf(lookAtNames(state), id, names, journal)
}

function pageOf({ publicUrl }: Credentials, run: string): string {
  return `${publicUrl}/runs/${run}`
}

function startIntakeOf(
  { context, credentials, log, store, app, recipes, waits }: ServiceParts,
  decided: (decided: Decided) => void,
): Intake {
  const world = {
    store,
    github: gitHubFacts({ octokitFor: app.clientFor, time: SYSTEM_TIME, store }),
    config: context.config,
    recipes: [...recipes.values()],
    hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    firstCheck: (run: Parameters<typeof firstCheck>[0]) => firstCheck(run, pageOf(credentials, run.id)),
    runPage: (run: string) => pageOf(credentials, run),
    waitOf: waits.of,
    reasons: `${credentials.publicUrl}/reasons`,
    newRunId,
    time: SYSTEM_TIME,
  }
  return new Intake({ world, log, decided })
}
