import type { Outcome, RunRequest } from '../../model/run.ts'
import type { Ended } from '../../process/containment.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import type { CliParts } from '../docker/cli.ts'

/** What a stage that is no command line works with. */
export interface StackStage {
  readonly request: RunRequest
  readonly run: RunPaths
  readonly name: string
  readonly cli: CliParts
  /** Of the stage: a stop, or its time is over. */
  readonly signal: AbortSignal
  /** What is left of its time, milliseconds. */
  readonly timeoutMs: () => number
  /** A line of its log. */
  readonly say: (line: string) => void
}

export interface StackStageEnd {
  readonly outcome: Outcome
  /** Of a command; none = there was none. */
  readonly exitCode?: number
  readonly detail: string
  /** Of the engine's clients that were ended. */
  readonly ended: readonly Ended[]
  /** One of them may have asked the engine for something that nobody has heard of since. */
  readonly isLost: boolean
}
