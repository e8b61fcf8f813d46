import { closeSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { Containment } from '../../model/journal.ts'
import type { Stage } from '../../model/recipe.ts'
import type { StackRequest } from '../../model/stack.ts'
import { stageLogName } from '../../model/stageLog.ts'
import { endingOf } from '../../process/endingOf.ts'
import { openLogSink } from '../../process/logSink.ts'
import type { StageEnd } from '../../run/ports.ts'
import { statePaths } from '../../store/stateFolder.ts'
import type { CliParts } from '../docker/cli.ts'
import { openEngine } from '../docker/engine.ts'
import { backup } from './backupStage.ts'
import { deploy } from './deployStage.ts'
import { exec } from './execStage.ts'
import { ready } from './readyStage.ts'
import { restore } from './restoreStage.ts'
import type { Orchestrator, StackParts, StackStage, StackStageEnd } from './stage.ts'

/**
 * Does with the stack what the stage says. Never throws for what the engine or the stack does. A client that is lost makes it a fault: teardown goes
 * by that (R-DKR-04).
 */
export async function runStackStage(
  parts: StackParts,
  orchestrator: Orchestrator,
  stack: StackRequest,
  stage: Stage,
  part: Containment,
  signal: AbortSignal,
): Promise<StageEnd> {
  const { request, run, secrets, makePipe } = parts
  const index = request.stages.findIndex(({ name }) => name === stage.name)
  const pipe = makePipe()
  closeSync(pipe.writeFd)
  const log = openLogSink(join(run.stages, stageLogName(index, stage.name)), pipe.readFd, secrets.mask)
  const over = limit(stage, signal)
  try {
    const cli = cliOf(parts, stack, stage.name, part)
    const say = (line: string) => log.say(secrets.mask.text(line))
    const told = { say, write: log.write }
    const limits = { signal: over.signal, timeoutMs: over.leftMs }
    const work = { request, run, secrets, name: stage.name, orchestrator, cli, ...limits, ...told }
    const end = await workOf(work, stack, stage)
    const isOver = end.outcome === 'cancelled' && over.isLate()
    const outcome = isOver ? 'timed_out' : end.isLost && end.outcome === 'failure' ? 'fault' : end.outcome
    const detail = isOver ? `after ${stage.timeoutMs / 1000} s: ${end.detail}` : end.detail
    const ending = end.ended.length === 0 ? null : endingOf(end.ended, request.budgets.killGraceMs)
    return {
      outcome,
      exitCode: end.exitCode ?? null,
      detail: secrets.mask.text(detail),
      ending,
      ...(end.aim === undefined ? {} : { aim: end.aim }),
    }
  } catch (error) {
    // A stop takes things away from under what is at work: what that says of it is no fault.
    const outcome = over.isLate() ? 'timed_out' : over.signal.aborted ? 'cancelled' : 'fault'
    return { outcome, exitCode: null, detail: secrets.mask.text(messageOf(error)), ending: null }
  } finally {
    over.close()
    log.close()
  }
}

/** As which the engine's clients work for the stage. */
function cliOf(
  { request, run, containment, makePipe }: StackParts,
  { engine: address }: StackRequest,
  stage: string,
  part: Containment,
): CliParts {
  const home = join(run.folder, 'stack')
  mkdirSync(home, { recursive: true, mode: 0o700 })
  const { killGraceMs } = request.budgets
  const configFolder = address.configDir
  const { images } = statePaths(dirname(dirname(run.folder)))
  const whose = { run: request.run, stage, containment, part, makePipe, killGraceMs }
  return { address, configFolder, home, images, ...whose }
}

async function workOf(work: StackStage, stack: StackRequest, stage: Stage): Promise<StackStageEnd> {
  const engine = await openEngine(stack.engine)
  await work.orchestrator.requireEngine(engine)
  if ('deploy' in stage) return deploy(work, engine, stack, stage.deploy)
  if ('ready' in stage) return { ...(await ready(work, engine, stage.ready)), aim: 'ready' }
  if ('backup' in stage) return { ...(await backup(work, engine)), aim: 'backup' }
  if ('restore' in stage) return { ...(await restore(work, engine)), aim: 'restore' }
  if ('exec' in stage) return { ...(await exec(work, engine, stage.exec)), aim: 'command' }
  throw new TypeError(`stage ${stage.name} does nothing that this berth knows`)
}

/** The stage's own time, and a stop unless it may not be interrupted. */
function limit({ timeoutMs, uninterruptible }: Stage, signal: AbortSignal) {
  const endsAt = performance.now() + timeoutMs
  const over = new AbortController()
  let late = false
  const timer = setTimeout(() => {
    late = !over.signal.aborted
    over.abort()
  }, timeoutMs)
  const stop = () => over.abort()
  if (!uninterruptible) {
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  }
  return {
    signal: over.signal,
    isLate: () => late,
    leftMs: () => Math.max(1, Math.round(endsAt - performance.now())),
    close() {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    },
  }
}
