import { PASSED_AT_MOST_MS } from '../../src/model/claimOrder.ts'
import type { NewRun } from '../../src/model/ports.ts'

/** What was seen of the queue that its rules do not allow. */
export interface Violations {
  /** A run started while another one, or somebody, had one of its names. */
  shared: number
  /** A run started before one that was ahead of it for the same name. */
  inversions: number
  /** A slot went to a repository while one with fewer runs under way had a run that could start. */
  unfair: number
  /** A slot was free, and somebody could start. */
  idle: number
  /** A run that had waited for as long as anybody may be passed was passed, and its repository had less under way. */
  starved: number
}

export const NO_VIOLATIONS: Readonly<Violations> = {
  shared: 0,
  inversions: 0,
  unfair: 0,
  idle: 0,
  starved: 0,
}

interface Waiter {
  readonly run: NewRun
  passed: number
}

/** Looks at each start as the rules of the queue have it; shares nothing with the queue itself but the time after which nobody is passed. */
export class Judge {
  readonly violations: Violations = { ...NO_VIOLATIONS }
  readonly #waiting = new Map<string, Waiter>()
  readonly #live = new Map<string, NewRun>()
  readonly #foreign = new Map<string, string>()
  readonly #slots: number

  constructor(slots: number) {
    this.#slots = slots
  }

  queued(run: NewRun): void {
    this.#waiting.set(run.id, { run, passed: 0 })
  }

  held(hold: string, name: string): void {
    this.#foreign.set(hold, name)
  }

  released(hold: string): void {
    this.#foreign.delete(hold)
  }

  /** @returns how many older runs that could have started it has passed, and how often it was passed itself */
  started(id: string, nowMs: number): { readonly passed: number } {
    const waiter = this.#waiting.get(id)
    if (waiter === undefined) throw new Error(`run ${id} started, and was not queued`)
    const { run } = waiter
    const taken = this.#taken()
    if (run.names.some((name) => taken.has(name))) this.violations.shared += 1
    const others = [...this.#waiting.values()].filter((other) => other.run.id !== id)
    for (const other of others) {
      const isSame = other.run.names.some((name) => run.names.includes(name))
      if (isSame && isBefore(other.run, run, nowMs)) this.violations.inversions += 1
    }
    const startable = others.filter((other) => this.#isStartable(other.run, taken, nowMs))
    for (const other of startable) this.#passes(run, other, startable, nowMs)
    this.#waiting.delete(id)
    this.#live.set(id, run)
    return { passed: waiter.passed }
  }

  ended(id: string): void {
    this.#live.delete(id)
  }

  /** When nothing moves any more. */
  rested(nowMs: number): void {
    const taken = this.#taken()
    const waits = [...this.#waiting.values()].some(({ run }) => this.#isStartable(run, taken, nowMs))
    if (waits && this.#live.size < this.#slots) this.violations.idle += 1
  }

  #passes(run: NewRun, other: Waiter, startable: readonly Waiter[], nowMs: number): void {
    if (other.run.enqueuedAtMs < run.enqueuedAtMs) other.passed += 1
    if (this.#comesFirst(run, other.run, startable, nowMs)) this.violations.unfair += 1
    const isPassedLate = isOverdue(other.run, nowMs) && !isOverdue(run, nowMs)
    if (isPassedLate && this.#levelOf(other.run) < this.#levelOf(run)) this.violations.starved += 1
  }

  /** Should the other one have had the slot? */
  #comesFirst(run: NewRun, other: NewRun, startable: readonly Waiter[], nowMs: number): boolean {
    const [mine, theirs] = [this.#levelOf(run), this.#levelOf(other)]
    if (theirs !== mine) return theirs < mine
    const [ofMine, ofTheirs] = [this.#levelInside(run), this.#levelInside(other)]
    if (run.repositoryId === other.repositoryId)
      return ofTheirs < ofMine || (ofTheirs === ofMine && isBefore(other, run, nowMs))
    // Which of its own a repository sends is settled inside it.
    const isSent = startable.every(
      (one) => one.run.repositoryId !== other.repositoryId || this.#levelInside(one.run) >= ofTheirs,
    )
    return isSent && isBefore(other, run, nowMs)
  }

  #levelOf({ repositoryId }: NewRun): number {
    return [...this.#live.values()].filter((run) => run.repositoryId === repositoryId).length
  }

  #levelInside({ repositoryId, pr }: NewRun): number {
    return [...this.#live.values()].filter((run) => run.repositoryId === repositoryId && run.pr === pr).length
  }

  /** The first for all of its names, all of which are free. */
  #isStartable(run: NewRun, taken: ReadonlySet<string>, nowMs: number): boolean {
    if (run.names.some((name) => taken.has(name))) return false
    return ![...this.#waiting.values()].some(
      (other) =>
        other.run.id !== run.id &&
        other.run.names.some((name) => run.names.includes(name)) &&
        isBefore(other.run, run, nowMs),
    )
  }

  #taken(): ReadonlySet<string> {
    return new Set([...this.#foreign.values(), ...[...this.#live.values()].flatMap(({ names }) => names)])
  }
}

function isBefore(a: NewRun, b: NewRun, nowMs: number): boolean {
  const [overdueA, overdueB] = [isOverdue(a, nowMs), isOverdue(b, nowMs)]
  if (overdueA !== overdueB) return overdueA
  if (!overdueA && a.priority !== b.priority) return a.priority > b.priority
  return a.enqueuedAtMs < b.enqueuedAtMs || (a.enqueuedAtMs === b.enqueuedAtMs && a.id < b.id)
}

function isOverdue({ enqueuedAtMs }: NewRun, nowMs: number): boolean {
  return nowMs - enqueuedAtMs >= PASSED_AT_MOST_MS
}
