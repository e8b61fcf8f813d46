import { messageOf } from '../errors.ts'
import type { StopReason, StopRequest } from '../model/journal.ts'

/** The durable half of a stop, in the run's folder. */
export interface StopFile {
  /** False = an earlier request stands. */
  readonly note: (stop: StopRequest) => boolean
  readonly read: () => StopRequest | null
}

/**
 * The one door for everything that ends a run early. The first reason wins, whoever wrote it; once teardown has begun, signals and
 * alarms are noted and change nothing.
 */
export class Stop {
  readonly #file: StopFile
  readonly #announce: (stop: StopRequest) => void
  readonly #controller = new AbortController()
  #stop: StopRequest | null = null
  #tearing = false
  #deadline: NodeJS.Timeout | null = null

  /** @param announce writes a stop to the journal, before anything is ended for it */
  constructor(file: StopFile, announce: (stop: StopRequest) => void) {
    this.#file = file
    this.#announce = announce
  }

  /** Aborts when the work has to end. Teardown never sees it. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Asks the run to stop, durably first. What the file says already counts more than this reason. */
  request(reason: StopReason, by: string): void {
    const stop = { reason, by, atMs: Date.now() }
    this.#carryOut(this.#durably(stop))
  }

  /** Carries out a stop that somebody else has written to the folder. */
  look(): void {
    const stop = this.#asked()
    if (stop !== null) this.#carryOut(stop)
  }

  /** A stop that cannot be read is one all the same: a run must not stay, untorn, for the sake of its words. */
  #asked(): StopRequest | null {
    try {
      return this.#file.read()
    } catch (error) {
      return { reason: 'fault', by: messageOf(error), atMs: Date.now() }
    }
  }

  /** Own timer: that of `AbortSignal.timeout` does not keep the process alive. */
  armDeadline(ms: number): void {
    this.#deadline = setTimeout(() => this.request('deadline', 'the run budget'), ms)
  }

  /** The work is over: what the run does from here on has a time of its own. */
  disarmDeadline(): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline)
  }

  /** From here on a stop changes nothing any more; the deadline is disarmed before teardown begins. */
  enterTearing(): void {
    this.#tearing = true
    this.disarmDeadline()
  }

  /** A disk that takes no stop.json must not keep a run alive. */
  #durably(stop: StopRequest): StopRequest {
    try {
      return this.#file.note(stop) ? stop : (this.#file.read() ?? stop)
    } catch {
      return stop
    }
  }

  #carryOut(stop: StopRequest): void {
    if (this.#stop !== null) return
    this.#stop = stop
    this.#announce(stop)
    if (!this.#tearing) this.#controller.abort()
  }
}
