import type { Registry } from 'prom-client'
import { ALARM_KINDS } from '../../model/alarm.ts'
import { type Fields, fieldsOf } from '../../model/read.ts'
import { REPORT_KINDS } from '../../model/report.ts'
import { TAKE_OVERS } from '../../model/takeOver.ts'
import { DECISIONS, FAULTS, HEALED, OTHER, oneOf } from './labels.ts'
import { counterIn, histogramIn } from './make.ts'
import { METRICS } from './table.ts'

/** What is counted of one event; `data` is what was logged with it. */
export type NoteEvent = (data: Fields) => void

/** A fault that is not in the list is counted all the same. */
const IS_FAULT = /\.(?:failed|fault|lost)$/

/** The events that are counted as they come; runs have a part of their own. Returns null for what is not counted. */
export function eventMetrics(registry: Registry): (event: string) => NoteEvent | null {
  const faults = counterIn(registry, METRICS.faults)
  for (const event of FAULTS) faults.inc({ event }, 0)
  const notes = new Map<string, NoteEvent>([
    ...FAULTS.map((event) => [event, () => faults.inc({ event })] as const),
    ...deliveryEvents(registry),
    ...reportEvents(registry),
    ...alarmEvents(registry),
    ...takeOverEvents(registry),
  ])
  const other: NoteEvent = () => faults.inc({ event: OTHER })
  return (event) => notes.get(event) ?? (IS_FAULT.test(event) ? other : null)
}

function deliveryEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const deliveries = counterIn(registry, METRICS.deliveries)
  const decisions = counterIn(registry, METRICS.decisions)
  const accepted = counterIn(registry, METRICS.accepted)
  const requeued = counterIn(registry, METRICS.requeued)
  const missed = counterIn(registry, METRICS.missed)
  const retries = counterIn(registry, METRICS.deliveryRetries)
  return [
    ['delivery.stored', ({ isNew }) => deliveries.inc({ outcome: isNew === true ? 'new' : 'repeated' })],
    ['delivery.refused', () => deliveries.inc({ outcome: 'refused' })],
    ['delivery.undecided', () => retries.inc()],
    [
      'delivery.decided',
      ({ outcome, isNew, runs }) => {
        if (isNew !== true) return
        decisions.inc({ outcome: oneOf(outcome, DECISIONS) })
        accepted.inc(Array.isArray(runs) ? runs.length : 0)
      },
    ],
    ['run.requeued', () => requeued.inc()],
    ['check.corrected', () => missed.inc({ what: 'check' })],
    [
      'reconcile.found',
      ({ what, count }) => missed.inc({ what: oneOf(what, HEALED) }, typeof count === 'number' ? count : 1),
    ],
  ]
}

/** The outbox's notes, as they come or with the report's kind and end beside the rest. */
function reportEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const delays = histogramIn(registry, METRICS.reportSeconds)
  const retries = counterIn(registry, METRICS.reportRetries)
  const givenUp = counterIn(registry, METRICS.reportsGivenUp)
  const limited = counterIn(registry, METRICS.limited)
  return [
    [
      'report.sent',
      (data) => {
        if (typeof data['ageMs'] === 'number') delays.observe({ kind: kindOf(data) }, data['ageMs'] / 1000)
      },
    ],
    ['report.put_off', (data) => retries.inc({ kind: kindOf(data) })],
    ['report.failed', (data) => givenUp.inc({ kind: kindOf(data) })],
    ['outbox.limited', () => limited.inc()],
  ]
}

function alarmEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const alarms = counterIn(registry, METRICS.alarmEvents)
  const outcomes = { 'alarm.sent': 'sent', 'alarm.put_off': 'put_off', 'alarm.given_up': 'given_up' } as const
  return Object.entries(outcomes).map(([event, outcome]) => [
    event,
    ({ kind }) => alarms.inc({ kind: oneOf(kind, ALARM_KINDS), outcome }),
  ])
}

function takeOverEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const takeOvers = counterIn(registry, METRICS.takeOvers)
  for (const how of TAKE_OVERS) takeOvers.inc({ how }, 0)
  return [
    [
      'run.taken_over',
      (data) => {
        const how = TAKE_OVERS.find((one) => one === data['how'])
        if (how !== undefined) takeOvers.inc({ how })
      },
    ],
    ['ceiling.enforced', () => takeOvers.inc({ how: 'forced' })],
  ]
}

/** A check that says how a run ended is a kind of its own: the time until then is what people feel. */
function kindOf(data: Fields): string {
  const { kind, terminal } = 'report' in data ? fieldsOf(data['report'], 'report') : data
  return kind === 'check' && terminal === true ? 'conclusion' : oneOf(kind, REPORT_KINDS)
}
