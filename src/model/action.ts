import type { Person } from './access.ts'
import type { Name } from './names.ts'
import type { OrderOutcome } from './order.ts'

export const ACTS = ['cancel', 'retry', 'hold', 'release'] as const
export type Act = (typeof ACTS)[number]

/** Something that was asked for on a page or over the API. */
export interface NewAction {
  readonly id: string
  readonly act: Act
  /** The run whose pull request it is about; null = none: it is about a name alone. */
  readonly run: string | null
  /** What is to be held or released; null = the run's domain. */
  readonly name: Name | null
  readonly forMs: number
  readonly reason: string
  readonly by: Person
  /** The address that it came from. */
  readonly from: string
  readonly askedAtMs: number
}

/** How it was decided. */
export interface ActionEnd {
  readonly atMs: number
  /** What came of it, such as `stop_requested`, or a refusal's reason code. */
  readonly code: string
  /** What exactly, and the way out; Markdown. */
  readonly detail: string
  /** Runs that it has queued or stopped. */
  readonly runs: readonly string[]
}

export interface Action extends Omit<NewAction, 'by'> {
  readonly by: string
  /** Null = it is not decided yet. */
  readonly end: ActionEnd | null
  /** What became of the name; null = nothing yet, or it is about none. */
  readonly order: { readonly outcome: OrderOutcome; readonly detail: string } | null
}

/**
 * An action is decided like a webhook: in the same line, by the same rules, once, and after a restart, too. No webhook's event has a colon, so that
 * none can come from outside.
 */
export const ACTION_EVENT = 'berth:action'

export interface ActionStore {
  /** Stores it, to be decided. */
  addAction(action: NewAction): Promise<void>
  action(id: string): Promise<Action | null>
  /** Newest first. */
  actions(limit: number): Promise<readonly Action[]>
}
