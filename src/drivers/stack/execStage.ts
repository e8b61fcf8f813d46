import { PassThrough } from 'node:stream'
import { fieldsOf, numberOf } from '../../model/read.ts'
import type { Engine } from '../docker/engine.ts'
import { containersOf } from './containers.ts'
import type { StackStage, StackStageEnd } from './ports.ts'

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
  const options = { Cmd: ['/bin/sh', '-euc', run], AttachStdout: true, AttachStderr: true }
  const begun = await engine.call(`begin a command in ${service}`, (docker, abortSignal) =>
    docker.getContainer(container.id).exec({ ...options, abortSignal }),
  )
  const stream = await engine.call(`start a command in ${service}`, () =>
    begun.start({ hijack: false, stdin: false }),
  )
  const stop = () => stream.destroy()
  stage.signal.addEventListener('abort', stop, { once: true })
  try {
    const output = new PassThrough()
    begun.modem.demuxStream(stream, output, output)
    stream.once('close', () => output.end())
    let rest = ''
    for await (const chunk of output) {
      const lines = `${rest}${String(chunk)}`.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) stage.say(line)
    }
    if (rest !== '') stage.say(rest)
  } finally {
    stage.signal.removeEventListener('abort', stop)
  }
  if (stage.signal.aborted) return { ...ended, outcome: 'cancelled', detail: 'it goes with its container' }
  const end = fieldsOf(await engine.call(`look at a command in ${service}`, () => begun.inspect()), 'exec')
  const code = numberOf(end, 'ExitCode')
  return {
    ...ended,
    outcome: code === 0 ? 'success' : 'failure',
    exitCode: code,
    detail: `exit code ${code}`,
  }
}
