import { LONGEST_WAIT_MS } from '../model/clock.ts'
import type { Delivery, Store } from '../model/ports.ts'
import { fieldsOf, numberOf, textOf } from '../model/read.ts'
import type { Database } from './database.ts'
import type { Grouped } from './grouped.ts'

export const ADD_DELIVERY = `
  INSERT INTO deliveries (id, event, payload, received_at)
  VALUES (:id, :event, :payload, :receivedAtMs)
  ON CONFLICT (id) DO NOTHING`

/** What is nothing for us is kept as a line, and not as its payload: a busy repository has thousands a day. */
const ADD_NOTHING = `
  INSERT INTO deliveries (id, event, payload, received_at, decided_at, outcome, action)
  VALUES (:id, :event, '', :receivedAtMs, :receivedAtMs, :outcome, CASE WHEN json_valid(:payload) THEN json_extract(:payload, '$.action') END)
  ON CONFLICT (id) DO NOTHING`

/** In the order of arrival; all of them, since one that is not seen blocks nothing that came after it, and waits for ever. */
const UNDECIDED = `
  SELECT id FROM deliveries
   WHERE decided_at IS NULL AND (not_before <= :nowMs OR not_before > :farMs)
   ORDER BY seq`

const ONE = 'SELECT id, event, payload, received_at FROM deliveries WHERE id = :id'

/** So many in one write: others wait for it. */
const FORGET = `
  UPDATE deliveries SET payload = '' WHERE seq IN (
    SELECT seq FROM deliveries WHERE payload <> '' AND decided_at < :beforeMs LIMIT 500)`

const PUT_OFF = `
  UPDATE deliveries SET attempts = attempts + 1, error = :error, not_before = :notBeforeMs
   WHERE id = :id AND decided_at IS NULL
  RETURNING attempts`

const ATTEMPTS = 'SELECT attempts FROM deliveries WHERE id = :id'

export function deliveriesOn(
  database: Database,
  grouped: Grouped,
): Pick<Store, 'addDelivery' | 'undecided' | 'delivery' | 'putOff' | 'forgetPayloads'> {
  const add = database.prepare(ADD_DELIVERY)
  const addNothing = database.prepare(ADD_NOTHING)
  const undecided = database.prepare(UNDECIDED)
  const one = database.prepare(ONE)
  const putOff = database.prepare(PUT_OFF)
  const forget = database.prepare(FORGET)
  const attempts = database.prepare(ATTEMPTS)
  return {
    addDelivery: ({ id, event, payload, receivedAtMs }, outcome = null) =>
      grouped.write(() => {
        const row = { id, event, payload, receivedAtMs }
        return (outcome === null ? add.run(row) : addNothing.run({ ...row, outcome })).changes === 1
      }),
    undecided: async (nowMs) =>
      database.read(() => undecided.all({ nowMs, farMs: nowMs + LONGEST_WAIT_MS }).map(idOf)),
    delivery: async (id) => database.read(() => deliveryOf(one.get({ id }))),
    forgetPayloads: async (beforeMs) => database.write(() => Number(forget.run({ beforeMs }).changes)),
    putOff: async (id, error, notBeforeMs) =>
      database.write(() => attemptsOf(putOff.get({ id, error, notBeforeMs }) ?? attempts.get({ id }), id)),
  }
}

function idOf(row: unknown): Pick<Delivery, 'id'> {
  return { id: textOf(fieldsOf(row, 'delivery'), 'id') }
}

function deliveryOf(row: unknown): Delivery | null {
  if (row === undefined) return null
  const fields = fieldsOf(row, 'delivery')
  return {
    id: textOf(fields, 'id'),
    event: textOf(fields, 'event'),
    payload: textOf(fields, 'payload'),
    receivedAtMs: numberOf(fields, 'received_at'),
  }
}

function attemptsOf(row: unknown, id: string): number {
  return numberOf(fieldsOf(row, `delivery ${id}`), 'attempts')
}
