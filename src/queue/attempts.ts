import { messageOf } from '../errors.ts'
import { FairTurns } from '../model/claimOrder.ts'
import type { RunRow } from '../model/ports.ts'
import type { QueuedRun } from '../model/queued.ts'
import type { Place } from './line.ts'
import type { QueueWorld, Started } from './ports.ts'
import type { Slots } from './slots.ts'
import { explain, fresh, start, waitFor } from './starting.ts'

/**
 * An attempt that takes longer, since GitHub keeps a token back or something has to be recovered first, keeps no slot from the next one;
 * milliseconds.
 */
const PROMPT_MS = 250

export interface AttemptEvents {
  /** Called with every run that was started. */
  readonly started: (runId: string, run: Started) => void
  /** Called when an attempt has ended and there is no slot for another one. */
  readonly full: () => Promise<void>
}

/** Runs that are being tried just now, each once. */
export class Attempts {
  readonly #world: QueueWorld
  readonly #slots: Slots
  readonly #events: AttemptEvents
  readonly #underWay = new Set<string>()
  /** Of those under way, who may still get a slot at once. */
  readonly #prompt = new Map<string, { readonly run: QueuedRun; readonly timer: NodeJS.Timeout }>()
  readonly #starts = new Set<Promise<void>>()
  readonly #rows = new Map<string, RunRow>()
  #offered = new FairTurns<Place>([])
  #closed = false

  constructor(world: QueueWorld, slots: Slots, events: AttemptEvents) {
    this.#world = world
    this.#slots = slots
    this.#events = events
  }

  has(runId: string): boolean {
    return this.#underWay.has(runId)
  }

  /** Who may be tried from now on, and nobody else: in fair order, and so many at a time as there are slots for them. */
  offer(heads: readonly Place[]): void {
    this.#offered = new FairTurns(heads.filter(({ run }) => !this.has(run.id)))
    this.#goOn()
  }

  /** What was read of these is to be read again. */
  changed(runIds: readonly string[]): void {
    for (const id of runIds) this.#rows.delete(id)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#offered = new FairTurns([])
    await Promise.allSettled(this.#starts)
  }

  #goOn(): void {
    while (this.#slots.free > this.#prompt.size) {
      // One that cannot start counts no more: what it would have passed is not passed for it.
      const next = this.#offered.next(
        this.#slots.occupants().concat([...this.#prompt.values()].map(({ run }) => run)),
      )
      if (next === null) return
      this.#begin(next.run)
    }
  }

  #begin(run: QueuedRun): void {
    const { id } = run
    this.#underWay.add(id)
    this.#prompt.set(id, { run, timer: setTimeout(() => this.#takesLong(id), PROMPT_MS).unref() })
    void this.#attempt(id)
      .catch((error: unknown) => this.#failed(error, id))
      .finally(() => this.#ended(id))
  }

  async #attempt(id: string): Promise<void> {
    const row = await this.#row(id)
    if (row === null) return
    const turn = await this.#world.machine.takeTurn(row)
    if (this.#closed) return turn.kind === 'held' ? turn.giveBack() : undefined
    if (turn.kind !== 'held') return explain(this.#world, id, turn)
    if (this.#world.isOff('dispatch')) return turn.giveBack()
    if (!this.#slots.take(row)) {
      turn.giveBack()
      return waitFor(this.#world, row, this.#slots.words)
    }
    this.#reservesNoMore(id)
    const launch = start(this.#world, id, turn, this.#events.started).finally(() =>
      this.#slots.startEnded(row),
    )
    this.#starts.add(launch)
    await launch.finally(() => this.#starts.delete(launch))
  }

  async #row(id: string): Promise<RunRow | null> {
    const row = this.#rows.get(id) ?? (await fresh(this.#world, id))
    if (row !== null) this.#rows.set(id, row)
    return row
  }

  #takesLong(id: string): void {
    this.#reservesNoMore(id)
    this.#goOn()
  }

  /** Nothing from here on: it has a slot, or has had its time for one. */
  #reservesNoMore(id: string): void {
    clearTimeout(this.#prompt.get(id)?.timer)
    this.#prompt.delete(id)
  }

  #ended(id: string): void {
    this.#underWay.delete(id)
    this.#reservesNoMore(id)
    this.#goOn()
    if (!this.#closed && this.#slots.free <= 0)
      void this.#events.full().catch((error: unknown) => this.#failed(error))
  }

  #failed(error: unknown, run?: string): void {
    this.#world.log.error(
      { ...(run === undefined ? {} : { run }), error: messageOf(error) },
      'dispatch.failed',
    )
  }
}
