import { HarnessError, messageOf } from '../errors.ts'
import { type Ending, isProved } from '../model/ending.ts'
import type { Containment, Journal, TeardownReport } from '../model/journal.ts'
import { stageKey, teardownKey } from '../model/phaseKeys.ts'
import type { Stage } from '../model/recipe.ts'
import { CHECKOUT, stageLogName, TEARDOWN, TEARDOWN_LOG } from '../model/stageLog.ts'
import type { Ended } from '../process/containment.ts'
import { countEnded, endingOf } from '../process/endingOf.ts'
import type { LogSink } from '../process/logSink.ts'
import type { Driver } from '../run/ports.ts'
import { type Command, type CommandEnd, type CommandParts, type CommandWorks, runCommand } from './command.ts'

export interface ProcessDriverParts extends CommandParts {
  readonly stack?: StackCommands
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
      const index = parts.request.stages.findIndex(({ name }) => name === stage.name)
      const log = stageLogName(index, stage.name)
      const { end, ended } = await runCommand(
        { ...parts, sinks },
        { ...commandOf(stage, parts), span: stageKey(stage.name), log, remarks: [] },
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

/** What the harness does itself in a stage that is no command line of the recipe's: the words of a process of its own. */
export type StackCommands = {
  readonly stage: (stage: Stage) => readonly string[]
}

function commandOf(
  stage: Stage,
  { stack }: ProcessDriverParts,
): Pick<Command, 'name' | 'does' | 'timeoutMs' | 'uninterruptible'> {
  const { name, timeoutMs, uninterruptible } = stage
  const frame = { name, timeoutMs, uninterruptible }
  if ('run' in stage) return { ...frame, does: { kind: 'shell', line: stage.run } }
  if (stack === undefined) throw new HarnessError('DRIVER', `Stage ${name} needs a driver that has a stack`)
  return { ...frame, does: { kind: 'own', words: stack.stage(stage) } }
}

async function tearDown(
  works: CommandWorks,
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
  works: CommandWorks,
  { containments, stages }: Journal,
  part: Containment,
): Promise<{ readonly fault: string | null; readonly timedOut: boolean; readonly ended: readonly Ended[] }> {
  const { teardown, budgets } = works.request
  const timeoutMs = Math.min(teardown.timeoutMs, budgets.teardownMs)
  const command = {
    name: TEARDOWN,
    does: { kind: 'shell', line: teardown.run } as const,
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
