import { createHash } from 'node:crypto'
import { getRequestListener } from '@hono/node-server'
import type { Hono } from 'hono'
import type { ServiceContext } from '../cli/context.ts'
import type { HangUps } from '../cli/hangUps.ts'
import { messageOf } from '../errors.ts'
import { repositoryOfRun } from '../intake/decideAction.ts'
import type { Actor } from '../intake/event.ts'
import { gitHubFacts } from '../intake/github.ts'
import { Intake } from '../intake/intake.ts'
import { webhookDoor } from '../intake/webhook.ts'
import type { Config } from '../model/config.ts'
import { isOff, type Mechanism } from '../model/mechanisms.ts'
import type { Decided, RunRow, Store } from '../model/ports.ts'
import { holdingAt, type Suppressed } from '../model/rateLimits.ts'
import type { NoteTakeOver } from '../model/takeOver.ts'
import { byHandOn } from '../process/byHand.ts'
import { createMachine } from '../process/machine.ts'
import { startOrders } from '../queue/orders.ts'
import type { QueueWorld } from '../queue/ports.ts'
import { type Queue, startQueue } from '../queue/queue.ts'
import { waitsOn } from '../queue/waits.ts'
import { firstCheck } from '../report/checkRun.ts'
import { githubWriter } from '../report/github.ts'
import { startOutbox } from '../report/outbox.ts'
import { GITHUB_PACE, type Pace } from '../report/pace.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import { unreportedRuns } from '../store/runFolder.ts'
import { newRunId } from '../store/runId.ts'
import { openStore } from '../store/sqlite.ts'
import { createWeb } from '../web/app.ts'
import { LOOK_EVERY_MS, remembered } from '../web/remembered.ts'
import { stateReads } from '../web/stateReads.ts'
import { actingOf } from './acting.ts'
import { reportAlarm, startAlarming } from './alarms.ts'
import { startCeilings } from './ceilings.ts'
import { checkOf } from './checks.ts'
import type { Credentials } from './credentials.ts'
import { startForgetting } from './forgetting.ts'
import { type GitHubApp, gitHubApp } from './github.ts'
import { closed, listen } from './listen.ts'
import { noteOutbox } from './noteOutbox.ts'
import { startObserving } from './observing.ts'
import { otherHolders } from './otherHolders.ts'
import { startReconcile } from './reconcile.ts'
import { reloadingOf } from './reloading.ts'
import { gitHubSignIn } from './signIn.ts'
import { noteTakeOvers } from './takeOvers.ts'

const WEBHOOKS = '/api/github/webhooks'
/** GitHub Enterprise Server has these limits only where its owner switches them on; then its answers say so. */
const OWN_SERVER_PACE: Pace = { burst: 1000, perHour: 100_000 }

/** Starts every part of the service; disposing ends them in order, and leaves the runs to themselves. */
export async function startService(
  context: ServiceContext,
  credentials: Credentials,
  hangUps: HangUps,
): Promise<AsyncDisposable> {
  await using undo = new AsyncDisposableStack()
  const parts = await makeParts(context, credentials, undo)
  const { state, store, app, log, reads } = parts
  const outbox = undo.use(startOutboxOf(parts))
  const note = noteTakeOvers(parts)
  // Before any new work is taken: who is past the ceiling is ended first, and what nobody has is taken over.
  const ceilings = undo.use(startCeilings(parts))
  const queue = undo.use(await startQueue(queueWorld(parts, outbox.wake, note), note))
  const forgetting = undo.use(startForgetting(parts))
  const byHand = { byHand: byHandOn(state, note), isOff: () => parts.isOff('orders') }
  const orders = undo.use(startOrders({ store, ...byHand, ended: outbox.wake, now: Date.now, log }))
  const alarms = undo.use(startAlarming(parts))
  const stored = () => intake.wake()
  const acting = actingOf({ store, stored, isOff: () => parts.isOff('intake') })
  const intake: Intake = undo.use(
    startIntakeOf(parts, ({ deliveryId, runs, stops, reports, orders: ordered }) => {
      acting.decided(deliveryId)
      if (reports.length > 0) outbox.wake()
      if (runs.length + stops.length > 0) queue.wake()
      if (ordered.length > 0) orders.wake()
    }),
  )
  const heard = { stored, reportsChanged: outbox.wake }
  const reconcile = undo.use(startReconcile(parts, heard))
  const ready = readiness(app, store, () => faultsOf(queue, intake, outbox, orders, alarms))
  const recipes = () => parts.inForce().recipes
  const { waits, metrics } = parts
  const web = createWeb({ ...reads, recipes, waits, act: acting.act, ...pagesOf(parts), metrics, log, ready })
  undo.use(await listenForAll(parts, intake, web))
  tellReady(parts)
  const others = [outbox, forgetting, ceilings, orders, alarms, intake, reconcile]
  hangUps.tell(() => {
    if (!parts.reload()) return
    parts.waits.moved()
    queue.lookAgain()
    for (const part of others) part.wake()
  })
  undo.defer(() => hangUps.tell(() => undefined))
  return undo.move()
}

