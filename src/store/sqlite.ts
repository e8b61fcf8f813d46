import type { Store } from '../model/ports.ts'
import { accessOn } from './access.ts'
import { actionsOn } from './actions.ts'
import { alarmsOn } from './alarms.ts'
import { crashLoopsOn } from './crashLoops.ts'
import { type Database, openDatabase } from './database.ts'
import { decisionsOn } from './decisions.ts'
import { deliveriesOn } from './deliveries.ts'
import { forgettingOn } from './forgetting.ts'
import { type Grouped, groupedOn } from './grouped.ts'
import { MIGRATIONS } from './migrations.ts'
import { ordersOn } from './orders.ts'
import { repliesOn } from './replies.ts'
import { reportsOn } from './reports.ts'
import { runChangesOn } from './runChanges.ts'
import { type NoteBroken, runReadsOn } from './runReads.ts'
import { runsOn } from './runs.ts'
import { usesOn } from './uses.ts'
import { versionOn } from './version.ts'
import { watchesOn } from './watches.ts'

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
  return {
    ...recordsOn(database, grouped, now, note),
    async close() {
      grouped.flush()
      database.close()
    },
  }
}

/** All of the store but its end, on an open database. */
export function recordsOn(
  database: Database,
  grouped: Grouped,
  now: () => number,
  note: NoteBroken = () => undefined,
): Omit<Store, 'close'> {
  const alarms = alarmsOn(database)
  const reports = reportsOn(database, now, alarms.raise)
  const reads = runReadsOn(database, note)
  const version = versionOn(database)
  const runs = runsOn(database, reads, version)
  const orders = ordersOn(database)
  const actions = actionsOn(database)
  const replies = repliesOn(database, reads, orders, reports)
  const changes = runChangesOn(database, runs, reports, replies)
  return {
    ...deliveriesOn(database, grouped),
    ...decisionsOn(database, grouped, { runs, changes, reports, replies, orders, actions }),
    ...runs.port,
    ...changes.port,
    ...reports.port,
    ...replies.port,
    ...orders.port,
    ...usesOn(database),
    ...crashLoopsOn(database),
    ...forgettingOn(database),
    ...alarms.port,
    ...watchesOn(database),
    ...accessOn(database),
    ...actions.port,
    version: async () => database.read(version),
    damage: () => database.damage(),
  }
}
