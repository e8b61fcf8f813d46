/** What the operator is told of besides GitHub; the words are stable. */
export const ALARM_KINDS = ['forced_take_over', 'name_blocked', 'suspected_leak', 'report_failed'] as const
export type AlarmKind = (typeof ALARM_KINDS)[number]

/** Something that a person has to look at. */
export interface NewAlarm {
  /** Stable, unique for ever: the receiver tells repetitions by it. */
  readonly id: string
  readonly kind: AlarmKind
  /** What it is about. The same kind about the same thing within an hour is one alarm. */
  readonly subject: string
  /** When it was noticed; wall clock, milliseconds. */
  readonly atMs: number
  /** One line for people. */
  readonly text: string
  /** What programs may want to know of it, such as `{ name, run }`. */
  readonly about: Readonly<Record<string, string | number | null>>
}

/** A stored alarm that is to be sent. `body` is the request's body as text, written once: every attempt sends the same bytes. */
export interface Alarm extends Pick<NewAlarm, 'id' | 'kind' | 'subject'> {
  readonly seq: number
  readonly body: string
  readonly attempts: number
  readonly createdAtMs: number
}

/** An alarm with an id of its own: of two about one thing at one moment, one is enough. */
export function anAlarm(alarm: Omit<NewAlarm, 'id'>): NewAlarm {
  return { id: `${alarm.kind}:${alarm.subject}:${alarm.atMs}`, ...alarm }
}

/** What the receiver gets: JSON, documented in docs/outbox.md. */
export function alarmBody({ id, kind, subject, atMs, text, about }: NewAlarm, at: string): string {
  return JSON.stringify({ id, kind, subject, at, atMs, text, ...about })
}

/** The records of alarms. */
export interface AlarmStore {
  /** False = it is known, or one of its kind about the same thing is less than an hour old, and is counted there. */
  raiseAlarm(alarm: NewAlarm): Promise<boolean>
  /** Those to be sent by `nowMs`, oldest first. */
  dueAlarms(nowMs: number, limit: number): Promise<readonly Alarm[]>
  /** When the next alarm that is not due at `afterMs` becomes due, or null. */
  nextAlarmAtMs(afterMs: number): Promise<number | null>
  /** Counts an attempt before it is made, and resolves to how many there have been; without an answer the alarm is due again then. */
  beginAlarm(seq: number, dueAgainMs: number): Promise<number>
  alarmPutOff(seq: number, error: string, notBeforeMs: number): Promise<void>
  /** Sent, or given up with an error. */
  alarmEnded(seq: number, error: string | null, atMs: number): Promise<void>
  /** How many are to be sent, and how many were given up. */
  alarmCounts(): Promise<{ readonly pending: number; readonly failed: number }>
  /** Forgets those that were raised before then and are over. Resolves to how many. */
  forgetAlarms(beforeMs: number): Promise<number>
}
