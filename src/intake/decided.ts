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
    replies: [],
    orders: [],
    moves: [],
  }
}

/** Several decisions about one delivery as one record; what was started counts most. */
export function together(nothing: Decided, parts: readonly Decided[]): Decided {
  const first = parts.find(({ runs }) => runs.length > 0) ?? parts[0] ?? nothing
  return {
    ...first,
    subjects: parts.flatMap(({ subjects }) => subjects),
    runs: parts.flatMap(({ runs }) => runs),
    reports: parts.flatMap(({ reports }) => reports),
    stops: parts.flatMap(({ stops }) => stops),
    uses: parts.flatMap(({ uses }) => uses),
    heads: parts.flatMap(({ heads }) => heads),
    approvals: parts.flatMap(({ approvals }) => approvals),
    replies: parts.flatMap(({ replies }) => replies),
    orders: parts.flatMap(({ orders }) => orders),
    moves: parts.flatMap(({ moves }) => moves),
  }
}
