import type { Store } from '../model/ports.ts'
import { fieldsOf, numberOf, textOf } from '../model/read.ts'
import type { Database } from './database.ts'
import { isOverSql } from './overSql.ts'

/** In the order of one index, page by page: a page that may not go yet hides none of those after it. */
const OVER = `
  SELECT id, enqueued_at FROM runs
   WHERE ${isOverSql()} AND concluded_at < :beforeMs
     AND enqueued_at < :beforeMs AND (enqueued_at, id) > (:afterMs, :afterId)
   ORDER BY enqueued_at, id LIMIT 500`

/** It is over, and nobody is still to be told of it. */
const MAY_GO = `
  SELECT 1 FROM runs WHERE id = :id AND ${isOverSql()}
     AND NOT EXISTS (SELECT 1 FROM reports WHERE run_id = :id AND state = 'pending')`

const FORGET_REPORTS = 'DELETE FROM reports WHERE run_id = :id'

const REPLIES_OF = 'SELECT comment_id FROM reply_runs WHERE run_id = :id'

/** A reply goes with the last of its runs. */
const FORGET_REPLY = `
  DELETE FROM replies
   WHERE comment_id = :comment
     AND NOT EXISTS (SELECT 1 FROM reply_runs WHERE comment_id = :comment)
     AND NOT EXISTS (SELECT 1 FROM reports WHERE comment_id = :comment AND state = 'pending' AND kind = 'reply')`

const FORGET = 'DELETE FROM runs WHERE id = :id'

/** What became of a run is forgotten with all that was told of it; deliveries keep their ids, so that none is decided again. */
export function forgettingOn(database: Database): Pick<Store, 'runsOver' | 'forgetRuns'> {
  const over = database.prepare(OVER)
  const mayGo = database.prepare(MAY_GO)
  const forgetReports = database.prepare(FORGET_REPORTS)
  const forget = database.prepare(FORGET)
  const repliesOf = database.prepare(REPLIES_OF)
  const forgetReply = database.prepare(FORGET_REPLY)

  function forgetOne(id: string): number {
    if (mayGo.get({ id }) === undefined) return 0
    const comments = repliesOf.all({ id }).map((row) => numberOf(fieldsOf(row, 'reply'), 'comment_id'))
    forgetReports.run({ id })
    const { changes } = forget.run({ id })
    for (const comment of comments) forgetReply.run({ comment })
    return Number(changes)
  }

  return {
    runsOver: async (beforeMs, after) =>
      database.read(() =>
        over
          .all({ beforeMs, afterMs: after?.enqueuedAtMs ?? -1, afterId: after?.id ?? '' })
          .map((row) => fieldsOf(row, 'run'))
          .map((fields) => ({ id: textOf(fields, 'id'), enqueuedAtMs: numberOf(fields, 'enqueued_at') })),
      ),
    forgetRuns: async (ids) =>
      database.write(() => ids.map(forgetOne).reduce((sum, count) => sum + count, 0)),
  }
}
