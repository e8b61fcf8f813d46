import type { NameState } from '../../lock/look.ts'
import { EVENTS } from '../../model/events.ts'
import { OUTCOMES } from '../../model/outcomes.ts'
import { REFUSALS } from '../../model/refusal.ts'
import { REPORT_KINDS } from '../../model/report.ts'
import { isLive, RUN_STATES, type RunState } from '../../model/run.ts'

/** What a label says where a text is none of its words. */
export const OTHER = 'other'

export const LIVE_STATES: readonly RunState[] = RUN_STATES.filter(isLive)
export const NAME_STATES = ['free', 'busy', 'dirty', 'blocked'] as const satisfies readonly NameState[]
export const ALARM_STATES = ['pending', 'failed'] as const
export const ALARM_OUTCOMES = ['sent', 'put_off', 'given_up'] as const
export const DELIVERY_OUTCOMES = ['new', 'repeated', 'refused'] as const
export const HEALED = ['comment', 'push', 'closing', 'check'] as const
export const PROOFS_SHOWN = ['verified', 'not_verified'] as const
/** Reports; a check that says how a run ended is a kind of its own. */
export const SHOWN_KINDS = [...REPORT_KINDS, 'conclusion', OTHER] as const
/** What did not end within its time: a stage, a run, a teardown command. */
export const TIMEOUTS = ['stage', 'deadline', 'teardown'] as const

/** Decided deliveries: what was nothing for us has many words, and is `other`. */
export const DECISIONS = [...OUTCOMES, ...Object.keys(REFUSALS)] as const

/** Counting itself may fail, and has no line in the log. */
export const METRICS_FAILED = 'metrics.failed'

/** Work that failed and goes on: each is a line in the log, with its cause. */
export const FAULTS: readonly string[] = [
  ...Object.entries(EVENTS).flatMap(([name, row]) => ('isFault' in row ? [name] : [])),
  METRICS_FAILED,
]

/** The text, if it is one of the words. */
export function oneOf(value: unknown, known: readonly string[]): string {
  return typeof value === 'string' && known.includes(value) ? value : OTHER
}
