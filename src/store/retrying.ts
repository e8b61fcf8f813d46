import type { Store } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, oneOf, optional, textOf } from '../model/read.ts'
import type { Retried } from '../model/report.ts'
import type { Database } from './database.ts'
import { unsentReportOf } from './reportRow.ts'

/** Without bodies, as in the list of those that were given up. */
const UNSENT =
  'SELECT key, kind, state, run_id, repository, pr, terminal, attempts, created_at, not_before, error'

/** The states are literals: only so does SQLite see that a partial index answers. */
const GIVEN_UP = `${UNSENT} FROM reports WHERE state = 'failed' ORDER BY seq LIMIT :limit`
const WAITING = `${UNSENT} FROM reports WHERE state = 'pending' ORDER BY terminal DESC, seq LIMIT :limit`

const OF_KEY = 'SELECT seq, kind, state, run_id, comment_id, terminal FROM reports WHERE key = :key'

/** An end is followed by an end only; progress by anything. */
const HAS_NEWER = `
  SELECT 1 FROM reports
   WHERE run_id = :run AND kind = 'check' AND seq > :seq AND (terminal = 1 OR :terminal = 0) LIMIT 1`

/** The reply to a comment is one. */
const HAS_NEWER_REPLY = `
  SELECT 1 FROM reports WHERE comment_id = :comment AND kind = 'reply' AND seq > :seq LIMIT 1`

const AGAIN = `
  UPDATE reports SET state = 'pending', not_before = 0, ended_at = NULL, error = NULL, again_at = :atMs
   WHERE seq = :seq AND state = 'failed'`

/** It will never be sent, and nobody needs to look at it any more. */
const OUTDATE = `UPDATE reports SET state = 'superseded' WHERE seq = :seq AND state = 'failed'`

const END = `
  SELECT seq, state FROM reports WHERE run_id = :run AND kind = 'check' AND terminal = 1 ORDER BY seq DESC LIMIT 1`

const RESEND = `
  UPDATE reports SET state = 'pending', not_before = 0, ended_at = NULL, error = NULL, again_at = :atMs
   WHERE seq = :seq AND state IN ('sent', 'failed')`

const END_STATES = ['pending', 'sent', 'failed'] as const
const STATES = ['pending', 'sent', 'superseded', 'failed'] as const

/** What people see and do about reports that do not arrive. */
export function retryingOn(
  database: Database,
): Pick<Store, 'unsentReports' | 'retryReport' | 'endReport' | 'resendEnd'> {
  const [givenUp, waiting] = [database.prepare(GIVEN_UP), database.prepare(WAITING)]
  const ofKey = database.prepare(OF_KEY)
  const hasNewer = database.prepare(HAS_NEWER)
  const hasNewerReply = database.prepare(HAS_NEWER_REPLY)
  const again = database.prepare(AGAIN)
  const outdate = database.prepare(OUTDATE)

  function isOutdated(fields: Fields, seq: number): boolean {
    const kind = textOf(fields, 'kind')
    const [run, comment] = [optional(fields, 'run_id', textOf), optional(fields, 'comment_id', numberOf)]
    if (kind === 'check' && run !== null)
      return hasNewer.get({ run, seq, terminal: numberOf(fields, 'terminal') }) !== undefined
    return kind === 'reply' && comment !== null && hasNewerReply.get({ comment, seq }) !== undefined
  }

  function retry(key: string, atMs: number): Retried {
    const row = ofKey.get({ key })
    if (row === undefined) return 'unknown'
    const fields = fieldsOf(row, `report ${key}`)
    const state = oneOf(fields, 'state', STATES)
    if (state === 'superseded') return 'outdated'
    if (state !== 'failed') return state
    const seq = numberOf(fields, 'seq')
    if (isOutdated(fields, seq)) {
      outdate.run({ seq })
      return 'outdated'
    }
    again.run({ seq, atMs })
    return 'again'
  }

  return {
    ...endsOn(database),
    unsentReports: async (limit) =>
      database.read(() => [...givenUp.all({ limit }), ...waiting.all({ limit })].map(unsentReportOf)),
    retryReport: async (key, atMs) => database.write(() => retry(key, atMs)),
  }
}

function endsOn(database: Database): Pick<Store, 'endReport' | 'resendEnd'> {
  const end = database.prepare(END)
  const resend = database.prepare(RESEND)
  return {
    endReport: async (run) =>
      database.read(() => {
        const row = end.get({ run })
        return row === undefined ? null : oneOf(fieldsOf(row, `the end of run ${run}`), 'state', END_STATES)
      }),
    resendEnd: async (run, atMs) =>
      database.write(() => {
        const row = end.get({ run })
        if (row === undefined) return false
        const seq = numberOf(fieldsOf(row, `the end of run ${run}`), 'seq')
        return resend.run({ seq, atMs }).changes === 1
      }),
  }
}
