import { userInfo } from 'node:os'
import { EXIT } from '../errors.ts'
import { stopRun } from '../process/stopRun.ts'
import { readResult } from '../store/result.ts'
import { readStop } from '../store/runFolder.ts'
import { findRun } from '../store/runLook.ts'
import type { Context } from './context.ts'

/** `berth cancel RUN`: with or without the service. A run that is over is no error: it says so. */
export async function cancelRun({ state, stdout }: Context, words: string): Promise<number> {
  const run = findRun(state, words)
  const result = readResult(run)
  if (result !== null) {
    stdout.write(`Run ${run.id} is over: ${result.conclusion}, ${result.title}\n`)
    return EXIT.ok
  }
  const noted = stopRun(run, { reason: 'cancelled', by: userInfo().username, atMs: Date.now() })
  const earlier = noted ? null : readStop(run)
  stdout.write(
    earlier === null
      ? `Run ${run.id} is asked to stop; its teardown comes first. Follow it with: berth logs -f ${run.id}\n`
      : `Run ${run.id} was asked to stop before (${earlier.reason}, by ${earlier.by}).\n`,
  )
  return EXIT.ok
}
