import type { Aim } from '../../model/aim.ts'
import type { Outcome, RunRequest } from '../../model/run.ts'
import type { Ended } from '../../process/containment.ts'
import type { StackSecrets } from '../../secrets/generated.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import type { CliParts } from '../docker/cli.ts'
import type { ProcessDriverParts } from '../process.ts'

/** What a driver of stacks is made of. */
export interface StackParts extends ProcessDriverParts {
  readonly secrets: StackSecrets
}

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
  readonly secrets: StackSecrets
  /** A line of its log. */
  readonly say: (line: string) => void
  /** Output of what the stage has started, in whatever pieces it comes. */
  readonly write: (chunk: Buffer) => void
}

export interface StackStageEnd {
  readonly outcome: Outcome
  /** Of a command; none = there was none. */
  readonly exitCode?: number
  readonly detail: string
  /** Of the engine's clients that were ended. */
  readonly ended: readonly Ended[]
  /** None = it shows nothing of the stack, whatever the outcome. */
  readonly aim?: Aim
  /** One of them may have asked the engine for something that nobody has heard of since. */
  readonly isLost: boolean
}
