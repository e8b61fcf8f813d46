import { personWords } from '../model/access.ts'
import { ACTION_EVENT, ACTS, type Action, type NewAction } from '../model/action.ts'
import { ORDER_OUTCOMES } from '../model/order.ts'
import type { Decided, Store } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, oneOf, optional, textOf, textsOf } from '../model/read.ts'
import type { Database } from './database.ts'
import { ADD_DELIVERY } from './deliveries.ts'

const ADD = `
  INSERT INTO actions (id, act, run_id, name, for_ms, reason, actor, from_address, asked_at)
  VALUES (:id, :act, :run_id, :name, :for_ms, :reason, :actor, :from_address, :asked_at)`

const END = `
  UPDATE actions SET ended_at = :atMs, code = :code, detail = :detail, runs = :runs WHERE id = :id AND ended_at IS NULL`

/** Of an action there is one order at most. */
const WITH_ORDER = `
  SELECT actions.*, orders.outcome AS order_outcome, orders.detail AS order_detail
    FROM actions LEFT JOIN orders ON orders.id = actions.id || ':0'`

const ONE = `${WITH_ORDER} WHERE actions.id = :id`

const NEWEST = `${WITH_ORDER} ORDER BY actions.seq DESC LIMIT :limit`

export interface Actions {
  readonly port: Pick<Store, 'addAction' | 'action' | 'actions'>
  /** Inside the caller's transaction; nothing where the delivery is no action. */
  end(decided: Decided, code: string): void
}

export function actionsOn(database: Database): Actions {
  const add = database.prepare(ADD)
  const addDelivery = database.prepare(ADD_DELIVERY)
  const end = database.prepare(END)
  const one = database.prepare(ONE)
  const newest = database.prepare(NEWEST)
  return {
    port: {
      addAction: async (action) =>
        database.write(() => {
          add.run(columnsOf(action))
          addDelivery.run(deliveryOf(action))
        }),
      action: async (id) =>
        database.read(() => {
          const row = one.get({ id })
          return row === undefined ? null : actionOf(row)
        }),
      actions: async (limit) => database.read(() => newest.all({ limit }).map(actionOf)),
    },
    end({ deliveryId: id, atMs, said = '', runs, stops }, code) {
      const touched = [...runs.map((run) => run.id), ...stops.map(({ runId }) => runId)]
      end.run({ id, atMs, code, detail: said, runs: JSON.stringify(touched) })
    },
  }
}

/** Decided with the webhooks, in their line. */
function deliveryOf(action: NewAction) {
  const { id, askedAtMs: receivedAtMs } = action
  return { id, event: ACTION_EVENT, payload: JSON.stringify(action), receivedAtMs }
}

function columnsOf({ id, act, run, name, forMs, reason, by, from, askedAtMs }: NewAction) {
  const columns = {
    run_id: run,
    for_ms: forMs,
    actor: personWords(by),
    from_address: from,
    asked_at: askedAtMs,
  }
  return { id, act, name, reason, ...columns }
}

function actionOf(row: unknown): Action {
  const fields = fieldsOf(row, 'action')
  return {
    id: textOf(fields, 'id'),
    act: oneOf(fields, 'act', ACTS),
    run: optional(fields, 'run_id', textOf),
    name: optional(fields, 'name', textOf),
    forMs: numberOf(fields, 'for_ms'),
    reason: textOf(fields, 'reason'),
    by: textOf(fields, 'actor'),
    from: textOf(fields, 'from_address'),
    askedAtMs: numberOf(fields, 'asked_at'),
    end: endOf(fields),
    order: orderOf(fields),
  }
}

function endOf(fields: Fields): Action['end'] {
  const atMs = optional(fields, 'ended_at', numberOf)
  if (atMs === null) return null
  const runs = textsOf({ runs: JSON.parse(textOf(fields, 'runs')) }, 'runs')
  return { atMs, code: textOf(fields, 'code'), detail: textOf(fields, 'detail'), runs }
}

function orderOf(fields: Fields): Action['order'] {
  if (optional(fields, 'order_outcome', textOf) === null) return null
  return { outcome: oneOf(fields, 'order_outcome', ORDER_OUTCOMES), detail: textOf(fields, 'order_detail') }
}
