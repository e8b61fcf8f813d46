import { DELIVERY_EVENTS } from './events/deliveries.ts'
import type { FIELDS, FieldName, FieldTypes } from './events/fields.ts'
import { REPORT_EVENTS } from './events/reports.ts'
import type { EventRow, Level } from './events/row.ts'
import { RUN_EVENTS } from './events/runs.ts'
import { SERVICE_EVENTS } from './events/service.ts'
import { TRACE_EVENTS } from './events/traces.ts'
import type { RunRow } from './ports.ts'

/** All events that the service may log. docs/observability.md is made from it. */
export const EVENTS = {
  ...RUN_EVENTS,
  ...DELIVERY_EVENTS,
  ...REPORT_EVENTS,
  ...SERVICE_EVENTS,
  ...TRACE_EVENTS,
} as const satisfies Readonly<Record<string, EventRow>>

export type EventName = keyof typeof EVENTS

/** Where parts of the service say what happens: one event of the table per transition, at its level and with its facts. A pino logger fits. */
export type EventLog = {
  readonly [L in Level]: <E extends EventAt<L>>(data: EventData<E>, event: E) => void
}

/** The facts of an event; of one of several, those of either. */
export type EventData<E extends EventName> = E extends EventName ? Given<E> & Known<E> : never

type EventAt<L extends Level> = {
  [E in EventName]: (typeof EVENTS)[E]['level'] extends L ? E : never
}[EventName]

type Given<E extends EventName> = {
  readonly [F in (typeof EVENTS)[E]['fields'][number]]: Value<F>
}

type Known<E extends EventName> = (typeof EVENTS)[E] extends { readonly more: readonly (infer F)[] }
  ? { readonly [M in F & FieldName]?: Value<M> }
  : unknown

type Value<F extends FieldName> = FieldTypes[(typeof FIELDS)[F]['type']]

/** Which run an event is about. */
export type AboutRun = Given<'run.running'>

export function aboutRun({
  id,
  recipe,
  domain,
  pr,
}: Pick<RunRow, 'id' | 'recipe' | 'domain' | 'pr'>): AboutRun {
  return { run: id, recipe, domain, pr }
}
