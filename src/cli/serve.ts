import { EXIT, HarnessError } from '../errors.ts'
import { lockAlone } from '../lock/single.ts'
import { readCredentials } from '../world/credentials.ts'
import type { ServiceContext } from './context.ts'
import { readEnvFile } from './envFile.ts'
import type { HangUps } from './hangUps.ts'
import { keepHeapSmall } from './smallHeap.ts'

/**
 * `berth serve`: until SIGTERM or SIGINT, its terminal is closed, or, if that is asked for, its standard input ends; runs go on without it. SIGHUP has it read its configuration and recipes anew. Ends
 * the process, once all of the service is closed.
 */
export async function serve(
  context: ServiceContext,
  hangUps: HangUps,
  untilStdinEnds: boolean,
): Promise<never> {
  keepHeapSmall()
  readEnvFile(context.cwd)
  const credentials = readCredentials(process.env)
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
    void hangUps.gone.then(resolve)
    if (untilStdinEnds) process.stdin.on('end', () => resolve()).resume()
  })
  const { root, serveLock } = context.state
  const other = lockAlone(serveLock, 'berth serve')
  if (other !== null)
    throw new HarnessError(
      'STATE_TAKEN',
      `State folder ${root} is in use by another service (${other}); stop that one, or set BERTH_STATE_DIR`,
      { exitCode: EXIT.taken },
    )
  const { startService } = await import('../world/service.ts')
  const service = await startService(context, credentials, hangUps)
  await stopped
  await service[Symbol.asyncDispose]()
  // A request that GitHub leaves unanswered would keep the process alive.
  return process.exit(EXIT.ok)
}
