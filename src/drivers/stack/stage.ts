import type { Aim } from '../../model/aim.ts'
import type { Outcome, RunRequest } from '../../model/run.ts'
import type { ObjectKind } from '../../model/stackObjects.ts'
import type { Ended } from '../../process/containment.ts'
import type { StackSecrets } from '../../secrets/generated.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import type { CliCall, CliParts } from '../docker/cli.ts'
import type { Engine } from '../docker/engine.ts'
import type { ProcessDriverParts } from '../process.ts'

/** A container of a service's on the engine's node. */
export interface TaskContainer {
  readonly id: string
  /** In a network that the host reaches; null = there is none. */
  readonly address: string | null
}

/** The file that is deployed, and what it needs. */
export interface Resolved {
  readonly path: string
  readonly file: Readonly<Record<string, unknown>>
  readonly images: readonly string[]
  /** How long it may take to stand, by the repository's own word; null = it does not say. */
  readonly timeoutMs: number | null
}

/** What the drivers of stacks do each in its own way. */
export interface Orchestrator {
  readonly driver: 'swarm' | 'compose'
  /** What it makes on the engine. */
  readonly kinds: readonly ObjectKind[]
  /** Of a client that says no, it is known that the engine has answered all that it was asked. */
  readonly tellsAnswers: boolean
  /** Warnings of its client that are not true of what is deployed; null = none. */
  readonly noise: RegExp | null
  /** @throws EngineError; HarnessError where nothing can be deployed on this engine */
  readonly requireEngine: (engine: Engine) => Promise<unknown>
  /** What prints the compose files as one. @throws HarnessError where the client is not there */
  readonly configCall: (stage: StackStage, files: readonly string[]) => Promise<Omit<CliCall, 'timeoutMs'>>
  /** Has the engine make of the stack what the file says, and waits for it. @throws EngineError, HarnessError */
  readonly stand: (stage: StackStage, engine: Engine, resolved: Resolved) => Promise<StackStageEnd>
  /** Those that run. @throws EngineError; HarnessError NO_SERVICE where the stack has none of that name */
  readonly containersOf: (engine: Engine, stack: string, service: string) => Promise<readonly TaskContainer[]>
}

/** What a driver of stacks is made of. */
export interface StackParts extends ProcessDriverParts {
  readonly secrets: StackSecrets
}

/** What a stage that is no command line works with. */
export interface StackStage {
  readonly request: RunRequest
  readonly run: RunPaths
  readonly name: string
  readonly orchestrator: Orchestrator
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
