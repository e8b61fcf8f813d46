import { HarnessError } from '../errors.ts'
import { LONGEST_WAIT_MS } from '../model/clock.ts'
import type { Store } from '../model/ports.ts'
import { fieldsOf, numberOf, optional, textOf } from '../model/read.ts'
import type { NewReport } from '../model/report.ts'
import type { Raise } from './alarms.ts'
import type { Database } from './database.ts'
import { held, pausesOn } from './pauses.ts'
import { failedReportOf, paramsOfReport, reportOf } from './reportRow.ts'
import { retryingOn } from './retrying.ts'
import { sendingOn } from './sending.ts'

const BODY_OF_KEY = 'SELECT body FROM reports WHERE key = :key'

const ADD = `
  INSERT INTO reports (key, kind, state, run_id, repository, installation_id, pr, comment_id, body, terminal, not_before, created_at)
  VALUES (:key, :kind, :state, :run_id, :repository, :installation_id, :pr, :comment_id, :body, :terminal, :not_before, :created_at)`

const IS_OVER = `SELECT 1 FROM reports WHERE run_id = :run AND kind = 'check' AND terminal = 1 LIMIT 1`

const DUE_OF_CHECKS = `
  SELECT max(not_before) AS due FROM reports WHERE run_id = :run AND state = 'pending' AND kind = 'check'`

const SUPERSEDE = `
  UPDATE reports SET state = 'superseded', ended_at = :atMs
   WHERE run_id = :run AND state = 'pending' AND kind = 'check' AND terminal = 0`

const DUE_OF_REPLY = `
  SELECT max(not_before) AS due FROM reports WHERE comment_id = :comment AND state = 'pending' AND kind = 'reply'`

const SUPERSEDE_REPLY = `
  UPDATE reports SET state = 'superseded', ended_at = :atMs
   WHERE comment_id = :comment AND state = 'pending' AND kind = 'reply'`

const COUNT = 'UPDATE runs SET reports = reports + 1 WHERE id = :run'

/** The first pending report of each run, and those that belong to no run. */
const HEADS = `
  FROM reports LEFT JOIN pauses USING (installation_id)
   WHERE state = 'pending'
     AND (run_id IS NULL OR NOT EXISTS (
       SELECT 1 FROM reports AS earlier
        WHERE earlier.state = 'pending' AND earlier.run_id = reports.run_id AND earlier.seq < reports.seq))`

const DUE_AT = `max(${held('not_before')}, ${held('coalesce(until, 0)')})`

const REPORT = 'reports.*, coalesce((SELECT check_tried FROM runs WHERE id = run_id), 0) AS told'

const DUE = `SELECT ${REPORT} ${HEADS} AND ${DUE_AT} <= :nowMs
     AND installation_id NOT IN (SELECT value FROM json_each(:except)) ORDER BY terminal DESC, seq LIMIT :limit`

const NEXT = `SELECT min(${DUE_AT}) AS at ${HEADS} AND ${DUE_AT} > :afterMs`

const LAST_CHECK = `
  SELECT body, created_at FROM reports
   WHERE seq = (SELECT max(seq) FROM reports WHERE run_id = :run AND kind = 'check')`

const PENDING = `SELECT count(*) AS count ${HEADS}`

/** Without bodies: each may have as much as GitHub takes. */
const FAILED = `
  SELECT key, kind, run_id, repository, pr, attempts, created_at, error FROM reports
   WHERE state = 'failed' ORDER BY seq DESC LIMIT :limit`

const COUNT_FAILED = `SELECT count(*) AS count FROM reports WHERE state = 'failed'`

type Port = Pick<
  Store,
  | 'addReports'
  | 'lastCheck'
  | 'dueReports'
  | 'nextReportAtMs'
  | 'settleReports'
  | 'pauseReports'
  | 'noteLimit'
  | 'limitedUntil'
  | 'failedReports'
  | 'unsentReports'
  | 'retryReport'
  | 'endReport'
  | 'resendEnd'
  | 'pendingReports'
  | 'beginReport'
  | 'reportSent'
  | 'reportPutOff'
  | 'reportFailed'
>

export interface Reports {
  readonly port: Port
  /** Inside the caller's transaction. */
  add(reports: readonly NewReport[]): void
}

