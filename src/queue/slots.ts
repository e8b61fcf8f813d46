import type { QueuedRun } from '../model/queued.ts'

/** What slots are counted for. */
export type Occupant = Pick<QueuedRun, 'id' | 'repositoryId' | 'pr'>

/** How many runs may live at a time. A run counts from the moment in which it is about to start, and never twice. */
export class Slots {
  readonly #most: () => number
  readonly #starting = new Map<string, Occupant>()
  #live: ReadonlyMap<string, Occupant> = new Map()

  constructor(most: () => number) {
    this.#most = most
  }

  get free(): number {
    return this.#most() - this.occupants().length
  }

  get words(): string {
    return `a free slot (${this.#most()} at a time)`
  }

  /** Runs under way, and those that are about to be. */
  occupants(): readonly Occupant[] {
    return [...new Map([...this.#live, ...this.#starting]).values()]
  }

  occupied(live: readonly Occupant[]): void {
    this.#live = new Map(live.map((row) => [row.id, row]))
  }

  take(row: Occupant): boolean {
    if (this.free <= 0) return false
    this.#starting.set(row.id, row)
    return true
  }

  /** From here on it counts as live, until the next look at the store says otherwise. */
  startEnded(row: Occupant): void {
    this.#live = new Map([...this.#live, [row.id, row]])
    this.#starting.delete(row.id)
  }
}
