import type { ProcessIdentity } from './journal.ts'

/**
 * How a run came to its end by somebody else than the process that conducted it; the words are stable.
 * - `recovered`: its processes are gone; another one tears it down and concludes it.
 * - `concluded`: they are gone since its teardown was verified; only its result was missing.
 * - `forced`: its process outlived its ceiling and was ended; another one tears it down.
 * - `late`: its result was there for longer than the records take to hear of it.
 * - `given_up`: no result could be had of it; it was concluded without one.
 */
export const TAKE_OVERS = ['recovered', 'concluded', 'forced', 'late', 'given_up'] as const
export type HowTakenOver = (typeof TAKE_OVERS)[number]

export interface TakeOver {
  readonly run: string
  readonly how: HowTakenOver
  /** Who takes it: `service`, `run <id>`, `janitor`. */
  readonly by: string
  /** The process that conducted it last; null = none has written that it does. */
  readonly from: ProcessIdentity | null
}

/** Hears of each, when it begins. */
export type NoteTakeOver = (takeOver: TakeOver) => void
