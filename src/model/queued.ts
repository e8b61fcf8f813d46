import type { StopRequest } from './journal.ts'
import type { Name } from './names.ts'

/** Of a queued run, what its place depends on. */
export interface QueuedRun {
  readonly id: string
  readonly priority: number
  readonly enqueuedAtMs: number
  readonly names: readonly Name[]
  readonly repositoryId: string
  readonly pr: number
  readonly recipe: string
  readonly sha: string
  readonly stop: StopRequest | null
  /** What people were told last that it waits for. */
  readonly waitsFor: string | null
}

/** What has happened to the queue since somebody looked. */
export interface QueueNews {
  /** For the next look; what is written meanwhile may be told twice, and is never left out. */
  readonly upTo: number
  /** Queued now, and added, changed or put back since. */
  readonly queued: readonly QueuedRun[]
  /** Changed since, and not queued, or not to be read. */
  readonly left: readonly string[]
}
