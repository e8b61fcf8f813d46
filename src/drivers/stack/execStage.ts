import { finished } from 'node:stream/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type Dockerode from 'dockerode'
import { HarnessError } from '../../errors.ts'
import { fieldsOf, numberOf, optional } from '../../model/read.ts'
import type { Engine } from '../docker/engine.ts'
import { framesTo } from '../docker/frames.ts'
import { containersOf } from './containers.ts'
import type { StackStage, StackStageEnd } from './stage.ts'

/** Runs a command in a container of the service. The engine has no way to end it: when the stage is stopped, it goes with its container. */
export async function exec(
  stage: StackStage,
  engine: Engine,
  { service, run }: { readonly service: string; readonly run: string },
): Promise<StackStageEnd> {
  const ended = { ended: [], isLost: false } as const
  const [container] = await containersOf(stage, engine, service)
  if (container === undefined)
    return { ...ended, outcome: 'failure', detail: `no task of ${service} runs here` }
  const code = await execIn(stage, engine, { service, container: container.id }, ['/bin/sh', '-euc', run])
  if (stage.signal.aborted) return { ...ended, outcome: 'cancelled', detail: 'it goes with its container' }
  if (code === null) return { ...ended, outcome: 'failure', detail: 'its container has ended' }
  return {
    ...ended,
    outcome: code === 0 ? 'success' : 'failure',
    exitCode: code,
    detail: `exit code ${code}`,
  }
}

/** Its exit code; null = its container has ended, or the stage is to stop. */
export async function execIn(
  stage: StackStage,
  engine: Engine,
  { service, container }: { readonly service: string; readonly container: string },
  words: readonly string[],
): Promise<number | null> {
  const options = { Cmd: [...words], AttachStdout: true, AttachStderr: true }
  const begun = await engine.call(`begin a command in ${service}`, (docker, abortSignal) =>
    docker.getContainer(container).exec({ ...options, abortSignal }),
  )
  await toItsEnd(stage, engine, service, begun)
  return await exitCodeOf(stage, engine, service, begun)
}

/** Resolves when it says no more, or the stage is to stop. */
async function toItsEnd(
  { signal, write }: StackStage,
  engine: Engine,
  service: string,
  begun: Dockerode.Exec,
): Promise<void> {
  const stream = await engine.call(`start a command in ${service}`, () =>
    begun.start({ hijack: false, stdin: false }),
  )
  stream.on('data', framesTo(write))
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    await finished(stream, { writable: false })
  } catch (error) {
    const text = `the engine tells no more of a command in ${service}`
    if (!signal.aborted) throw new HarnessError('EXEC', text, { cause: error })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const BETWEEN_LOOKS_MS = 50

/** The engine may hear of a command's last words before it hears of its end. Null = there is none, or the stage is to stop. */
async function exitCodeOf(
  { signal }: StackStage,
  engine: Engine,
  service: string,
  begun: Dockerode.Exec,
): Promise<number | null> {
  while (!signal.aborted) {
    const look = await engine.call(`look at a command in ${service}`, () => begun.inspect())
    const fields = fieldsOf(look, 'exec')
    if (fields['Running'] !== true) return optional(fields, 'ExitCode', numberOf)
    await pause(BETWEEN_LOOKS_MS)
  }
  return null
}
