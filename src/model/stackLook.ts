/** What one look at a stack shows; what converging is judged by. All times are of the engine's clock, which need not be ours. */
export interface StackLook {
  readonly services: readonly ServiceLook[]
  readonly tasks: readonly TaskLook[]
}

export interface ServiceLook {
  readonly id: string
  readonly name: string
  /** `job`: tasks that are to end well, each once. */
  readonly kind: 'service' | 'job'
  /** How many tasks are to run, or of a job to have ended well. Of a global service as many as the swarm says, at least one. */
  readonly wanted: number
  /** `updating`, `paused`, `completed`, `rollback_started`, `rollback_paused`, `rollback_completed`; null = it was never updated. */
  readonly update: string | null
  readonly updateMessage: string
  /** When the spec that is in force was given. */
  readonly updatedAtMs: number
  /** When it counts as up for good: what fails inside of its declared start period is part of a slow start. */
  readonly startPeriodMs: number
  /** What brings an ended task back. */
  readonly restart: 'any' | 'on-failure' | 'none'
}

export interface TaskLook {
  readonly id: string
  readonly service: string
  /** Where it stands in its service: the slot, or the node of a global one. */
  readonly place: string
  /** Of the service's spec (and a job's iteration) as it is now. */
  readonly isCurrent: boolean
  readonly state: string
  /** What the swarm wants of it: `shutdown` and `remove` = it is history. */
  readonly desired: string
  /** The swarm's own words, and the engine's. */
  readonly error: string
  readonly atMs: number
}
