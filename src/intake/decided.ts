import type { Decided } from '../model/ports.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'

/** A decision that writes nothing but the delivery's end. */
export function emptyDecided(
  delivery: DeliveryHead,
  outcome: string,
  { time }: Pick<IntakeWorld, 'time'>,
): Decided {
  return {
    deliveryId: delivery.id,
    atMs: time.now(),
    outcome,
    subjects: [],
    runs: [],
    reports: [],
    stops: [],
    uses: [],
    heads: [],
    approvals: [],
  }
}
