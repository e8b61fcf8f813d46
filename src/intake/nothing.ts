import { mayHoldCommand } from '../model/commandLines.ts'
import type { Delivery } from '../model/ports.ts'
import { readEvent } from './event.ts'

/**
 * A word for why nothing comes of a delivery, whatever the records and GitHub say; null = that is to be decided. Most of what GitHub
 * sends is of this kind (comments that ask for nothing, checks of other Apps, pushes' suites): no decision has to wait behind it.
 */
export function outcomeOfNothing(delivery: Pick<Delivery, 'event' | 'payload'>): string | null {
  const event = readable(delivery)
  if (event?.kind === 'ignored') return event.why
  return event?.kind === 'comment' && !mayHoldCommand(event.body) ? 'no_command' : null
}

/** What cannot be read is kept for somebody to look at, and told as that by whoever decides it. */
function readable(delivery: Pick<Delivery, 'event' | 'payload'>): ReturnType<typeof readEvent> | null {
  try {
    return readEvent(delivery)
  } catch {
    return null
  }
}
