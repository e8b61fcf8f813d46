import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, closeSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError, messageOf } from '../errors.ts'
import { type Ending, isProved } from '../model/ending.ts'
import type { Containment, Journal, TeardownReport } from '../model/journal.ts'
import { stageKey, teardownKey } from '../model/phaseKeys.ts'
import type { Stage } from '../model/recipe.ts'
import type { RunRequest } from '../model/run.ts'
import { CHECKOUT, stageLogName, TEARDOWN, TEARDOWN_LOG } from '../model/stageLog.ts'
import type { Ended, RunContainment } from '../process/containment.ts'
import { countEnded, endingOf } from '../process/endingOf.ts'
import { openJoining, type Pipe } from '../process/joining.ts'
import type { Limiter } from '../process/limits.ts'
import { type LogSink, openLogSink } from '../process/logSink.ts'
import { isLiveState, statOf } from '../process/procfs.ts'
import type { Driver, StageEnd } from '../run/ports.ts'
import type { RunSecrets } from '../secrets/runSecrets.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { environment } from './environment.ts'

export interface ProcessDriverParts {
  readonly request: RunRequest
  readonly run: RunPaths
  readonly containment: RunContainment
  readonly makePipe: () => Pipe
  /** Null = there are no limits. */
  readonly limiter: Limiter | null
  readonly secrets: RunSecrets
}

const NEVER = new AbortController().signal

/** Stages are plain processes of this machine. What they leave running stands until teardown, as a stack would. */
export function processDriver(parts: ProcessDriverParts): Driver & Disposable {
  const sinks: LogSink[] = []
  return {
    containmentLevel: parts.containment.level,
    contain(stage) {
      const part = parts.containment.make(stage)
      parts.limiter?.hold(part)
      return part
    },
    async runStage(stage, part, signal) {
      if (!('run' in stage))
        throw new HarnessError('DRIVER', `Stage ${stage.name} needs a driver that has a stack`)
      const index = parts.request.stages.findIndex(({ name }) => name === stage.name)
      const log = stageLogName(index, stage.name)
      const { end, ended } = await runCommand(
        { ...parts, sinks },
        { ...stage, span: stageKey(stage.name), log, remarks: [] },
        part,
        signal,
      )
      const ending = ended.length === 0 ? null : endingOf(ended, parts.request.budgets.killGraceMs)
      return { ...end, detail: parts.secrets.mask.text(end.detail), ending }
    },
    tearDown: (journal, part, ownOnly) => tearDown({ ...parts, sinks }, journal, part, ownOnly),
    [Symbol.dispose]() {
      for (const sink of sinks) sink.close()
    },
  }
}

interface Works extends ProcessDriverParts {
  readonly sinks: LogSink[]
}

async function tearDown(
  works: Works,
  journal: Journal,
  part: Containment,
  ownOnly: boolean,
): Promise<TeardownReport> {
  const { containment, request, secrets } = works
  const { killGraceMs } = request.budgets
  const startedAt = performance.now()
  const unfinished = unfinishedParts(journal, request.run)
  // Nothing of the run's own works beside its teardown command.
  const early = await containment.end(unfinished, killGraceMs)
  const own = unfinished.length === 0 ? part : containment.make(TEARDOWN)
  const command = ownOnly ? NOT_RUN : await runTeardown(works, journal, own)
  const last = await containment.endAll(journal.containments, killGraceMs)
  const attempts = [early, ...command.ended, last] as const
  const ending = endingOf(attempts, killGraceMs)
  const left = [
    ...(command.fault === null ? [] : [command.fault]),
    ...leftOf(ending).map(secrets.mask.text),
    ...secrets.remove(),
  ]
  const tookMs = Math.round(performance.now() - startedAt)
  const report = { verified: left.length === 0, ended: countEnded(attempts), ending, tookMs, left }
  return command.timedOut ? { ...report, timedOut: true } : report
}

