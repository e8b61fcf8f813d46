import { constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { composeDriver } from '../drivers/compose.ts'
import { processDriver } from '../drivers/process.ts'
import type { StackParts } from '../drivers/stack/stage.ts'
import { swarmDriver } from '../drivers/swarm.ts'
import { EXIT, messageOf } from '../errors.ts'
import { inheritedLocks, lostLock, takenNames } from '../lock/inherited.ts'
import type { Held } from '../lock/nameLocks.ts'
import { release } from '../lock/release.ts'
import { becomeSubreaper, exitAtOnce, makePipe, redirectOutput } from '../lock/syscalls.ts'
import type { Journal } from '../model/journal.ts'
import { isLimited } from '../model/limits.ts'
import type { Name } from '../model/names.ts'
import type { DriverName } from '../model/recipe.ts'
import { deploysRelease } from '../model/recipe.ts'
import { userName } from '../model/request.ts'
import type { RunRequest } from '../model/run.ts'
import { hasSecrets } from '../model/secrets.ts'
import { createContainment, type Whose } from '../process/containment.ts'
import type { Limiter } from '../process/limits.ts'
import { bootId, statOf } from '../process/procfs.ts'
import { openAsConductor } from '../process/runLock.ts'
import type { StackSecrets } from '../secrets/generated.ts'
import { NO_SECRETS } from '../secrets/none.ts'
import type { RunSecrets } from '../secrets/runSecrets.ts'
import { mayHaveAnnotations } from '../store/annotations/traces.ts'
import { openedFile, removeIfThere } from '../store/durable.ts'
import type { JournalFile } from '../store/journalFile.ts'
import { writeResult } from '../store/result.ts'
import {
  hasRunFolder,
  noteStop,
  type RunPaths,
  readRequest,
  readSignals,
  readStop,
  runPathsOf,
} from '../store/runFolder.ts'
import { type RunRecord, runRecord } from '../store/runRecord.ts'
import { type StatePaths, statePaths } from '../store/stateFolder.ts'
import { conduct } from './conduct.ts'
import { type Control, openControl } from './control.ts'
import { type Orders, readOrders } from './orders.ts'
import type { Driver } from './ports.ts'
import { hearSignals } from './signals.ts'
import { Stop } from './stop.ts'

/** Processes that may die over what the stages say of files; the next one concludes without. */
const MOST_TRIES = 2

type MakeDriver = (parts: StackParts) => Driver & Disposable
const DRIVERS: { readonly [D in DriverName]: MakeDriver } = {
  process: processDriver,
  compose: composeDriver,
  swarm: swarmDriver,
}

const signals = hearSignals()
exitAtOnce(await main(readOrders(process.argv.slice(2))))

/** The run process: conducts the run of the folder, holding the locks that it was given. 0 = done; 75 = another one conducts it. */
async function main(orders: Orders): Promise<number> {
  const run = runPathsOf(orders.folder)
  const control = openControl(orders.control)
  if (orders.warm && !(await isTold(control, run))) return EXIT.busy
  // Started again before its `go`: there is no run, and its locks may not be touched.
  if (!hasRunFolder(run)) return EXIT.busy
  const held = inheritedLocks(orders.names)
  const file = await openAsConductor(run)
  if (file === null) return EXIT.busy
  const process_ = {
    run,
    held,
    file,
    orders,
    control,
    request: readRequest(run),
    state: statePaths(dirname(dirname(run.folder))),
  }
  return work(process_)
}

interface RunProcess {
  readonly run: RunPaths
  readonly held: Held
  readonly file: JournalFile
  readonly orders: Orders
  readonly control: Control
  readonly request: RunRequest
  readonly state: StatePaths
}

/** A warm process waits until its locks are its own. It loads meanwhile what its first step needs. */
async function isTold(control: Control, run: RunPaths): Promise<boolean> {
  void import('../process/checkout.ts')
  if (!(await control.hasGo())) return false
  using log = openedFile(run.wrapperLog, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND)
  redirectOutput(log.value)
  return true
}

async function work(own: RunProcess): Promise<number> {
  const { run, held, request, state, control } = own
  const record = runRecord(own.file, run)
  const wasConcluded = record.journal.verdict !== null
  const stop = begin(own, record)
  if (request.foreground) control.onEnd(() => stop.request('caller_gone', 'the end of the control pipe'))
  const taken = takenNames(state, run.id, missingNames(own))
  const containment = await createContainment(run.id, whose(own, taken))
  const limiter = await limiterOf(request)
  const secrets = await secretsOf(own)
  if (record.journal.processes > 1) secrets.learn()
  using driver = DRIVERS[request.driver]({ request, run, containment, makePipe, limiter, secrets })
  await conduct({
    request,
    record,
    stop,
    driver,
    async prepare(signal) {
      using _readied = containment.readied()
      const { checkOut } = await import('../process/checkout.ts')
      const wish = { request, run, mirrors: state.mirrors, cloneToken: await control.cloneToken, signal }
      const checkedOut = checkOut(wish)
      driver.load?.()
      await checkedOut
      if (deploysRelease(request.stages)) {
        const { checkOutRelease } = await import('../drivers/stack/releasedCheckout.ts')
        await checkOutRelease(wish)
      }
      secrets.place()
      await driver.prepare?.(signal)
    },
    lostLock: () => taken[0] ?? lostLock(state, held),
    pause: (ms, signal) => pause(ms, undefined, { signal }).catch(() => undefined),
  })
  if (!wasConcluded || record.journal.processes <= MOST_TRIES)
    await noteAnnotations(run, record.journal, secrets)
  removeIfThere(run.reserve)
  writeResult(run, request, record.journal)
  if (!record.complete) return EXIT.harness
  release(state, run.id, request.names, held, record.journal)
  return EXIT.ok
}

/** Before the reserve is given up: what the result needs of a full disk is still there. Nothing that a stage wrote may keep a run from its end. */
async function noteAnnotations(run: RunPaths, journal: Journal, secrets: RunSecrets): Promise<void> {
  try {
    if (existsSync(run.result) || !mayHaveAnnotations(run, journal)) return
    const { collectAnnotations, UNREAD } = await import('../store/annotations/collect.ts')
    const { writeAnnotations } = await import('../store/annotations/file.ts')
    const { text: hide } = secrets.mask
    writeAnnotations(run, secrets.knowsAll() ? await collectAnnotations(run, journal, hide) : UNREAD)
  } catch (error) {
    process.stderr.write(`annotations: ${messageOf(error)}\n`)
  }
}

/** Loaded only where there is something to hold the run to. */
async function limiterOf({ limits, runAs }: RunRequest): Promise<Limiter | null> {
  if (!isLimited(limits)) return null
  const { createLimiter } = await import('../process/limits.ts')
  return createLimiter(limits, runAs !== null)
}

/** Loaded only where the recipe asks for some, or the repository has them generated. */
async function secretsOf({ request, run, state }: RunProcess): Promise<StackSecrets> {
  const hasGiven = hasSecrets(request.secrets)
  if (!hasGiven && request.stack?.coopCloud !== true) return NO_SECRETS
  const [{ runSecrets }, { secretPlaces }, { withGenerated }] = await Promise.all([
    import('../secrets/runSecrets.ts'),
    import('../secrets/places.ts'),
    import('../secrets/generated.ts'),
  ])
  const places = secretPlaces(state, run)
  return withGenerated(hasGiven ? runSecrets(request, places) : NO_SECRETS, places, run)
}

/** Where another run may have the stages' user by now, only what carries the run's own id is ours to end. */
function whose({ request: { runAs }, state, held }: RunProcess, taken: readonly Name[]): Whose {
  return {
    reaper: process.pid,
    get uid() {
      const isOurs = runAs !== null && !taken.includes(userName(runAs)) && lostLock(state, held) === null
      return isOurs ? runAs.uid : null
    },
  }
}

/** The first line, then whatever asks for an end already: in this order a canceller either finds our pid or we find its stop.json. */
function begin({ run, held, file, orders, request }: RunProcess, record: RunRecord): Stop {
  const stopFile = {
    note: (asked: Parameters<typeof noteStop>[1]) => noteStop(run, asked),
    read: () => readStop(run),
  }
  const stop = new Stop(stopFile, (asked) => record.note({ event: 'stop.requested', stop: asked }))
  becomeSubreaper()
  const { pid } = process
  record.note({
    event: 'process.started',
    pid,
    startTime: statOf(pid)?.startTime ?? '',
    boot: bootId(),
    wrapper: orders.wrapper,
  })
  stop.look()
  signals.tell((reason, signal) => stop.request(reason, signal))
  for (const signal of readSignals(run)) signals.heard(`SIG${signal}`)
  if (process.ppid !== orders.wrapper) stop.request('terminated', 'the death of the wrapper')
  // The one before it died over its first line, and with it went the credentials and the pipe from the caller.
  if (orders.control === null && record.journal.processes === 1)
    stop.request('fault', 'the run process died before its first line')
  if (file.damaged) stop.request('abandoned', 'a damaged journal')
  const [missing] = missingNames({ held, request })
  if (missing !== undefined) stop.request('lock_lost', missing)
  stop.armDeadline(request.budgets.deadlineMs)
  return stop
}

function missingNames({ held, request }: Pick<RunProcess, 'held' | 'request'>): readonly Name[] {
  return request.names.filter((name) => !held.names.includes(name))
}
