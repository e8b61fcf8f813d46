import { EXIT, HarnessError, messageOf } from '../errors.ts'
import { EMPTY_JOURNAL, isVerified, type Journal } from '../model/journal.ts'
import type { RunRequest, ShownState } from '../model/run.ts'
import { type RunResult, readResult } from './result.ts'
import { hasRunFolder, type RunPaths, readJournal, readRequest, runPaths } from './runFolder.ts'
import { isRunId } from './runId.ts'
import { entriesOf, type StatePaths } from './stateFolder.ts'

/** What a run's folder says; parts that cannot be read are null, and named in `fault`. */
export interface RunLook {
  readonly run: RunPaths
  readonly request: RunRequest | null
  readonly journal: Journal
  readonly result: RunResult | null
  readonly fault: string | null
}

/** Newest first: ids sort by time. */
export function lookAtRuns(paths: StatePaths, most: number): readonly RunLook[] {
  const ids = entriesOf(paths.runs).filter(isRunId).toReversed()
  return ids.slice(0, most).map((id) => lookAtRun(runPaths(paths, id)))
}

export function lookAtRun(run: RunPaths): RunLook {
  const faults: string[] = []
  const request = tried(() => readRequest(run), null, faults)
  const { journal, result } = lookAtProgress(run, faults)
  return { run, request, journal, result, fault: faults.length === 0 ? null : faults.join('; ') }
}

/** How far the run has come: what is asked of every live run twice a second. @param faults what cannot be read is added to them */
export function lookAtProgress(run: RunPaths, faults: string[] = []): Pick<RunLook, 'journal' | 'result'> {
  const journal = tried(() => readJournal(run), EMPTY_JOURNAL, faults)
  return { journal, result: tried(() => readResult(run), null, faults) }
}

function tried<T>(read: () => T, otherwise: T, faults: string[]): T {
  try {
    return read()
  } catch (error) {
    faults.push(messageOf(error))
    return otherwise
  }
}

/** The run that a person means: its id, or a part of it that no other run's id begins or ends with. @throws HarnessError NO_SUCH_RUN */
export function findRun(paths: StatePaths, words: string): RunPaths {
  const exact = runPaths(paths, words)
  if (isRunId(words) && hasRunFolder(exact)) return exact
  const near =
    words.length < 4
      ? []
      : entriesOf(paths.runs).filter((id) => isRunId(id) && (id.startsWith(words) || id.endsWith(words)))
  const [only] = near
  if (only !== undefined && near.length === 1) return runPaths(paths, only)
  const why = near.length > 1 ? `${near.length} runs could be meant` : 'there is no such run'
  throw new HarnessError('NO_SUCH_RUN', `${words}: ${why}; \`berth runs\` lists them`, {
    exitCode: EXIT.noSuchRun,
  })
}

/** Where a run is, in the store's words, read from its folder. @param dead no process has it any more */
export function phaseOf({ journal, result }: Pick<RunLook, 'journal' | 'result'>, dead: boolean): string {
  if (result !== null) return isVerified(journal) || result.verified ? 'concluded' : 'concluded, not cleaned'
  if (dead) return 'dead' satisfies ShownState
  if (journal.teardownStarted) return 'tearing_down'
  return journal.processes === 0 ? 'starting' : 'running'
}
