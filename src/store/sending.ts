import type { ReportTry, Store } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, optional, textOf } from '../model/read.ts'
import type { Raise } from './alarms.ts'
import type { Database } from './database.ts'

const BEGIN = `
  UPDATE reports SET attempts = attempts + 1, not_before = :dueAgainMs
   WHERE seq = :seq AND state = 'pending'
  RETURNING attempts, kind, run_id`

/** Reads before it writes: RETURNING would show the new value. */
const CHECK_OF_RUN = 'SELECT check_run_id, check_tried FROM runs WHERE id = :run'

const TRY_CHECK = 'UPDATE runs SET check_tried = 1 WHERE id = :run'

/** A state that was replaced while it was on its way has been sent all the same. */
const SENT = `
  UPDATE reports SET state = 'sent', ended_at = :atMs, error = NULL
   WHERE seq = :seq AND state IN ('pending', 'superseded')`

const KNOW_CHECK = `
  UPDATE runs SET check_run_id = coalesce(check_run_id, :checkRunId)
   WHERE id = (SELECT run_id FROM reports WHERE seq = :seq)`

const NOTE_ERROR = 'UPDATE reports SET error = :error WHERE seq = :seq'

const DEFER = `UPDATE reports SET not_before = :notBeforeMs WHERE seq = :seq AND state = 'pending'`

/** What has replaced a check waits as that one would have: a run's check is one. */
const DEFER_CHECK = `
  UPDATE reports SET not_before = :notBeforeMs
   WHERE state = 'pending' AND kind = 'check'
     AND run_id = (SELECT run_id FROM reports WHERE seq = :seq AND kind = 'check')`

const FAIL = `
  UPDATE reports SET state = 'failed', ended_at = :atMs, error = :error
   WHERE seq = :seq AND state = 'pending'`

type Sending = Pick<Store, 'beginReport' | 'reportSent' | 'reportPutOff' | 'reportFailed'>

/** What the sender writes before and after each attempt. */
export function sendingOn(database: Database, raise: Raise): Sending {
  const sent = database.prepare(SENT)
  const knowCheck = database.prepare(KNOW_CHECK)
  const noteError = database.prepare(NOTE_ERROR)
  const deferOne = database.prepare(DEFER)
  const deferCheck = database.prepare(DEFER_CHECK)
  const fail = database.prepare(FAIL)
  const begin = beginningOn(database)

  function defer(seq: number, notBeforeMs: number): void {
    deferOne.run({ seq, notBeforeMs })
    deferCheck.run({ seq, notBeforeMs })
  }

  return {
    beginReport: async (seq, dueAgainMs) => database.write(() => begin(seq, dueAgainMs)),
    async reportSent(seq, atMs, checkRunId) {
      database.write(() => {
        sent.run({ seq, atMs })
        if (checkRunId !== null) knowCheck.run({ seq, checkRunId })
        defer(seq, 0)
      })
    },
    async reportPutOff(seq, error, notBeforeMs) {
      database.write(() => {
        noteError.run({ seq, error })
        defer(seq, notBeforeMs)
      })
    },
    async reportFailed(seq, error, atMs, alarm = null) {
      database.write(() => {
        fail.run({ seq, error, atMs })
        if (alarm !== null) raise(alarm)
        defer(seq, 0)
      })
    },
  }
}

function beginningOn(database: Database): (seq: number, dueAgainMs: number) => ReportTry | null {
  const begin = database.prepare(BEGIN)
  const checkOfRun = database.prepare(CHECK_OF_RUN)
  const tryCheck = database.prepare(TRY_CHECK)

  function beginCheck(run: string): Pick<ReportTry, 'checkRunId' | 'tried'> {
    const fields = fieldsOf(checkOfRun.get({ run }), `run ${run}`)
    tryCheck.run({ run })
    return {
      checkRunId: optional(fields, 'check_run_id', numberOf),
      tried: numberOf(fields, 'check_tried') === 1,
    }
  }

  return (seq, dueAgainMs) => {
    const row = begin.get({ seq, dueAgainMs })
    if (row === undefined) return null
    const fields: Fields = fieldsOf(row, 'report')
    const attempts = numberOf(fields, 'attempts')
    const run = optional(fields, 'run_id', textOf)
    if (textOf(fields, 'kind') !== 'check' || run === null)
      return { attempts, checkRunId: null, tried: attempts > 1 }
    return { attempts, ...beginCheck(run) }
  }
}
