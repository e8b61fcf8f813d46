import { medianOf } from './estimate.ts'
import type { Journal } from './journal.ts'
import type { PastStage } from './pastStage.ts'
import type { RunRow } from './ports.ts'
import { fieldsOf, listOf, numberOf, oneOf, textOf } from './read.ts'
import { type Conclusion, OUTCOMES, type Outcome } from './run.ts'
import { TEARDOWN } from './stageLog.ts'

/** How long something took, milliseconds. `p95Ms`: 95 of 100 took no longer (nearest rank). */
export interface Durations {
  readonly count: number
  readonly shortestMs: number
  readonly middleMs: number
  readonly p95Ms: number
  readonly longestMs: number
}

/** Of the commits that were tried at least twice with the same arguments, those that both passed and failed. */
export interface Flakiness {
  readonly tried: number
  readonly flaky: number
}

export interface StageHistory {
  readonly name: string
  readonly durations: Durations
  readonly outcomes: Readonly<Record<Outcome, number>>
  readonly flakiness: Flakiness
}

/** What a history needs of a run: of its record, or of its folder. */
export type EndedRun = Pick<
  RunRow,
  'id' | 'repositoryId' | 'sha' | 'arguments' | 'keepMs' | 'verdict' | 'startedAtMs' | 'concludedAtMs'
>

export type PastRun<R extends EndedRun = RunRow> = R & {
  /** Null = it never started. */
  readonly tookMs: number | null
  /** Null = not known: an older berth has concluded it. */
  readonly stages: readonly PastStage[] | null
}

export interface History<R extends EndedRun = RunRow> {
  readonly outcomes: Readonly<Record<Conclusion, number>>
  /** Of those that ended by themselves, green or red; null = there is none. */
  readonly durations: Durations | null
  readonly flakiness: Flakiness
  /** Slowest first, by the middle one. */
  readonly stages: readonly StageHistory[]
  readonly runs: readonly PastRun<R>[]
}

/** How the stages went that have ended, and the teardown: what is written with a run's end. */
export function pastStages({ stages, teardown }: Journal): readonly PastStage[] {
  const ended = stages.flatMap(({ name, outcome, startedAtMs, endedAtMs }) =>
    outcome === null || endedAtMs === null
      ? []
      : [{ name, outcome, tookMs: Math.max(0, endedAtMs - startedAtMs) }],
  )
  if (teardown === null) return ended
  const { verified, tookMs } = teardown
  return [
    ...ended,
    { name: TEARDOWN, outcome: verified ? 'success' : 'failure', tookMs: Math.max(0, Math.round(tookMs)) },
  ]
}

/** Null = it cannot be read. */
export function readPastStages(value: unknown): readonly PastStage[] | null {
  try {
    return listOf({ stages: value }, 'stages', readPastStage)
  } catch {
    return null
  }
}

function readPastStage(value: unknown): PastStage {
  const fields = fieldsOf(value, 'stage')
  return {
    name: textOf(fields, 'name'),
    outcome: oneOf(fields, 'outcome', OUTCOMES),
    tookMs: numberOf(fields, 'tookMs'),
  }
}

/** What runs of one recipe that are over tell together. */
export function historyOf<R extends EndedRun>(
  rows: readonly R[],
  stagesOf: ReadonlyMap<string, readonly PastStage[]>,
): History<R> {
  const runs = rows.map(
    (row): PastRun<R> => ({ ...row, tookMs: tookMs(row), stages: stagesOf.get(row.id) ?? null }),
  )
  const finished = runs.filter(endedByItself)
  const passed = finished.map((run) => ({ run, isGreen: run.verdict?.reason !== 'stage_failed' }))
  return {
    outcomes: counted(
      NO_CONCLUSIONS,
      rows.flatMap(({ verdict }) => verdict?.conclusion ?? []),
    ),
    durations: durationsOf(finished.flatMap((run) => run.tookMs ?? [])),
    flakiness: flakinessOf(passed),
    stages: stageHistories(runs),
    runs,
  }
}

interface Tried {
  readonly run: EndedRun
  readonly isGreen: boolean
}

/** The same code, asked for in the same way: only then does a difference come from somewhere else. */
function flakinessOf(tries: readonly Tried[]): Flakiness {
  const byCommit = Object.groupBy(tries, ({ run }) =>
    JSON.stringify([run.repositoryId, run.sha, Object.entries(run.arguments).sort()]),
  )
  const twice = Object.values(byCommit).filter((some = []) => some.length > 1)
  const flaky = twice.filter((some = []) => new Set(some.map(({ isGreen }) => isGreen)).size > 1)
  return { tried: twice.length, flaky: flaky.length }
}

function stageHistories(runs: readonly PastRun<EndedRun>[]): readonly StageHistory[] {
  const all = runs.flatMap((run) => (run.stages ?? []).map((stage) => ({ run, stage })))
  const byName = Object.groupBy(all, ({ stage }) => stage.name)
  return Object.entries(byName)
    .flatMap(([name, some = []]) => {
      const ended = some.filter(({ stage }) => SAYS_SOMETHING.has(stage.outcome))
      const durations = durationsOf(ended.map(({ stage }) => stage.tookMs))
      if (durations === null) return []
      const tries = ended.map(({ run, stage }) => ({ run, isGreen: stage.outcome === 'success' }))
      const outcomes = counted(
        NO_OUTCOMES,
        some.map(({ stage }) => stage.outcome),
      )
      return [{ name, durations, outcomes, flakiness: flakinessOf(tries) }]
    })
    .sort((one, other) => other.durations.middleMs - one.durations.middleMs)
}

/** A stage that was stopped, or in which the harness failed, says nothing about what was tested. */
const SAYS_SOMETHING: ReadonlySet<Outcome> = new Set(['success', 'failure', 'timed_out'])

function durationsOf(all: readonly number[]): Durations | null {
  const middleMs = medianOf(all)
  if (middleMs === null) return null
  const sorted = all.toSorted((one, other) => one - other)
  const p95Ms = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? middleMs
  return {
    count: all.length,
    shortestMs: sorted[0] ?? middleMs,
    middleMs,
    p95Ms,
    longestMs: sorted.at(-1) ?? middleMs,
  }
}

const NO_CONCLUSIONS: History['outcomes'] = { success: 0, failure: 0, cancelled: 0, timed_out: 0 }
const NO_OUTCOMES: StageHistory['outcomes'] = { ...NO_CONCLUSIONS, fault: 0 }

function counted<K extends string>(
  none: Readonly<Record<K, number>>,
  all: readonly K[],
): Readonly<Record<K, number>> {
  const counts = { ...none }
  for (const key of all) Object.assign(counts, { [key]: counts[key] + 1 })
  return counts
}

/** The wall clock may have been set back meanwhile. */
function tookMs({ startedAtMs, concludedAtMs }: EndedRun): number | null {
  return startedAtMs === null || concludedAtMs === null ? null : Math.max(0, concludedAtMs - startedAtMs)
}

/** A red run that was kept for inspection lasted as long as somebody looked at it. */
function endedByItself({ verdict, keepMs }: EndedRun): boolean {
  if (verdict?.reason === 'passed' || verdict?.reason === 'teardown_unverified') return true
  return verdict?.reason === 'stage_failed' && keepMs === 0
}
