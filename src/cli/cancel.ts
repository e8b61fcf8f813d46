import { EXIT } from '../errors.ts'
import { deferringStage, type StopRequest } from '../model/journal.ts'
import { stopRun } from '../process/stopRun.ts'
import { readResult } from '../store/result.ts'
import { hasRunFolder, type RunPaths, readStop, runPaths } from '../store/runFolder.ts'
import { isRunId } from '../store/runId.ts'
import { findRun, lookAtRun } from '../store/runLook.ts'
import type { Context } from './context.ts'
import { personName } from './person.ts'
import { withStore } from './queue.ts'

/** `berth cancel RUN`: with or without the service. A run that is over is no error: it says so. */
export async function cancelRun(context: Context, words: string): Promise<number> {
  const { state, stdout } = context
  const stop: StopRequest = { reason: 'cancelled', by: personName(), atMs: Date.now() }
  const queued = isRunId(words) ? await withStore(state, (store) => store.requestStop(words, stop)) : null
  const known = queued !== null && queued !== 'unknown'
  if (known && !hasRunFolder(runPaths(state, words))) {
    stdout.write(
      queued === 'over' ? `Run ${words} is over.\n` : `Run ${words} is asked to stop: it will not start.\n`,
    )
    return EXIT.ok
  }
  stdout.write(`${stopped(findRun(state, words), stop)}\n`)
  return EXIT.ok
}

/** Asks for it, and says what came of that. */
export function stopped(run: RunPaths, stop: StopRequest): string {
  const result = readResult(run)
  if (result !== null) return `Run ${run.id} is over: ${result.conclusion}, ${result.title}`
  if (stopRun(run, stop) || isSame(readStop(run), stop))
    return `Run ${run.id} is asked to stop; ${firstOf(run)}. Follow it with: berth logs -f ${run.id}`
  const earlier = readStop(run)
  return `Run ${run.id} was asked to stop before (${earlier?.reason ?? 'unknown'}, by ${earlier?.by ?? 'unknown'}).`
}

/** The service, which was told first, may have written it down before us. */
function isSame(earlier: StopRequest | null, stop: StopRequest): boolean {
  return earlier?.reason === stop.reason && earlier.by === stop.by && earlier.atMs === stop.atMs
}

function firstOf(run: RunPaths): string {
  const stage = deferringStage(lookAtRun(run).journal)
  if (stage === null) return 'its teardown comes first'
  return `stage ${stage}, which may not be interrupted, and its teardown come first`
}
