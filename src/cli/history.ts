import { EXIT } from '../errors.ts'
import { formatDuration } from '../model/duration.ts'
import { type EndedRun, historyOf, pastStages } from '../model/history.ts'
import { CONCLUSIONS } from '../model/run.ts'
import { lookAtRuns, type RunLook } from '../store/runLook.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { table } from './table.ts'

/** `berth recipes history RECIPE`: from the folders of its last runs, with or without the service. A recipe that is no more may have a history. */
export function showHistory(
  { state, stdout }: Context,
  recipe: string,
  options: { readonly json: boolean; readonly limit: number },
): number {
  const runs = lookAtRuns(state, Number.POSITIVE_INFINITY)
    .filter((look) => look.request?.recipe === recipe && look.result !== null)
    .slice(0, options.limit)
  const history = told(recipe, runs)
  if (options.json) stdout.write(jsonText(history))
  else if (runs.length === 0) stdout.write(`No run of ${recipe} has ended yet; \`berth runs\` lists all.\n`)
  else {
    const { outcomes, middleMs, longestMs } = history
    const counts = CONCLUSIONS.map((conclusion) => `${outcomes[conclusion]} ${conclusion}`).join(', ')
    const times =
      middleMs === null ? '' : `; they take ${text(middleMs)} in the middle, ${text(longestMs)} at most`
    stdout.write(`${recipe}: the last ${runs.length}: ${counts}${times}\n\n`)
    stdout.write(
      table(['stage', 'runs', 'red', 'middle', 'longest', 'remark'], history.stages.map(rowOf), stdout),
    )
  }
  return EXIT.ok
}

function told(recipe: string, looks: readonly RunLook[]) {
  const stagesOf = new Map(looks.map(({ run, journal }) => [run.id, pastStages(journal)]))
  const { outcomes, durations, stages } = historyOf(looks.flatMap(endedRun), stagesOf)
  return {
    recipe,
    runs: looks.length,
    outcomes,
    middleMs: durations?.middleMs ?? null,
    longestMs: durations?.longestMs ?? null,
    stages: stages.map(({ name, durations: took, outcomes: ends, flakiness }) => ({
      stage: name,
      runs: Object.values(ends).reduce((sum, count) => sum + count, 0),
      red: ends.failure + ends.timed_out,
      middleMs: took.middleMs,
      longestMs: took.longestMs,
      flakyCommits: flakiness.flaky,
    })),
  }
}

function endedRun({ run, request, journal, result }: RunLook): readonly EndedRun[] {
  if (request === null || result === null) return []
  const { repositoryId, sha, keepMs } = request
  const [startedAtMs, concludedAtMs] = [journal.firstProcess?.at ?? null, journal.lastAtMs]
  const when = { startedAtMs, concludedAtMs }
  return [{ id: run.id, repositoryId, sha, keepMs, arguments: request.arguments, verdict: result, ...when }]
}

type Told = ReturnType<typeof told>['stages'][number]

/** They come slowest first. */
function rowOf({ stage, runs, red, middleMs, longestMs, flakyCommits }: Told, at: number): string[] {
  const commits = flakyCommits === 1 ? 'commit' : 'commits'
  const remarks = [
    ...(flakyCommits > 0 ? [`flaky: green and red at ${flakyCommits} ${commits}`] : []),
    ...(at === 0 ? ['slowest'] : []),
  ]
  return [stage, String(runs), String(red), text(middleMs), text(longestMs), remarks.join('; ')]
}

function text(ms: number | null): string {
  return ms === null ? '' : formatDuration(ms)
}
