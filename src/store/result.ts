import { lstatSync } from 'node:fs'
import type { Journal } from '../model/journal.ts'
import { isVerified } from '../model/journal.ts'
import { lockLine, proofLines, textOfLine } from '../model/proofLines.ts'
import { fieldsOf, flagOf, textOf } from '../model/read.ts'
import { type RunRequest, readVerdict, type Verdict } from '../model/run.ts'
import { createOnce, readIfThere } from './durable.ts'
import type { RunPaths } from './runFolder.ts'

/** What `result.json` says; written once, after teardown. */
export interface RunResult extends Verdict {
  readonly run: string
  readonly verified: boolean
}

/** Writes the result unless it is there: a second finalise changes nothing. False = this call wrote none. */
export function writeResult(run: RunPaths, request: RunRequest, journal: Journal): boolean {
  if (journal.verdict === null) return false
  const { recipe, recipeDigest, domain, repository, pr, sha } = request
  const what = { run: run.id, recipe, recipeDigest, domain, repository, pr, sha }
  const how = {
    ...journal.verdict,
    verified: isVerified(journal),
    stop: journal.stop,
    stages: journal.stages,
    teardown: journal.teardown,
    proof: [...proofLines(journal), lockLine(request.names, 'held')].map(textOfLine),
  }
  return createOnce(run.result, `${JSON.stringify({ ...what, ...how }, null, 2)}\n`)
}

/** Null while the run is not over; a file of zero bytes counts as none. */
export function readResult(run: RunPaths): RunResult | null {
  // Every live run is asked several times a second, and an error costs ten times as much as this answer.
  if (lstatSync(run.result, { throwIfNoEntry: false }) === undefined) return null
  const text = readIfThere(run.result)
  if (text === null || text === '') return null
  const fields = fieldsOf(JSON.parse(text), 'result.json')
  return { ...readVerdict(fields), run: textOf(fields, 'run'), verified: flagOf(fields, 'verified') }
}

/** The result of a run that was never launched, or that a person ended: nothing of it is left. One that is there stands. */
export function writeUnstarted(run: RunPaths, verdict: Verdict): void {
  createOnce(
    run.result,
    `${JSON.stringify({ run: run.id, ...verdict, verified: true, stages: [], teardown: null }, null, 2)}\n`,
  )
}
