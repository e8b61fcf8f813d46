import type { Store } from '../model/ports.ts'
import { fieldsOf, numberOf } from '../model/read.ts'
import { crashLoopsOn } from './crashLoops.ts'
import { type Database, openDatabase } from './database.ts'
import { decisionsOn } from './decisions.ts'
import { deliveriesOn } from './deliveries.ts'
import { forgettingOn } from './forgetting.ts'
import { groupedOn } from './grouped.ts'
import { MIGRATIONS } from './migrations.ts'
import { reportsOn } from './reports.ts'
import { runChangesOn } from './runChanges.ts'
import type { NoteBroken } from './runReads.ts'
import { runsOn } from './runs.ts'
import { usesOn } from './uses.ts'

/** What others have committed, and what this connection has changed: SQLite counts the two apart (sqlite.org/pragma.html, data_version). */
const VERSION = 'SELECT data_version AS others, total_changes() AS own FROM pragma_data_version'

/**
 * The records on SQLite (WAL, synchronous=FULL: on disk when a promise resolves). The file is made, with mode 0600, if it is missing.
 * `now` dates reports, in milliseconds.
 * `note` hears of runs whose records cannot be read.
 * @throws HarnessError STORE_…, naming the file, what is wrong with it and the way out
 */
export async function openStore(
  file: string,
  now: () => number = Date.now,
  note?: NoteBroken,
): Promise<Store> {
  const database = openDatabase(file, MIGRATIONS)
  const grouped = groupedOn(database)
  const reports = reportsOn(database, now)
  const runs = runsOn(database, note)
  const changes = runChangesOn(database, runs, reports)
  return {
    ...deliveriesOn(database, grouped),
    ...decisionsOn(database, grouped, runs, changes, reports),
    ...runs.port,
    ...changes.port,
    ...reports.port,
    ...usesOn(database),
    ...crashLoopsOn(database),
    ...forgettingOn(database),
    version: versionOf(database),
    async close() {
      grouped.flush()
      database.close()
    },
  }
}

function versionOf(database: Database): Store['version'] {
  const version = database.prepare(VERSION)
  return async () =>
    database.read(() => {
      const fields = fieldsOf(version.get(), 'version')
      return `${numberOf(fields, 'others')}.${numberOf(fields, 'own')}`
    })
}
