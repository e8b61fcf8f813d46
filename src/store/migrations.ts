import type { DatabaseSync } from 'node:sqlite'
import { HarnessError } from '../errors.ts'
import { fieldsOf, numberOf } from '../model/read.ts'
import { FEWER_PAGES } from './indexes.ts'
import {
  ALARMS,
  BEGUN_ORDERS,
  CHANGED_RUNS,
  FINISHED_RUNS,
  FIRST_SCHEMA,
  LIMITS,
  ORDER_AND_LIMITS,
  ORDERS,
  PARTS_OF_RUNS,
  PAYLOADS,
  QUEUED_FIELDS,
  REPLIES,
  RETRIES,
  RUNS_OF_COMMIT,
  WATCHES,
} from './schema.ts'
import { ACCESS, PAST_STAGES, RUNS_OF_RECIPE } from './schemaWeb.ts'

/** One step of the schema. Its number is its place in the list; a released step is never changed, and none takes away what is recorded. */
export type Migration = string

export const MIGRATIONS: readonly Migration[] = [
  FIRST_SCHEMA,
  RUNS_OF_COMMIT,
  LIMITS,
  PAYLOADS,
  PARTS_OF_RUNS,
  REPLIES,
  FINISHED_RUNS,
  WATCHES,
  RETRIES,
  ORDERS,
  ALARMS,
  ORDER_AND_LIMITS,
  BEGUN_ORDERS,
  CHANGED_RUNS,
  QUEUED_FIELDS,
  FEWER_PAGES,
  RUNS_OF_RECIPE,
  ACCESS,
  PAST_STAGES,
]

/** "brth", in SQLite's header (PRAGMA application_id): tells our file from any other program's. */
const APPLICATION_ID = 0x62727468

/**
 * Brings the schema to the newest version, each step in a transaction of its own.
 * @throws HarnessError STORE_NEWER if a newer berth has written the file, STORE_FOREIGN if another program has
 */
export function migrate(connection: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  refuseForeign(connection, file)
  while (versionOf(connection, file, migrations.length) < migrations.length)
    step(connection, file, migrations)
}

/** One statement, so one look: between two, another process may make the first schema. */
const WHOSE = `
  SELECT application_id, (SELECT count(*) FROM sqlite_schema) AS tables FROM pragma_application_id`

/** @throws HarnessError STORE_FOREIGN */
export function refuseForeign(connection: DatabaseSync, file: string): void {
  const row = fieldsOf(connection.prepare(WHOSE).get(), 'application_id')
  const id = numberOf(row, 'application_id')
  if (id === APPLICATION_ID || (id === 0 && numberOf(row, 'tables') === 0)) return
  throw new HarnessError(
    'STORE_FOREIGN',
    `Database ${file} belongs to another program; give berth a state folder of its own`,
  )
}

function versionOf(connection: DatabaseSync, file: string, known: number): number {
  const version = numberOf(
    fieldsOf(connection.prepare('PRAGMA user_version').get(), 'pragma'),
    'user_version',
  )
  if (version <= known) return version
  throw new HarnessError(
    'STORE_NEWER',
    `Database ${file} has schema version ${version}, and this berth knows versions up to ${known}; start the newer berth, or restore the copy made before the upgrade`,
  )
}

/** The version is read again inside: another process may have taken the same step in between. */
function step(connection: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  connection.exec('BEGIN IMMEDIATE')
  try {
    const version = versionOf(connection, file, migrations.length)
    const migration = migrations[version]
    if (migration !== undefined) {
      connection.exec(migration)
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + 1}`)
    }
    connection.exec('COMMIT')
  } catch (error) {
    if (connection.isTransaction) connection.exec('ROLLBACK')
    throw error
  }
}