/** What all of the service shares. */
async function makeParts(
  { state, first, reread }: ServiceContext,
  credentials: Credentials,
  undo: AsyncDisposableStack,
) {
  const store = await openStore(state.database, Date.now, ({ id, state: stands, fault }) =>
    log.warn({ run: id, state: stands, error: fault }, 'run.unreadable'),
  )
  undo.defer(() => store.close())
  const app = await gitHubApp(credentials)
  const github = gitHubFacts({ octokitFor: app.clientFor, time: SYSTEM_TIME, store })
  const { inForce, refused, reload } = reloadingOf({ first, reread, log: () => log, now: Date.now })
  const config = () => inForce().config
  const isSwitchedOff = (mechanism: Mechanism) => isOff(config(), mechanism)
  const reads = { ...stateReads(state), store, config, refused, now: Date.now }
  const page = pageOf.bind(null, credentials)
  const { log, metrics } = undo.use(await startObserving(first.config, credentials, { ...reads, page }))
  // Nobody can say when a run starts that is not going to be started.
  const slots = () => (isSwitchedOff('dispatch') ? 0 : config().slots)
  // Each comment asks, and a look goes through all processes of the machine.
  const others = remembered(() => otherHolders(state), LOOK_EVERY_MS, performance.now.bind(performance))
  const waits = waitsOn({ ...reads, slots, others })
  /** What is in force now is asked for anew for each piece of work, and once for all of it. */
  const standing = { inForce, config, isOff: isSwitchedOff, reload }
  return { ...standing, state, credentials, store, app, github, log, metrics, reads, waits }
}

type ServiceParts = Awaited<ReturnType<typeof makeParts>>

function tellReady({ credentials, state, inForce, log }: ServiceParts): void {
  const { config, recipes } = inForce()
  const where = { url: credentials.publicUrl, webhooks: WEBHOOKS, stateDir: state.root }
  const what = { recipes: recipes.map(({ name }) => name), switchedOff: config.switchedOff }
  log.info({ ...where, ...what }, 'service.ready')
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

function startOutboxOf(parts: ServiceParts) {
  const { inForce, isOff: isSwitchedOff, credentials, store, app, log } = parts
  const github = githubWriter({ octokitFor: app.clientFor, appId: credentials.appId, time: SYSTEM_TIME })
  return startOutbox({
    store,
    github,
    time: SYSTEM_TIME,
    pace: credentials.apiUrl === null ? GITHUB_PACE : OWN_SERVER_PACE,
    page: (run) => pageOf(credentials, run),
    note: (note) => noteOutbox(log, note),
    isOff: () => isSwitchedOff('outbox'),
    alarm: (report, error, atMs) =>
      inForce().config.notify.webhook === null ? null : reportAlarm(report, error, atMs),
  })
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

function queueWorld(parts: ServiceParts, reportsChanged: () => void, note: NoteTakeOver): QueueWorld {
  const { state, inForce, store, log, app } = parts
  const checks = { state, log, pageOf: (run: string) => pageOf(parts.credentials, run) }
  return {
    store,
    log,
    slots: () => inForce().config.slots,
    isOff: parts.isOff,
    suppressed: () => suppressedNow(store, inForce().config),
    now: Date.now,
    reportsChanged,
    unreported: () => unreportedRuns(state),
    waits: parts.waits,
    checkReport: (row, journal, wait) => checkOf(checks, row, journal, wait),
    machine: createMachine({ state, inForce, cloneToken: app.cloneToken, note }),
  }
}

async function suppressedNow(
  store: Store,
  { limits: { crashesInARow, crashPauseMs } }: Config,
): Promise<readonly Suppressed[]> {
  const nowMs = Date.now()
  return holdingAt(await store.crashLoops(crashesInARow, nowMs - crashPauseMs), crashPauseMs, nowMs)
}

/** What only the pages need. */
function pagesOf({ credentials, store, config, github }: ServiceParts) {
  const permissionOf = (run: RunRow, person: Actor) => github.permissionOf(repositoryOfRun(run), person)
  const signIn = gitHubSignIn({ credentials, store, config, permissionOf })
  return { publicUrl: credentials.publicUrl, gitHubSignIn: signIn }
}

function pageOf({ publicUrl }: Credentials, run: string): string {
  return `${publicUrl}/runs/${run}`
}

function startIntakeOf(
  { inForce, isOff: isSwitchedOff, credentials, log, store, github, waits }: ServiceParts,
  decided: (decided: Decided) => void,
): Intake {
  const world = () => ({
    ...inForce(),
    store,
    github,
    hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    firstCheck: (run: Parameters<typeof firstCheck>[0]) => firstCheck(run, pageOf(credentials, run.id)),
    runPage: (run: string) => pageOf(credentials, run),
    waitOf: waits.of,
    reasons: `${credentials.publicUrl}/reasons`,
    newRunId,
    time: SYSTEM_TIME,
  })
  return new Intake({ world, log, decided, isOff: () => isSwitchedOff('intake') })
}
