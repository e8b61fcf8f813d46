import { type NewOrder, ORDER_OUTCOMES, type Order } from '../model/order.ts'
import type { Store } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, oneOf, optional, textOf } from '../model/read.ts'
import type { Database } from './database.ts'

const ADD = `
  INSERT INTO orders (id, action, name, for_ms, reason, actor, comment_id, ordered_at)
  VALUES (:id, :action, :name, :for_ms, :reason, :actor, :comment_id, :ordered_at)`

const BEGIN = 'UPDATE orders SET begun_at = :atMs WHERE id = :id AND begun_at IS NULL AND ended_at IS NULL'

const OPEN = 'SELECT * FROM orders WHERE ended_at IS NULL ORDER BY ordered_at, id'

const OF_COMMENT = 'SELECT * FROM orders WHERE comment_id = :commentId ORDER BY id'

const END = `
  UPDATE orders SET ended_at = :atMs, outcome = :outcome, detail = :detail WHERE id = :id AND ended_at IS NULL`

/** In the transaction that ends it: the reply can be late, and never wrong for good. */
const TELL = `
  UPDATE replies SET changed = changed + 1 WHERE comment_id = (SELECT comment_id FROM orders WHERE id = :id)`

export interface Orders {
  readonly port: Pick<Store, 'openOrders' | 'beginOrder' | 'endOrder'>
  /** Inside the caller's transaction. */
  add(order: NewOrder): void
  ofComment(commentId: number): readonly Order[]
}

export function ordersOn(database: Database): Orders {
  const add = database.prepare(ADD)
  const open = database.prepare(OPEN)
  const ofComment = database.prepare(OF_COMMENT)
  const begin = database.prepare(BEGIN)
  const end = database.prepare(END)
  const tell = database.prepare(TELL)

  return {
    port: {
      openOrders: async () => database.read(() => open.all().map(orderOf)),
      beginOrder: async (id, atMs) => database.write(() => begin.run({ id, atMs }).changes === 1),
      endOrder: async (id, { atMs, outcome, detail }) =>
        database.write(() => {
          if (end.run({ id, atMs, outcome, detail }).changes !== 1) return false
          tell.run({ id })
          return true
        }),
    },
    add(order) {
      const { id, action, name, forMs, reason, by, commentId, orderedAtMs } = order
      const columns = { for_ms: forMs, actor: by, comment_id: commentId, ordered_at: orderedAtMs }
      add.run({ id, action, name, reason, ...columns })
    },
    ofComment: (commentId) => ofComment.all({ commentId }).map(orderOf),
  }
}

function orderOf(row: unknown): Order {
  const fields = fieldsOf(row, 'order')
  return {
    id: textOf(fields, 'id'),
    action: oneOf(fields, 'action', ['hold', 'release'] as const),
    name: textOf(fields, 'name'),
    forMs: numberOf(fields, 'for_ms'),
    reason: textOf(fields, 'reason'),
    by: textOf(fields, 'actor'),
    commentId: optional(fields, 'comment_id', numberOf),
    orderedAtMs: numberOf(fields, 'ordered_at'),
    end: endOf(fields),
  }
}

function endOf(fields: Fields): Order['end'] {
  const atMs = optional(fields, 'ended_at', numberOf)
  if (atMs === null) return null
  return { outcome: oneOf(fields, 'outcome', ORDER_OUTCOMES), detail: textOf(fields, 'detail'), atMs }
}
