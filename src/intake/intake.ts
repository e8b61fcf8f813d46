import { messageOf } from '../errors.ts'
import { LONGEST_WAIT_MS } from '../model/clock.ts'
import type { EventLog } from '../model/events.ts'
import type { Delivery } from '../model/ports.ts'
import { type IntakeEvent, readEvent } from './event.ts'
import { laneOf } from './lane.ts'
import type { IntakeWorld } from './ports.ts'
import { type PutOff, type Read, type SettleOptions, settle } from './settle.ts'

export interface IntakeOptions extends Omit<SettleOptions, 'world'> {
  /** Asked once for each decision. */
  readonly world: () => IntakeWorld
  /** Decides nothing for now; a decision under way is written. */
  readonly isOff?: () => boolean
}

/** Pull requests that are decided at a time; each waits mostly for GitHub. */
const MOST_LANES = 4
/** With so much to do already, a look can wait. */
const FULL_HANDS = 32
/** When to look again for what an earlier process has put off, or after the store has failed. */
const LOOK_AGAIN_MS = 5000
/** Later than any delivery is put off. */
const ALWAYS = Number.MAX_SAFE_INTEGER

interface LaneRead extends Read {
  readonly lane: string
}

/** The deliveries of one pull request that are in hand. */
interface Lane {
  readonly reads: Read[]
  work: Promise<void> | null
}

/**
 * Decides what is undecided, at once and whenever it is woken: the deliveries of one pull request in order of arrival, one at a time
 * (a cancel never overtakes the run that it cancels, nor a command one that is put off), those of different ones side by side.
 */
