import type { StaleReply, Store } from '../model/ports.ts'
import { type Fields, fieldsOf, listOf, numberOf, textOf, textsOf } from '../model/read.ts'
import type { NewReply, ReplyPart } from '../model/report.ts'
import type { Database } from './database.ts'
import type { Orders } from './orders.ts'
import { isOverSql } from './overSql.ts'
import type { Reports } from './reports.ts'
import type { RunReads } from './runReads.ts'

const ADD = `
  INSERT INTO replies (comment_id, repository, installation_id, pr, parts, created_at)
  VALUES (:comment_id, :repository, :installation_id, :pr, :parts, :created_at)
  ON CONFLICT (comment_id) DO NOTHING`

const ADD_RUN = 'INSERT INTO reply_runs (run_id, comment_id) VALUES (:run, :commentId) ON CONFLICT DO NOTHING'

/** A run that ended between the look at it and this would never be told of. */
const OVER_ALREADY = `
  UPDATE replies SET changed = 1
   WHERE comment_id = :commentId AND changed = 0 AND EXISTS (
     SELECT 1 FROM reply_runs JOIN runs ON runs.id = reply_runs.run_id
      WHERE reply_runs.comment_id = :commentId AND ${isOverSql('runs.state')})`

/** Inside the transaction that ends the run: a reply can be late, and never wrong for good. */
const RUN_ENDED = `
  UPDATE replies SET changed = changed + 1
   WHERE comment_id IN (SELECT comment_id FROM reply_runs WHERE run_id = :run)`

const STALE = 'SELECT * FROM replies WHERE changed > told ORDER BY comment_id LIMIT 16'

const RUNS_OF = `
  SELECT runs.* FROM reply_runs JOIN runs ON runs.id = reply_runs.run_id WHERE reply_runs.comment_id = :commentId`

const TELL = `
  UPDATE replies SET told = :change WHERE comment_id = :commentId AND changed = :change AND told < :change`

export interface Replies {
  readonly port: Pick<Store, 'staleReplies' | 'tellReply'>
  /** Inside the caller's transaction, as the next one. */
  add(reply: NewReply, atMs: number): void
  runEnded(run: string): void
}

export function repliesOn(
  database: Database,
  reads: RunReads,
  orders: Pick<Orders, 'ofComment'>,
  reports: Reports,
): Replies {
  const add = database.prepare(ADD)
  const addRun = database.prepare(ADD_RUN)
  const overAlready = database.prepare(OVER_ALREADY)
  const runEnded = database.prepare(RUN_ENDED)
  const stale = database.prepare(STALE)
  const runsOf = reads.each(RUNS_OF)
  const tell = database.prepare(TELL)

  function toldBy(commentId: number): Pick<StaleReply, 'runs' | 'orders'> {
    return { runs: runsOf({ commentId }), orders: orders.ofComment(commentId) }
  }

  return {
    port: {
      staleReplies: async () => database.read(() => stale.all().map((row) => replyOf(row, toldBy))),
      tellReply: async ({ commentId, change }, report) =>
        database.write(() => {
          if (tell.run({ commentId, change }).changes !== 1) return false
          reports.add([report])
          return true
        }),
    },
    add(reply, atMs) {
      add.run({ ...columnsOf(reply), created_at: atMs })
      const { commentId } = reply
      for (const run of reply.parts.flatMap(({ runs }) => runs)) addRun.run({ run, commentId })
      overAlready.run({ commentId })
    },
    runEnded: (run) => void runEnded.run({ run }),
  }
}

function columnsOf({ commentId, repository, installationId, pr, parts }: NewReply) {
  return {
    comment_id: commentId,
    repository,
    installation_id: installationId,
    pr,
    parts: JSON.stringify(parts),
  }
}

function replyOf(row: unknown, told: (commentId: number) => Pick<StaleReply, 'runs' | 'orders'>): StaleReply {
  const fields = fieldsOf(row, 'reply')
  const commentId = numberOf(fields, 'comment_id')
  return {
    commentId,
    repository: textOf(fields, 'repository'),
    installationId: numberOf(fields, 'installation_id'),
    pr: numberOf(fields, 'pr'),
    parts: listOf({ parts: JSON.parse(textOf(fields, 'parts')) }, 'parts', partOf),
    change: numberOf(fields, 'changed'),
    ...told(commentId),
  }
}

function partOf(value: unknown): ReplyPart {
  const fields: Fields = fieldsOf(value, 'part')
  return { text: textOf(fields, 'text'), runs: textsOf(fields, 'runs'), orders: textsOf(fields, 'orders') }
}
