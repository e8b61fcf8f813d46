import type { Journal } from './journal.ts'
import { fieldsOf, listOf, numberOf, oneOf, textOf } from './read.ts'
import { OUTCOMES, type Outcome } from './run.ts'
import { TEARDOWN } from './stageLog.ts'

/** A stage of a run that is over; its teardown is one, too. */
export interface PastStage {
  readonly name: string
  readonly outcome: Outcome
  readonly tookMs: number
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