/** Nothing that is left is not enough: something has to show it. */
function leftOf(ending: Ending): readonly string[] {
  return isProved(ending) || ending.left.length > 0
    ? ending.left
    : ['processes: nothing shows that all are gone']
}

const NOT_RUN = {
  fault: 'the teardown command was not run: the lock is lost',
  timedOut: false,
  ended: [],
} as const

/** What went wrong with the recipe's teardown command, or null, and what was ended of it. Its budget is its own. */
async function runTeardown(
  works: Works,
  { containments, stages }: Journal,
  part: Containment,
): Promise<{ readonly fault: string | null; readonly timedOut: boolean; readonly ended: readonly Ended[] }> {
  const { teardown, budgets } = works.request
  const timeoutMs = Math.min(teardown.timeoutMs, budgets.teardownMs)
  const command = {
    name: TEARDOWN,
    run: teardown.run,
    timeoutMs,
    uninterruptible: false,
    // The journal has begun this attempt already.
    span: teardownKey(containments.length - stages.length),
    log: TEARDOWN_LOG,
    remarks: works.secrets.restore().map((fault) => `[berth: teardown goes on without a secret: ${fault}]`),
  }
  const { end, ended } = await runCommand(works, command, part, NEVER).catch(failedBy)
  const timedOut = end.outcome === 'timed_out'
  if (end.outcome === 'success') return { fault: null, timedOut, ended }
  return {
    fault: `the teardown command ${timedOut ? 'timed out' : 'ended with'} ${end.detail}`,
    timedOut,
    ended,
  }
}

/** What keeps the command from being started must not keep the rest of the teardown from coming. */
function failedBy(error: unknown): CommandEnd {
  return { end: { outcome: 'fault', exitCode: null, detail: messageOf(error) }, ended: [] }
}

/**
 * Of a checkout, a stage, or teardowns, that earlier processes of this run began and never saw end. The last teardown is our own. A git that
 * was stopped may have left helpers behind.
 */
function unfinishedParts(
  { planned, prepareFault, stages, containments }: Journal,
  run: string,
): readonly Containment[] {
  const isPrepared = planned !== null && prepareFault === null
  const checkout = isPrepared ? [] : [{ kind: 'sweep', run, stage: CHECKOUT } as const]
  const stage = stages.findIndex(({ outcome }) => outcome === null)
  const open = stage < 0 ? [] : containments.slice(stage, stage + 1)
  return [...checkout, ...open, ...containments.slice(stages.length, -1)]
}

type Command = Pick<Stage, 'name' | 'timeoutMs' | 'uninterruptible'> & {
  readonly run: string
  /** Key of its part of the run. */
  readonly span: string
  readonly log: string
  /** Lines of the harness's own, before the command's. */
  readonly remarks: readonly string[]
}

interface CommandEnd {
  readonly end: Omit<StageEnd, 'ending'>
  /** Each attempt at ending it; none = it has ended by itself. */
  readonly ended: readonly Ended[]
}

async function runCommand(
  works: Works,
  command: Command,
  part: Containment,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const pipe = works.makePipe()
  const sink = openLogSink(join(works.run.stages, command.log), pipe.readFd, works.secrets.mask)
  works.sinks.push(sink)
  for (const remark of command.remarks) sink.say(remark)
  using joining = openJoining(part, works.makePipe)
  let child: ChildProcess
  try {
    child = start(works, command, part, [pipe.writeFd, ...joining.writeFds])
  } finally {
    closeSync(pipe.writeFd)
    joining.isHandedOver()
  }
  const exit = exitOf(child)
  const cause = await firstOf(exit, command, signal)
  const ended = cause === 'exit' ? [] : await endCommand(works, command, part, child)
  const end = withLimits(endOf(await exit, cause, command.timeoutMs), works.limiter)
  sink.drain()
  return { end: joining.hasFailed(end.exitCode) ? unbegun(end, cause, joining.what) : end, ended }
}

