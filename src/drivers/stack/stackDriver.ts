import { HarnessError, messageOf } from '../../errors.ts'
import type { Journal, TeardownReport } from '../../model/journal.ts'
import type { StackRequest } from '../../model/stack.ts'
import type { Driver } from '../../run/ports.ts'
import { processDriver } from '../process.ts'
import type { Orchestrator, StackParts } from './stage.ts'
import type { StackTakenDown } from './takeDownStack.ts'

/**
 * A stack on a Docker Engine; stages that are command lines are processes of this machine, as with the driver `process`.
 * @param load the orchestrator, when it is needed: a run process starts without what its first step has no use for
 */
export function stackDriver(parts: StackParts, load: () => Promise<Orchestrator>): Driver & Disposable {
  const commands = processDriver(parts)
  const { stack } = parts.request
  if (stack === undefined)
    throw new HarnessError('DRIVER', `Run ${parts.request.run} says of no stack what it is`)
  return {
    containmentLevel: commands.containmentLevel,
    contain: commands.contain,
    load: () =>
      void Promise.all([import('./clearName.ts'), import('dockerode'), load()]).catch(() => undefined),
    async prepare(signal) {
      const [{ clearName }, orchestrator] = await Promise.all([import('./clearName.ts'), load()])
      const say = (text: string) => process.stderr.write(`${text}\n`)
      await clearName(parts, orchestrator, stack, say, signal)
    },
    async runStage(stage, part, signal) {
      if ('run' in stage) return { ...(await commands.runStage(stage, part, signal)), aim: 'command' }
      if ('screenshot' in stage) {
        const [{ screenshot }, how] = await Promise.all([import('./screenshotStage.ts'), load()])
        return screenshot(parts, how, stack, stage, (run, timeoutMs) =>
          commands.runStage({ ...stage, run, timeoutMs }, part, signal),
        )
      }
      const [{ runStackStage }, orchestrator] = await Promise.all([import('./stackStage.ts'), load()])
      return runStackStage(parts, orchestrator, stack, stage, part, signal)
    },
    async tearDown(journal, part, ownOnly) {
      // First the processes, clients of the engine among them: nobody asks it for anything any more.
      const processes = await commands.tearDown(journal, part, ownOnly)
      // A run that could not be prepared has asked the engine for nothing: its silence is then no reason to call the name dirty.
      if (journal.prepareFault !== null) return processes
      const { engine, tookMs, left } = await takeDown(parts, load, stack, journal, ownOnly, processes.tookMs)
      // What was generated for the stack may show until the stack is gone.
      const all = [...processes.left, ...left, ...(left.length === 0 ? parts.secrets.forget() : [])]
      return {
        ...processes,
        ...(engine === null ? {} : { engine }),
        verified: all.length === 0,
        tookMs: processes.tookMs + tookMs,
        left: all,
      } satisfies TeardownReport
    },
    [Symbol.dispose]: () => commands[Symbol.dispose](),
  }
}

/** Whatever keeps the engine from being asked is something that is left. */
async function takeDown(
  parts: StackParts,
  load: () => Promise<Orchestrator>,
  stack: StackRequest,
  journal: Journal,
  ownOnly: boolean,
  usedMs: number,
): Promise<StackTakenDown> {
  const startedAt = performance.now()
  try {
    const [{ takeDownStack }, orchestrator] = await Promise.all([import('./takeDownStack.ts'), load()])
    return await takeDownStack(parts, orchestrator, stack, journal, { ownOnly, usedMs })
  } catch (error) {
    const tookMs = Math.round(performance.now() - startedAt)
    return { engine: null, left: [`the engine: ${messageOf(error)}`], tookMs }
  }
}
