import type { Name } from './names.ts'

/** What somebody asks of a name by hand; carried out by whoever has the machine. */
export interface NewOrder {
  readonly id: string
  readonly action: 'hold' | 'release'
  readonly name: Name
  /** How long a hold lasts, and how long it is waited for; milliseconds. */
  readonly forMs: number
  readonly reason: string
  readonly by: string
  /** The comment whose reply tells what became of it; null = none does. */
  readonly commentId: number | null
  readonly orderedAtMs: number
}

/** How an order ended: `failed` = by a fault of the harness. */
export const ORDER_OUTCOMES = [
  'held',
  'not_held',
  'withdrawn',
  'hold_ended',
  'keep_ended',
  'declared_clean',
  'was_free',
  'busy',
  'failed',
] as const
export type OrderOutcome = (typeof ORDER_OUTCOMES)[number]

export interface OrderEnd {
  readonly outcome: OrderOutcome
  /** One line for people, untrusted. */
  readonly detail: string
  readonly atMs: number
}

export interface Order extends NewOrder {
  /** Null = it is still to be carried out. */
  readonly end: OrderEnd | null
}
