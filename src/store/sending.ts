import type { Store } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, optional, textOf } from '../model/read.ts'
import type { ReportTry } from '../model/report.ts'
import type { Raise } from './alarms.ts'
import type { Database } from './database.ts'

const BEGIN = `
  UPDATE reports SET attempts = attempts + 1, not_before = :dueAgainMs, error = NULL
   WHERE seq = :seq AND state = 'pending'
  RETURNING attempts, kind, run_id, comment_id, created_at`

/** Reads before it writes: RETURNING would show the new value. */
const CHECK_OF_RUN = 'SELECT check_run_id, check_tried FROM runs WHERE id = :run'

const TRY_CHECK = 'UPDATE runs SET check_tried = 1 WHERE id = :run'

const REPLY = 'SELECT reply_id, tried, created_at FROM replies WHERE comment_id = :comment'

const TRY_REPLY = 'UPDATE replies SET tried = 1 WHERE comment_id = :comment'

/** A state that was replaced while it was on its way has been sent all the same. */
const SENT = `
  UPDATE reports SET state = 'sent', ended_at = :atMs, error = NULL
   WHERE seq = :seq AND state IN ('pending', 'superseded')`

const KNOW_CHECK = `
  UPDATE runs SET check_run_id = coalesce(check_run_id, :id)
   WHERE id = (SELECT run_id FROM reports WHERE seq = :seq)`

const KNOW_REPLY = `
  UPDATE replies SET reply_id = coalesce(reply_id, :id)
   WHERE comment_id = (SELECT comment_id FROM reports WHERE seq = :seq AND kind = 'reply')`

const NOTE_ERROR = 'UPDATE reports SET error = :error WHERE seq = :seq'

const DEFER = `UPDATE reports SET not_before = :notBeforeMs WHERE seq = :seq AND state = 'pending'`

/** What has replaced a check waits as that one would have: a run's check is one. */
const DEFER_CHECK = `
  UPDATE reports SET not_before = :notBeforeMs
   WHERE state = 'pending' AND kind = 'check'
     AND run_id = (SELECT run_id FROM reports WHERE seq = :seq AND kind = 'check')`

/** So does what has replaced a reply. */
const DEFER_REPLY = `
  UPDATE reports SET not_before = :notBeforeMs
   WHERE state = 'pending' AND kind = 'reply'
     AND comment_id = (SELECT comment_id FROM reports WHERE seq = :seq AND kind = 'reply')`

/**
 * An attempt without an error has not ended; `not_before` without an attempt: it has replaced one that may be on its way. Once is enough: until the
 * next attempt nothing more can be on its way, and services that die one after the other would put it off for ever.
 */
const SETTLE = `
  UPDATE reports SET not_before = max(not_before, :notBeforeMs), error = 'the service ended before the answer came'
   WHERE state = 'pending' AND kind <> 'reaction' AND error IS NULL AND (attempts > 0 OR not_before > 0)`

const FAIL = `
  UPDATE reports SET state = 'failed', ended_at = :atMs, error = :error
   WHERE seq = :seq AND state = 'pending'`

type Sending = Pick<Store, 'settleReports' | 'beginReport' | 'reportSent' | 'reportPutOff' | 'reportFailed'>

/** What the sender writes before and after each attempt. */
export function sendingOn(database: Database, raise: Raise): Sending {
  const sent = database.prepare(SENT)
  const knowCheck = database.prepare(KNOW_CHECK)
  const knowReply = database.prepare(KNOW_REPLY)
  const noteError = database.prepare(NOTE_ERROR)
  const deferOne = database.prepare(DEFER)
  const deferCheck = database.prepare(DEFER_CHECK)
  const deferReply = database.prepare(DEFER_REPLY)
  const fail = database.prepare(FAIL)
  const settle = database.prepare(SETTLE)
  const begin = beginningOn(database)

  function defer(seq: number, notBeforeMs: number): void {
    deferOne.run({ seq, notBeforeMs })
    deferCheck.run({ seq, notBeforeMs })
    deferReply.run({ seq, notBeforeMs })
  }

  return {
    settleReports: async (notBeforeMs) => database.write(() => void settle.run({ notBeforeMs })),
    beginReport: async (seq, dueAgainMs) => database.write(() => begin(seq, dueAgainMs)),
    async reportSent(seq, atMs, id) {
      database.write(() => {
        sent.run({ seq, atMs })
        if (id !== null) {
          knowCheck.run({ seq, id })
          knowReply.run({ seq, id })
        }
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
      return database.write(() => {
        const isFailed = fail.run({ seq, error, atMs }).changes === 1
        if (isFailed && alarm !== null) raise(alarm)
        defer(seq, 0)
        return isFailed
      })
    },
  }
}

function beginningOn(database: Database): (seq: number, dueAgainMs: number) => ReportTry | null {
  const begin = database.prepare(BEGIN)
  const checkOfRun = database.prepare(CHECK_OF_RUN)
  const tryCheck = database.prepare(TRY_CHECK)
  const reply = database.prepare(REPLY)
  const tryReply = database.prepare(TRY_REPLY)

  function beginCheck(run: string): Pick<ReportTry, 'knownId' | 'tried'> {
    const fields = fieldsOf(checkOfRun.get({ run }), `run ${run}`)
    tryCheck.run({ run })
    return { knownId: optional(fields, 'check_run_id', numberOf), tried: isTrue(fields, 'check_tried') }
  }

  /** Null = the reply is not kept up to date: this report is all of it. */
  function beginReply(comment: number): Pick<ReportTry, 'knownId' | 'tried' | 'sinceMs'> | null {
    const row = reply.get({ comment })
    if (row === undefined) return null
    const fields = fieldsOf(row, `reply to ${comment}`)
    tryReply.run({ comment })
    return {
      knownId: optional(fields, 'reply_id', numberOf),
      tried: isTrue(fields, 'tried'),
      sinceMs: numberOf(fields, 'created_at'),
    }
  }

  return (seq, dueAgainMs) => {
    const row = begin.get({ seq, dueAgainMs })
    if (row === undefined) return null
    const fields: Fields = fieldsOf(row, 'report')
    const attempts = numberOf(fields, 'attempts')
    const alone = { attempts, knownId: null, tried: attempts > 1, sinceMs: numberOf(fields, 'created_at') }
    const kind = textOf(fields, 'kind')
    const [run, comment] = [optional(fields, 'run_id', textOf), optional(fields, 'comment_id', numberOf)]
    if (kind === 'check' && run !== null) return { ...alone, ...beginCheck(run) }
    return kind === 'reply' && comment !== null ? { ...alone, ...beginReply(comment) } : alone
  }
}

function isTrue(fields: Fields, key: string): boolean {
  return numberOf(fields, key) === 1
}
