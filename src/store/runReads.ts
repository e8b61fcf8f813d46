import type { SQLInputValue, StatementSync } from 'node:sqlite'
import { HarnessError, messageOf } from '../errors.ts'
import type { BrokenRun, RunPlace, RunRow } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, oneOf, textOf } from '../model/read.ts'
import { RUN_STATES } from '../model/run.ts'
import type { Database } from './database.ts'
import { runOf } from './runRow.ts'

const ONE = 'SELECT * FROM runs WHERE id = :id'

type Parameters = Record<string, SQLInputValue>

interface PlacedRun {
  readonly place: RunPlace
  /** Null = it cannot be read. */
  readonly run: RunRow | null
}

/** Hears of each run whose row cannot be read, once for each fault. */
export type NoteBroken = (run: BrokenRun) => void

export interface RunReads {
  /** A statement whose rows are read one by one: one that cannot be read hides no other. */
  readonly each: (sql: string) => (parameters?: Parameters) => readonly RunRow[]
  /** The same row by row, null for one that cannot be read: what is not kept of many takes no memory. */
  readonly fold: (
    sql: string,
  ) => (parameters: Parameters, take: (id: string, row: RunRow | null) => void) => void
  /** The same with each row's place in the order of the newest, also of one that cannot be read. */
  readonly placed: (sql: string) => (parameters: Parameters) => readonly PlacedRun[]
  /** @throws HarnessError RUN_UNREADABLE */
  readonly find: (id: string) => RunRow | null
  /** Those that were met and still cannot be read. */
  readonly broken: () => readonly BrokenRun[]
}

export function runReadsOn(database: Database, note: NoteBroken): RunReads {
  const one = prepared(database, ONE)
  const met = new Map<string, string>()

  /** Null = it cannot be read, which is noted. */
  function readable(row: object): RunRow | null {
    const read = tryRow(row)
    if (!('fault' in read)) {
      met.delete(read.id)
      return read
    }
    if (met.get(read.id) !== read.fault) note(read)
    met.set(read.id, read.fault)
    return null
  }

  return {
    each(sql) {
      const statement = prepared(database, sql)
      return (parameters = {}) => statement.all(parameters).flatMap((row) => readable(row) ?? [])
    },
    fold(sql) {
      const statement = prepared(database, sql)
      return (parameters, take) => {
        for (const row of statement.iterate(parameters)) take(String(row['id']), readable(row))
      }
    },
    placed(sql) {
      const statement = prepared(database, sql)
      return (parameters) =>
        statement.all(parameters).map((row) => ({ place: placeOf(row), run: readable(row) }))
    },
    find(id) {
      const row = one.get({ id })
      if (row === undefined) return null
      const run = readable(row)
      if (run !== null) return run
      throw new HarnessError('RUN_UNREADABLE', `The record of run ${id} cannot be read: ${met.get(id)}`)
    },
    broken: () =>
      [...met.keys()].flatMap((id) => {
        const broken = brokenOf(one.get({ id }))
        if (broken === null) met.delete(id)
        return broken ?? []
      }),
  }
}

/** Numbers that JavaScript cannot hold would make SQLite's binding throw for all rows at once. */
function prepared(database: Database, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement
}

function brokenOf(row: object | undefined): BrokenRun | null {
  const read = row === undefined ? null : tryRow(row)
  return read !== null && 'fault' in read ? read : null
}

function placeOf(row: object): RunPlace {
  const fields = fieldsOf(plainFields(row), 'run')
  return { id: textOf(fields, 'id'), enqueuedAtMs: numberOf(fields, 'enqueued_at') }
}

/** In the row itself, which nobody else has: a long queue is read row by row. */
function plainFields(row: object): Fields {
  const fields: Record<string, unknown> = Object.assign(row)
  for (const key in fields) {
    const value = fields[key]
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) fields[key] = Number(value)
  }
  return fields
}

function tryRow(row: object): RunRow | BrokenRun {
  const fields = plainFields(row)
  try {
    return runOf(fields)
  } catch (error) {
    const state = oneOf(fields, 'state', RUN_STATES)
    return { id: textOf(fields, 'id'), state, fault: messageOf(error) }
  }
}
