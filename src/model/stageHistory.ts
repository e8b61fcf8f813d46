import { medianOf } from './estimate.ts'
import type { Journal } from './journal.ts'
import type { Conclusion, Outcome } from './run.ts'

/** A finished run, as its folder tells it. */
export interface PastRun {
  readonly sha: string
  readonly journal: Pick<Journal, 'stages'>
  readonly conclusion: Conclusion
}

export interface StageHistory {
  readonly stage: string
  readonly runs: number
  readonly red: number
  /** Milliseconds of the green ones; null = there is none. */
  readonly middleMs: number | null
  readonly longestMs: number | null
  /** Commits at which it was green once, and red another time: what has changed is not in the repository. */
  readonly flakyCommits: number
}

/** What may be laid on the stage: not that somebody stopped it, or that the harness failed. */
const RED: ReadonlySet<Outcome> = new Set(['failure', 'timed_out'])

/** Each stage of these runs, in the order in which they were first met, given the newest run first. */
export function stageHistories(runs: readonly PastRun[]): readonly StageHistory[] {
  const all = runs.flatMap(({ sha, journal }) => journal.stages.map((stage) => ({ sha, ...stage })))
  const names = new Set(all.map(({ name }) => name))
  return [...names].map((stage) => {
    const own = all.filter(({ name }) => name === stage)
    const green = own.filter(({ outcome }) => outcome === 'success')
    const red = own.filter(({ outcome }) => outcome !== null && RED.has(outcome))
    const redAt = new Set(red.map(({ sha }) => sha))
    const took = green.flatMap(({ startedAtMs, endedAtMs }) =>
      endedAtMs === null ? [] : [Math.max(0, endedAtMs - startedAtMs)],
    )
    return {
      stage,
      runs: own.length,
      red: red.length,
      middleMs: medianOf(took),
      longestMs: took.length === 0 ? null : Math.max(...took),
      flakyCommits: new Set(green.map(({ sha }) => sha).filter((sha) => redAt.has(sha))).size,
    }
  })
}
