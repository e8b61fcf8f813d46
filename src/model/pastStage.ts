import type { Outcome } from './run.ts'

/** A stage of a run that is over; its teardown is one, too. */
export interface PastStage {
  readonly name: string
  readonly outcome: Outcome
  readonly tookMs: number
}
