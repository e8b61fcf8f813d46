import { closeSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type EngineEnding, engineWords } from '../../model/engineEnding.ts'
import type { Journal } from '../../model/journal.ts'
import { stackName } from '../../model/names.ts'
import type { RunRequest } from '../../model/run.ts'
import type { StackRequest } from '../../model/stack.ts'
import { TEARDOWN_LOG } from '../../model/stageLog.ts'
import { openLogSink } from '../../process/logSink.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import { DEPLOYED, filesFolder } from '../docker/copies.ts'
import { type Engine, openEngine } from '../docker/engine.ts'
import { keepServiceLogs } from '../docker/serviceLogs.ts'
import { type SweepReport, sweep } from '../docker/sweep.ts'
import type { Orchestrator, StackParts } from './stage.ts'
import { notedVolumes } from './unnamedVolumes.ts'

export interface StackTakenDown {
  /** Null = the engine could not be asked. */
  readonly engine: EngineEnding | null
  /** Named; empty = the engine has shown that nothing is. */
  readonly left: readonly string[]
  readonly tookMs: number
}

/** The engine has at least so long for what it takes down, whatever the recipe's own command has used up. */
const LEAST_SWEEP_MS = 60_000

/**
 * Takes the run's objects down, and says in the teardown's log what it does.
 * @throws what keeps the engine from being asked at all
 */
export async function takeDownStack(
  parts: StackParts,
  orchestrator: Orchestrator,
  stack: StackRequest,
  journal: Journal,
  order: Omit<SweepOrder, 'say'>,
): Promise<StackTakenDown> {
  using log = openTeardownLog(parts)
  const engine = await openEngine(stack.engine)
  const report = await sweepRun(parts, orchestrator, engine, journal, { ...order, say: log.say })
  const [swept] = report.sweeps
  if (swept === undefined) throw new TypeError('a sweep of one scope tells of one')
  const ending = endingOf(report, swept)
  log.say(engineWords(ending))
  if (swept.foreign.length > 0) log.say(`not ours, and not touched: ${swept.foreign.join(', ')}`)
  for (const line of swept.left) log.say(`left: ${line}`)
  return { engine: ending, left: swept.left, tookMs: report.tookMs }
}

interface SweepOrder {
  readonly ownOnly: boolean
  readonly usedMs: number
  readonly say: (text: string) => void
}

function sweepRun(
  { request, run, secrets }: StackParts,
  orchestrator: Orchestrator,
  engine: Engine,
  journal: Journal,
  { ownOnly, usedMs, say }: SweepOrder,
): Promise<SweepReport> {
  return sweep(engine, {
    instance: request.instance,
    scopes: [
      { stack: ownOnly ? null : stackName(request.domain), run: request.run, volumes: notedVolumes(run) },
    ],
    kinds: orchestrator.kinds,
    clients: clientsOf(journal, request, run, orchestrator),
    budgetMs: Math.max(LEAST_SWEEP_MS, request.budgets.teardownMs - usedMs),
    graceMs: request.budgets.killGraceMs,
    // What keeps the logs from being written (a full disk) ends this look, and no later one.
    async keepLogs(services) {
      if (!secrets.knowsAll()) return say(NOT_KEPT)
      const logs = join(run.folder, 'stack', 'logs')
      mkdirSync(logs, { recursive: true, mode: 0o700 })
      await keepServiceLogs(engine, services, logs, secrets.mask.text)
    },
    say,
  })
}

/** After a reboot nobody knows what has to be hidden in them. */
const NOT_KEPT = 'the logs of services are not kept: they may show secrets whose values nobody has any more'

function endingOf(
  { looks, tookMs }: SweepReport,
  { removed, empty }: SweepReport['sweeps'][number],
): EngineEnding {
  return { removed, looks, emptyLooks: empty.looks, emptyMs: empty.overMs, wantedLooks: empty.wanted, tookMs }
}

/** A deploy that did not end by itself may have left a client that asked the engine for something: its answer is still to come (R-DKR-04). */
function clientsOf(
  { stages }: Journal,
  request: RunRequest,
  { folder }: RunPaths,
  { tellsAnswers }: Orchestrator,
): 'ended' | 'lost' {
  const askers = new Set(
    request.stages.filter((stage) => 'deploy' in stage || 'restore' in stage).map(({ name }) => name),
  )
  const restores = new Set(request.stages.filter((stage) => 'restore' in stage).map(({ name }) => name))
  const hasAsked = (stage: string) =>
    restores.has(stage) || existsSync(join(filesFolder(folder, stage), DEPLOYED))
  const isLost = stages.some(({ name, outcome }) => {
    if (!askers.has(name) || outcome === 'success') return false
    return outcome !== 'failure' || (!tellsAnswers && hasAsked(name))
  })
  return isLost ? 'lost' : 'ended'
}

/** Below what the recipe's own command has written. */
function openTeardownLog({ run, secrets, makePipe }: StackParts) {
  const { readFd, writeFd } = makePipe()
  closeSync(writeFd)
  const sink = openLogSink(join(run.stages, TEARDOWN_LOG), readFd)
  return {
    say: (text: string) => sink.say(`[berth: ${secrets.mask.text(text)}]`),
    [Symbol.dispose]: () => sink.close(),
  }
}
