import type { Registry } from 'prom-client'
import { ALARM_KINDS } from '../../model/alarm.ts'
import { OUTCOMES } from '../../model/outcomes.ts'
import { type Fields, fieldsOf } from '../../model/read.ts'
import { REFUSALS } from '../../model/refusal.ts'
import { REPORT_KINDS } from '../../model/report.ts'
import { TAKE_OVERS } from '../../model/takeOver.ts'
import { counterIn, histogramIn } from './make.ts'
import { METRICS } from './table.ts'

/** What is counted of one event; `data` is what was logged with it. */
export type NoteEvent = (data: Fields) => void

/** What a label may say where a text comes with an event; anything else, and what was nothing for us, is `other`. */
const DECISIONS: ReadonlySet<string> = new Set([...OUTCOMES, ...Object.keys(REFUSALS)])
const MISSED: ReadonlySet<string> = new Set(['comment', 'push', 'closing'])
const ALARMS: ReadonlySet<string> = new Set(ALARM_KINDS)
const KINDS: ReadonlySet<string> = new Set(REPORT_KINDS)
const HOWS: ReadonlySet<string> = new Set(TAKE_OVERS)

/** Work that failed and goes on: each is a line in the log, with its cause. */
const FAULTS = [
  'loop.failed',
  'dispatch.failed',
  'follow.failed',
  'reap.failed',
  'run.unreadable',
  'outbox.fault',
  'alarms.fault',
  'intake.failed',
  'delivery.lost',
  'delivery.unreadable',
  'delivery.unverifiable',
  'delivery.given_up',
  'reconcile.put_off',
  'reconcile.unreadable',
  'web.failed',
  'metrics.failed',
] as const

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
  const other: NoteEvent = () => faults.inc({ event: 'other' })
  return (event) => notes.get(event) ?? (IS_FAULT.test(event) ? other : null)
}

function deliveryEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const deliveries = counterIn(registry, METRICS.deliveries)
  const decisions = counterIn(registry, METRICS.decisions)
  const accepted = counterIn(registry, METRICS.accepted)
  const requeued = counterIn(registry, METRICS.requeued)
  const missed = counterIn(registry, METRICS.missed)
  return [
    ['delivery.stored', ({ isNew }) => deliveries.inc({ outcome: isNew === true ? 'new' : 'repeated' })],
    ['delivery.refused', () => deliveries.inc({ outcome: 'refused' })],
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
      ({ what, count }) => missed.inc({ what: oneOf(what, MISSED) }, typeof count === 'number' ? count : 1),
    ],
  ]
}

/** The outbox's notes, as they come or with the report's kind and end beside the rest. */
function reportEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const delays = histogramIn(registry, METRICS.reportSeconds)
  const retries = counterIn(registry, METRICS.reportRetries)
  const givenUp = counterIn(registry, METRICS.reportsGivenUp)
  return [
    [
      'report.sent',
      (data) => {
        if (typeof data['ageMs'] === 'number') delays.observe({ kind: kindOf(data) }, data['ageMs'] / 1000)
      },
    ],
    ['report.put_off', (data) => retries.inc({ kind: kindOf(data) })],
    ['report.failed', (data) => givenUp.inc({ kind: kindOf(data) })],
  ]
}

function alarmEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const alarms = counterIn(registry, METRICS.alarmEvents)
  const outcomes = { 'alarm.sent': 'sent', 'alarm.put_off': 'put_off', 'alarm.given_up': 'given_up' } as const
  return Object.entries(outcomes).map(([event, outcome]) => [
    event,
    ({ kind }) => alarms.inc({ kind: oneOf(kind, ALARMS), outcome }),
  ])
}

function takeOverEvents(registry: Registry): readonly (readonly [string, NoteEvent])[] {
  const takeOvers = counterIn(registry, METRICS.takeOvers)
  for (const how of TAKE_OVERS) takeOvers.inc({ how }, 0)
  return [
    ['run.taken_over', ({ how }) => takeOvers.inc({ how: oneOf(how, HOWS) })],
    ['ceiling.enforced', () => takeOvers.inc({ how: 'forced' })],
  ]
}

/** A check that says how a run ended is a kind of its own: the time until then is what people feel. */
function kindOf(data: Fields): string {
  const { kind, terminal } = 'report' in data ? fieldsOf(data['report'], 'report') : data
  return kind === 'check' && terminal === true ? 'conclusion' : oneOf(kind, KINDS)
}

function oneOf(value: unknown, known: ReadonlySet<string>): string {
  return typeof value === 'string' && known.has(value) ? value : 'other'
}