export class Intake implements AsyncDisposable {
  readonly #options: IntakeOptions
  readonly #lanes = new Map<string, Lane>()
  readonly #inHand = new Set<string>()
  readonly #putOff = new Map<string, PutOff>()
  /** What is undecided, read once: payloads are large. */
  #known: ReadonlyMap<string, LaneRead> = new Map()
  #nap = new AbortController()
  #lookAtMs = 0
  #closed = false
  #fault: string | null = null
  readonly #ended: Promise<void>

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#ended = this.#work()
  }

  /** Something new may be in the store. */
  wake(): void {
    this.#lookAtMs = 0
    this.#nap.abort()
  }

  /** Why its last look, or the writing of a decision after it, failed; null = all is well. */
  fault(): string | null {
    return this.#fault === null ? null : `the intake fails: ${this.#fault}`
  }

  /** Begins nothing more, and waits for what is under way. */
  async close(): Promise<void> {
    this.#closed = true
    this.#nap.abort()
    await this.#ended
    await Promise.all([...this.#lanes.values()].map((lane) => lane.work))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #work(): Promise<void> {
    while (!this.#closed) {
      this.#nap = new AbortController()
      if (this.#isLookDue()) await this.#lookOrFail()
      if (!this.#isResting()) this.#startLanes()
      if (!this.#closed) await this.#sleep()
    }
  }

  /** Timers take no notice of a clock that is set: a nap that nobody cut short has lasted as long as it should. */
  async #sleep(): Promise<void> {
    const untilMs = this.#nextLookMs()
    await this.#options.world().time.sleepUntil(untilMs, this.#nap.signal)
    if (!this.#nap.signal.aborted && Number.isFinite(untilMs)) this.#lookAtMs = 0
  }

  #isLookDue(): boolean {
    const waitMs = this.#nextLookMs() - this.#options.world().time.now()
    return waitMs <= 0 || (waitMs > LONGEST_WAIT_MS && Number.isFinite(waitMs))
  }

  async #lookOrFail(): Promise<void> {
    try {
      await this.#look()
      this.#fault = null
    } catch (error) {
      this.#failed(error)
    }
  }

  /** With full hands, once a lane is done; while it is switched off, once it is woken. */
  #nextLookMs(): number {
    return this.#inHand.size < FULL_HANDS && !this.#isResting() ? this.#lookAtMs : Number.POSITIVE_INFINITY
  }

  #isResting(): boolean {
    return this.#closed || this.#options.isOff?.() === true
  }

  /** Takes in hand what is due and stands behind nothing of its pull request that is put off. */
  async #look(): Promise<void> {
    const { store, time } = this.#options.world()
    this.#lookAtMs = Number.POSITIVE_INFINITY
    const inHand = new Set(this.#inHand)
    const undecided = await store.undecided(ALWAYS)
    const due = new Set((await store.undecided(time.now())).map(({ id }) => id))
    const reads: LaneRead[] = []
    for (const { id } of undecided) {
      const read = this.#known.get(id) ?? (await this.#read(id))
      if (read !== null) reads.push(read)
    }
    this.#known = new Map(reads.map((read) => [read.delivery.id, read]))
    this.#takeDue(reads, due, inHand)
  }

  #takeDue(reads: readonly LaneRead[], due: ReadonlySet<string>, inHand: ReadonlySet<string>): void {
    const { time } = this.#options.world()
    const blocked = new Set<string>()
    for (const read of reads) {
      const { id } = read.delivery
      if (this.#inHand.has(id)) continue
      if (inHand.has(id)) this.#block(read, blocked, 0)
      else if (!due.has(id))
        this.#block(read, blocked, this.#putOff.get(id)?.atMs ?? time.now() + LOOK_AGAIN_MS)
      else if (!blocked.has(read.lane)) this.#take(read)
    }
  }

  /** What left our hands during this look may be decided or put off: only the next look can tell. */
  #block(read: LaneRead, blocked: Set<string>, untilMs: number): void {
    blocked.add(read.lane)
    this.#lookBy(untilMs)
  }

  async #read(id: string): Promise<LaneRead | null> {
    const { log } = this.#options
    const world = this.#options.world()
    const delivery = await world.store.delivery(id)
    if (delivery === null) return null
    const { receivedAtMs } = delivery
    const digest = world.hash(delivery.payload)
    const event = eventOf(delivery, log)
    const lane = event === null ? id : await laneOf(delivery, event, world.store)
    return { delivery: { id, receivedAtMs, digest }, event, lane }
  }

  #take(read: LaneRead): void {
    const lane = this.#lanes.get(read.lane) ?? { reads: [], work: null }
    this.#lanes.set(read.lane, lane)
    lane.reads.push(read)
    this.#inHand.add(read.delivery.id)
  }

  #startLanes(): void {
    let working = [...this.#lanes.values()].filter((lane) => lane.work !== null).length
    for (const [name, lane] of this.#lanes) {
      if (lane.work !== null) continue
      if (working >= MOST_LANES) return
      lane.work = this.#workOff(name, lane)
      working += 1
    }
  }

  /** Until the lane is empty, or its first delivery is put off: then nothing behind it may go on. */
  async #workOff(name: string, lane: Lane): Promise<void> {
    try {
      for (let read = lane.reads[0]; read !== undefined && !this.#isResting(); read = lane.reads[0]) {
        if (!(await this.#settled(read))) break
        this.#inHand.delete(read.delivery.id)
        lane.reads.shift()
      }
    } catch (error) {
      this.#failed(error)
    }
    for (const { delivery } of lane.reads) this.#inHand.delete(delivery.id)
    this.#lanes.delete(name)
    this.#nap.abort()
  }

  async #settled(read: Read): Promise<boolean> {
    const { id } = read.delivery
    const options = { ...this.#options, world: this.#options.world() }
    const again = await settle(read, this.#putOff.get(id)?.attempts ?? 0, options)
    if (again === null) {
      this.#putOff.delete(id)
      return true
    }
    this.#putOff.set(id, again)
    this.#lookBy(again.atMs)
    return false
  }

  #failed(error: unknown): void {
    const { log, world } = this.#options
    this.#fault = messageOf(error)
    log.error({ error: this.#fault }, 'intake.failed')
    this.#lookBy(world().time.now() + LOOK_AGAIN_MS)
  }

  #lookBy(atMs: number): void {
    this.#lookAtMs = Math.min(this.#lookAtMs, atMs)
  }
}

/** Null = the payload is not what GitHub documents; it never will be. */
function eventOf(delivery: Delivery, log: EventLog): IntakeEvent | null {
  try {
    return readEvent(delivery)
  } catch (error) {
    log.error({ delivery: delivery.id, error: messageOf(error) }, 'delivery.unreadable')
    return null
  }
}