export function reportsOn(database: Database, now: () => number, raise: Raise): Reports {
  const add = addingOn(database, now)
  const due = database.prepare(DUE)
  const next = database.prepare(NEXT)
  const pending = database.prepare(PENDING)
  return {
    port: {
      ...sendingOn(database, raise),
      ...retryingOn(database),
      ...pausesOn(database, now),
      addReports: async (reports) => database.write(() => add(reports)),
      lastCheck: lastCheckOn(database),
      dueReports: async (nowMs, limit, except = []) =>
        database.read(() => due.all(dueParams(nowMs, limit, except)).map(reportOf)),
      nextReportAtMs: async (afterMs) =>
        database.read(() => atOf(next.get({ afterMs, farMs: afterMs + LONGEST_WAIT_MS }))),
      failedReports: failedOn(database),
      pendingReports: async () => database.read(() => countOf(pending.get())),
    },
    add,
  }
}

function dueParams(nowMs: number, limit: number, except: readonly number[]) {
  return { nowMs, limit, farMs: nowMs + LONGEST_WAIT_MS, except: JSON.stringify(except) }
}

function lastCheckOn(database: Database): Store['lastCheck'] {
  const lastCheck = database.prepare(LAST_CHECK)
  return async (run) =>
    database.read(() => {
      const row = lastCheck.get({ run })
      if (row === undefined) return null
      const fields = fieldsOf(row, 'report')
      return { body: textOf(fields, 'body'), createdAtMs: numberOf(fields, 'created_at') }
    })
}

function failedOn(database: Database): Store['failedReports'] {
  const failed = database.prepare(FAILED)
  const count = database.prepare(COUNT_FAILED)
  return async (limit) =>
    database.read(() => ({ count: countOf(count.get()), newest: failed.all({ limit }).map(failedReportOf) }))
}

function countOf(row: unknown): number {
  return numberOf(fieldsOf(row, 'count'), 'count')
}

function addingOn(database: Database, now: () => number): (reports: readonly NewReport[]) => void {
  const bodyOfKey = database.prepare(BODY_OF_KEY)
  const insert = database.prepare(ADD)
  const isOver = database.prepare(IS_OVER)
  const dueOfChecks = database.prepare(DUE_OF_CHECKS)
  const supersede = database.prepare(SUPERSEDE)
  const count = database.prepare(COUNT)
  const dueOfReply = database.prepare(DUE_OF_REPLY)
  const supersedeReply = database.prepare(SUPERSEDE_REPLY)

  /** States of a run's check replace each other: the newest takes over when the one before it was due; nothing follows an end but an end. */
  function addCheck(report: NewReport, run: string, atMs: number): void {
    const overtaken = !report.terminal && isOver.get({ run }) !== undefined
    const notBefore = dueOf(dueOfChecks.get({ run }))
    supersede.run({ run, atMs })
    insert.run(paramsOfReport(report, overtaken ? 'superseded' : 'pending', notBefore, atMs))
    count.run({ run })
  }

  function addReply(report: NewReport, comment: number, atMs: number): void {
    const notBefore = dueOf(dueOfReply.get({ comment }))
    supersedeReply.run({ comment, atMs })
    insert.run(paramsOfReport(report, 'pending', notBefore, atMs))
  }

  function addOne(report: NewReport): void {
    if (isThere(bodyOfKey.get({ key: report.key }), report)) return
    const atMs = now()
    if (report.kind === 'check' && report.runId !== null) addCheck(report, report.runId, atMs)
    else if (report.kind === 'reply' && report.commentId !== null) addReply(report, report.commentId, atMs)
    else insert.run(paramsOfReport(report, 'pending', 0, atMs))
  }

  return (reports) => reports.forEach(addOne)
}

/** A key stands for one body for ever; with another body it is a fault of the caller, and not a repeat. */
function isThere(row: unknown, report: NewReport): boolean {
  if (row === undefined) return false
  if (textOf(fieldsOf(row, 'report'), 'body') === report.body) return true
  throw new HarnessError(
    'REPORT_KEY',
    `Report ${report.key} is stored with another body; make a new key for a new state`,
  )
}

function dueOf(row: unknown): number {
  return optional(fieldsOf(row, 'due'), 'due', numberOf) ?? 0
}

function atOf(row: unknown): number | null {
  return optional(fieldsOf(row, 'at'), 'at', numberOf)
}
