import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, closeSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Containment } from '../model/journal.ts'
import type { RunAs, RunRequest } from '../model/run.ts'
import type { Ended, RunContainment } from '../process/containment.ts'
import { openJoining, type Pipe } from '../process/joining.ts'
import type { Limiter } from '../process/limits.ts'
import { type LogSink, openLogSink } from '../process/logSink.ts'
import { isLiveState, statOf } from '../process/procfs.ts'
import type { StageEnd } from '../run/ports.ts'
import type { RunSecrets } from '../secrets/runSecrets.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { environment, ownEnvironment } from './environment.ts'

/** What a command is run with; the same for all of a run. */
export interface CommandParts {
  readonly request: RunRequest
  readonly run: RunPaths
  readonly containment: RunContainment
  readonly makePipe: () => Pipe
  /** Null = there are no limits. */
  readonly limiter: Limiter | null
  readonly secrets: RunSecrets
}

export interface CommandWorks extends CommandParts {
  /** Of the outputs that are read; closed with the driver. */
  readonly sinks: LogSink[]
}

export interface Command {
  /** Of the stage, or `teardown`. */
  readonly name: string
  readonly does: Line | Own
  readonly timeoutMs: number
  readonly uninterruptible: boolean
  /** Key of its part of the run. */
  readonly span: string
  readonly log: string
  /** Lines of the harness's own, before the command's. */
  readonly remarks: readonly string[]
}

/** A `sh -eu` command line of the recipe's, as the stages' user, in the checkout. */
interface Line {
  readonly kind: 'shell'
  readonly line: string
}

/** A process of the harness's own, as its own user: what talks to an engine is no stage's. */
interface Own {
  readonly kind: 'own'
  readonly words: readonly string[]
}

export interface CommandEnd {
  readonly end: Omit<StageEnd, 'ending'>
  /** Each attempt at ending it; none = it has ended by itself. */
  readonly ended: readonly Ended[]
}

/** Runs it to its end, in its part of the run's containment, its output in the log. */
export async function runCommand(
  works: CommandWorks,
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
  { containment, request }: CommandWorks,
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
  parts: CommandParts,
  command: Command,
  part: Containment,
  [output = -1, ...more]: readonly number[],
): ChildProcess {
  const { does } = command
  const folder = does.kind === 'shell' ? parts.run.work : '/'
  const words = parts.containment.command(part, folder, [
    ...(does.kind === 'shell' ? (parts.limiter?.words() ?? []) : []),
    ...privileges(does.kind === 'shell' ? parts.request.runAs : null),
    ...(does.kind === 'shell' ? ['/bin/sh', '-euc', does.line] : does.words),
  ])
  const [file = '', ...args] = words
  if (does.kind === 'shell') restoreFolder(parts.run.work)
  return spawn(file, args, {
    cwd: folder,
    detached: true,
    env: (does.kind === 'shell' ? environment : ownEnvironment)(parts, command.name, command.span),
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

function privileges(runAs: RunAs | null): readonly string[] {
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
