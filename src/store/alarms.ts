import { ALARM_KINDS, type Alarm, alarmBody, type NewAlarm } from '../model/alarm.ts'
import { LONGEST_WAIT_MS } from '../model/clock.ts'
import type { Store } from '../model/ports.ts'
import { fieldsOf, numberOf, oneOf, optional, textOf } from '../model/read.ts'
import type { Database } from './database.ts'
import { held } from './pauses.ts'

/** The same about the same thing is told once in so long. */
const COALESCED_MS = 60 * 60_000

const COUNT_SAME = `
  UPDATE alarms SET times = times + 1 WHERE seq = (
    SELECT seq FROM alarms
     WHERE kind = :kind AND subject = :subject AND raised_at > :sinceMs AND raised_at <= :atMs
     ORDER BY raised_at DESC LIMIT 1)`

const ADD = `
  INSERT INTO alarms (id, kind, subject, body, state, raised_at)
  VALUES (:id, :kind, :subject, :body, 'pending', :atMs)
  ON CONFLICT (id) DO NOTHING`

const HAS = 'SELECT 1 FROM alarms WHERE id = :id'

const DUE = `
  SELECT * FROM alarms WHERE state = 'pending' AND ${held('not_before')} <= :nowMs ORDER BY seq LIMIT :limit`

const NEXT = `
  SELECT min(${held('not_before')}) AS at FROM alarms WHERE state = 'pending' AND ${held('not_before')} > :afterMs`

const BEGIN = `
  UPDATE alarms SET attempts = attempts + 1, not_before = :dueAgainMs
   WHERE seq = :seq AND state = 'pending' RETURNING attempts`

const PUT_OFF = `UPDATE alarms SET error = :error, not_before = :notBeforeMs WHERE seq = :seq AND state = 'pending'`

const END = `
  UPDATE alarms SET state = CASE WHEN :error IS NULL THEN 'sent' ELSE 'failed' END, error = :error, ended_at = :atMs
   WHERE seq = :seq AND state = 'pending'`

const PENDING = `SELECT count(*) AS count FROM alarms WHERE state = 'pending'`
const FAILED = `SELECT count(*) AS count FROM alarms WHERE state = 'failed'`

const FORGET = `
  DELETE FROM alarms WHERE seq IN (
    SELECT seq FROM alarms WHERE state <> 'pending' AND raised_at < :beforeMs LIMIT 500)`

/** Inside the caller's transaction; false = it is known, or one like it is fresh. */
export type Raise = (alarm: NewAlarm) => boolean

type Port = Pick<
  Store,
  | 'raiseAlarm'
  | 'dueAlarms'
  | 'nextAlarmAtMs'
  | 'beginAlarm'
  | 'alarmPutOff'
  | 'alarmEnded'
  | 'alarmCounts'
  | 'forgetAlarms'
>

export function alarmsOn(database: Database): { readonly port: Port; readonly raise: Raise } {
  const raise = raisingOn(database)
  const [pending, failed] = [database.prepare(PENDING), database.prepare(FAILED)]
  const forget = database.prepare(FORGET)
  return {
    raise,
    port: {
      ...sendingOn(database),
      raiseAlarm: async (alarm) => database.write(() => raise(alarm)),
      alarmCounts: async () =>
        database.read(() => ({ pending: countOf(pending.get()), failed: countOf(failed.get()) })),
      forgetAlarms: async (beforeMs) => database.write(() => Number(forget.run({ beforeMs }).changes)),
    },
  }
}

function raisingOn(database: Database): Raise {
  const countSame = database.prepare(COUNT_SAME)
  const has = database.prepare(HAS)
  const add = database.prepare(ADD)
  return (alarm) => {
    const { id, kind, subject, atMs } = alarm
    if (has.get({ id }) !== undefined) return false
    if (countSame.run({ kind, subject, atMs, sinceMs: atMs - COALESCED_MS }).changes === 1) return false
    const body = alarmBody(alarm, new Date(atMs).toISOString())
    return add.run({ id, kind, subject, body, atMs }).changes === 1
  }
}

function sendingOn(
  database: Database,
): Pick<Port, 'dueAlarms' | 'nextAlarmAtMs' | 'beginAlarm' | 'alarmPutOff' | 'alarmEnded'> {
  const due = database.prepare(DUE)
  const next = database.prepare(NEXT)
  const begin = database.prepare(BEGIN)
  const putOff = database.prepare(PUT_OFF)
  const end = database.prepare(END)
  return {
    dueAlarms: async (nowMs, limit) =>
      database.read(() => due.all({ nowMs, limit, farMs: nowMs + LONGEST_WAIT_MS }).map(alarmOf)),
    nextAlarmAtMs: async (afterMs) =>
      database.read(() =>
        optional(fieldsOf(next.get({ afterMs, farMs: afterMs + LONGEST_WAIT_MS }), 'next'), 'at', numberOf),
      ),
    beginAlarm: async (seq, dueAgainMs) =>
      database.write(() => numberOf(fieldsOf(begin.get({ seq, dueAgainMs }), 'alarm'), 'attempts')),
    alarmPutOff: async (seq, error, notBeforeMs) =>
      database.write(() => void putOff.run({ seq, error, notBeforeMs })),
    alarmEnded: async (seq, error, atMs) => database.write(() => void end.run({ seq, error, atMs })),
  }
}

function alarmOf(row: unknown): Alarm {
  const fields = fieldsOf(row, 'alarm')
  return {
    seq: numberOf(fields, 'seq'),
    id: textOf(fields, 'id'),
    kind: oneOf(fields, 'kind', ALARM_KINDS),
    subject: textOf(fields, 'subject'),
    body: textOf(fields, 'body'),
    attempts: numberOf(fields, 'attempts'),
    createdAtMs: numberOf(fields, 'raised_at'),
  }
}

function countOf(row: unknown): number {
  return numberOf(fieldsOf(row, 'count'), 'count')
}
