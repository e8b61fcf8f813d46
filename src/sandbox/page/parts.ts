import type { UnknownCall } from '../github/api/api.ts'
import type { Deliveries } from '../github/deliveries.ts'
import type { PublicHub } from '../github/hub.ts'
import type { People } from '../github/people.ts'
import type { Repository } from '../github/records.ts'

/** What the pages show and do. */
export interface PageParts {
  readonly hub: PublicHub
  readonly people: People
  readonly deliveries: Deliveries
  readonly repository: Repository
  /** For tests that start the stand-in as a program of its own: they read it as JSON. */
  unknownCalls(): readonly UnknownCall[]
}