/** A stop takes the cgroup away from under a command that is about to join it: it was cancelled, and is no fault. */
function unbegun(end: CommandEnd['end'], cause: Cause, what: string): CommandEnd['end'] {
  if (cause === 'exit') return { outcome: 'fault', exitCode: null, detail: `it could not join its ${what}` }
  return { ...end, exitCode: null, detail: cause === 'stop' ? 'before it began' : end.detail }
}

/**
 * Ends the command and what it has started. One that has left its cgroup (`systemd-run --scope` does that) is found by its mark: nobody
 * would end it otherwise, and the run would wait for it.
 */
async function endCommand(
  { containment, request }: Works,
  { name }: Command,
  part: Containment,
  child: ChildProcess,
): Promise<readonly Ended[]> {
  const { killGraceMs } = request.budgets
  const ended = await containment.end([part], killGraceMs)
  if (part.kind === 'sweep' || child.pid === undefined || !isLiveState(statOf(child.pid))) return [ended]
  const escaped = { kind: 'sweep', run: request.run, stage: name } as const
  return [ended, await containment.end([part, escaped], killGraceMs)]
}

/** In a group of its own; the one setpriv call sets the death signal after the change of user, which would clear it. */
function start(
  parts: ProcessDriverParts,
  command: Command,
  part: Containment,
  [output = -1, ...more]: readonly number[],
): ChildProcess {
  const words = parts.containment.command(part, parts.run.work, [
    ...(parts.limiter?.words() ?? []),
    ...privileges(parts.request),
    '/bin/sh',
    '-euc',
    command.run,
  ])
  const [file = '', ...args] = words
  restoreFolder(parts.run.work)
  return spawn(file, args, {
    cwd: parts.run.work,
    detached: true,
    env: environment(parts, command.name, command.span),
    stdio: ['ignore', output, output, ...more],
  })
}

/** A stage may remove the folder that it works in, or close it: whatever comes after it, teardown most of all, has to start somewhere. */
function restoreFolder(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isDirectory() === true) {
    if ((stat.mode & 0o500) !== 0o500) chmodSync(path, 0o700)
    return
  }
  if (stat !== undefined) unlinkSync(path)
  mkdirSync(path, { mode: 0o700 })
}

function privileges({ runAs }: RunRequest): readonly string[] {
  const user = runAs === null ? [] : [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, '--clear-groups']
  return ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', ...user]
}

type Exit = { readonly code: number | null; readonly signal: string | null; readonly error: string | null }
type Cause = 'exit' | 'timeout' | 'stop'

/** `exit`, not `close`: a daemon of the stage may hold its output open for ever. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, error: null }))
    child.once('error', (error) => resolve({ code: null, signal: null, error: error.message }))
  })
}

/** What ends a stage first; an uninterruptible one is ended by itself or by its own timeout only. */
function firstOf(exit: Promise<Exit>, command: Command, signal: AbortSignal): Promise<Cause> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('timeout'), command.timeoutMs)
    void exit.then(() => clearTimeout(timer)).then(() => resolve('exit'))
    if (command.uninterruptible) return
    if (signal.aborted) resolve('stop')
    else signal.addEventListener('abort', () => resolve('stop'), { once: true })
  })
}

function endOf(exit: Exit, cause: Cause, timeoutMs: number): CommandEnd['end'] {
  if (exit.error !== null) return { outcome: 'fault', exitCode: null, detail: exit.error }
  const detail = exit.code === null ? `signal ${exit.signal ?? 'unknown'}` : `exit code ${exit.code}`
  if (cause === 'timeout')
    return { outcome: 'timed_out', exitCode: exit.code, detail: `after ${timeoutMs / 1000} s` }
  if (cause === 'stop') return { outcome: 'cancelled', exitCode: exit.code, detail }
  return { outcome: exit.code === 0 ? 'success' : 'failure', exitCode: exit.code, detail }
}

/** A stage says `Killed`, or `cannot fork`, at most; the kernel knows why. */
function withLimits(end: CommandEnd['end'], limiter: Limiter | null): CommandEnd['end'] {
  return { ...end, detail: [end.detail, ...(limiter?.exceeded() ?? [])].join('; ') }
}
