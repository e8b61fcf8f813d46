import { EXIT } from '../errors.ts'
import { formatDuration } from '../model/duration.ts'
import { medianOf } from '../model/estimate.ts'
import { CONCLUSIONS } from '../model/run.ts'
import { type StageHistory, stageHistories } from '../model/stageHistory.ts'
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
  const history = historyOf(recipe, runs)
  if (options.json) stdout.write(jsonText(history))
  else if (runs.length === 0) stdout.write(`No run of ${recipe} has ended yet; \`berth runs\` lists all.\n`)
  else {
    const { outcomes, middleMs, longestMs } = history
    const counts = CONCLUSIONS.map((conclusion) => `${outcomes[conclusion]} ${conclusion}`).join(', ')
    const times =
      middleMs === null ? '' : `; green ones take ${text(middleMs)} in the middle, ${text(longestMs)} at most`
    stdout.write(`${recipe}: the last ${runs.length}: ${counts}${times}\n\n`)
    stdout.write(
      table(
        ['stage', 'runs', 'red', 'middle', 'longest', 'remark'],
        history.stages.map(rowOf(history.stages)),
        stdout,
      ),
    )
  }
  return EXIT.ok
}

function historyOf(recipe: string, looks: readonly RunLook[]) {
  const past = looks.flatMap(({ request, journal, result }) =>
    request === null || result === null ? [] : [{ sha: request.sha, journal, conclusion: result.conclusion }],
  )
  const took = looks.flatMap(({ journal, result }) => {
    const [startedAtMs, endedAtMs] = [journal.firstProcess?.at ?? null, journal.lastAtMs]
    const green = result?.conclusion === 'success' && startedAtMs !== null && endedAtMs !== null
    return green ? [Math.max(0, endedAtMs - startedAtMs)] : []
  })
  const count = (conclusion: string) => past.filter((run) => run.conclusion === conclusion).length
  return {
    recipe,
    runs: past.length,
    outcomes: Object.fromEntries(CONCLUSIONS.map((conclusion) => [conclusion, count(conclusion)])),
    middleMs: medianOf(took),
    longestMs: took.length === 0 ? null : Math.max(...took),
    stages: stageHistories(past),
  }
}

function rowOf(all: readonly StageHistory[]) {
  const slowest = Math.max(...all.map(({ middleMs }) => middleMs ?? 0))
  return ({ stage, runs, red, middleMs, longestMs, flakyCommits }: StageHistory): string[] => {
    const commits = flakyCommits === 1 ? 'commit' : 'commits'
    const remarks = [
      ...(flakyCommits > 0 ? [`flaky: green and red at ${flakyCommits} ${commits}`] : []),
      ...(all.length > 1 && slowest > 0 && middleMs === slowest ? ['slowest'] : []),
    ]
    return [stage, String(runs), String(red), text(middleMs), text(longestMs), remarks.join('; ')]
  }
}

function text(ms: number | null): string {
  return ms === null ? '' : formatDuration(ms)
}
