import { randomUUID } from 'node:crypto'
import type { Context } from 'hono'
import type { Person } from '../../model/access.ts'
import type { NewAction } from '../../model/action.ts'
import { MOST_HOLD_MS } from '../../model/commandHold.ts'
import { parseDuration } from '../../model/duration.ts'
import { addressOf } from './address.ts'

export const MOST_REASON = 500

export type Wish = Pick<NewAction, 'act'> & Partial<Pick<NewAction, 'run' | 'name' | 'forMs' | 'reason'>>

/** What somebody asks for now. */
export function newAction(c: Context, by: Person, wish: Wish, askedAtMs: number): NewAction {
  const nothing = { run: null, name: null, forMs: 0, reason: '' }
  return { id: `action:${randomUUID()}`, ...nothing, by, from: addressOf(c), askedAtMs, ...wish }
}

/** Null = it is no duration, or longer than a hold may last. */
export function holdMs(text: string): number | null {
  const ms = parseDuration(text)
  return ms !== null && ms > 0 && ms <= MOST_HOLD_MS ? ms : null
}
