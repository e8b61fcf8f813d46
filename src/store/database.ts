import { chmodSync, closeSync, constants, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { codeOf, HarnessError, messageOf } from '../errors.ts'
import { syncFolder } from './durable.ts'
import { type Migration, migrate } from './migrations.ts'

/** How long a call waits for another process's write; writes here take milliseconds. */
const BUSY_MS = 5_000

/** The one connection of a process. Statements are prepared once, by the part that owns them. */
export interface Database {
  prepare(sql: string): StatementSync
  /** Runs reads that need no transaction; faults come out named. */
  read<T>(work: () => T): T
  /** Runs `work` as one write transaction, on disk when it returns; whatever is thrown undoes all of it. */
  write<T>(work: () => T): T
  /** What was found when something read was damaged; null = nothing that was read so far. */
  damage(): string | null
  close(): void
}

/**
 * Opens the database file, made with mode 0600 if it is missing, and brings its schema up to date.
 * @throws HarnessError STORE_NEWER, STORE_DAMAGED, STORE_FOREIGN, STORE_BUSY, STORE_FULL or STORE_UNUSABLE, naming the file and the way out
 */
export function openDatabase(file: string, migrations: readonly Migration[]): Database {
  return guarded(file, () => {
    makeFile(file)
    const connection = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: true })
    try {
      connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      migrate(connection, file, migrations)
      // What may have to be taken back is some pages; by default those become a file outside of the state folder, made and removed with each such write.
      connection.exec('PRAGMA temp_store = MEMORY')
      return databaseOn(connection, file)
    } catch (error) {
      connection.close()
      throw error
    }
  })
}

/** SQLite gives the journal files beside it the mode of the database file. */
function makeFile(file: string): void {
  closeSync(openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600))
  chmodSync(file, 0o600)
  syncFolder(dirname(file))
}

function databaseOn(connection: DatabaseSync, file: string): Database {
  const begin = connection.prepare('BEGIN IMMEDIATE')
  const commit = connection.prepare('COMMIT')
  const rollback = connection.prepare('ROLLBACK')

  function transaction<T>(work: () => T): T {
    begin.run()
    try {
      const result = work()
      commit.run()
      return result
    } catch (error) {
      if (connection.isTransaction) rollback.run()
      throw error
    }
  }

  let damage: string | null = null
  function noting<T>(work: () => T): T {
    try {
      return guarded(file, work)
    } catch (error) {
      if (codeOf(error) === 'STORE_DAMAGED') damage ??= messageOf(error)
      throw error
    }
  }

  return {
    prepare: (sql) => connection.prepare(sql),
    read: noting,
    write: (work) => noting(() => transaction(work)),
    damage: () => damage,
    close: () => connection.close(),
  }
}

/** Primary result codes of SQLite (sqlite.org/rescode.html) that a person can do something about. */
const FAULTS: Readonly<Record<number, readonly [code: string, text: string]>> = {
  5: ['STORE_BUSY', `is kept locked by another process for over ${BUSY_MS / 1000} s; end that process`],
  8: ['STORE_UNUSABLE', 'cannot be written; check its owner, its mode and the disk'],
  10: ['STORE_UNUSABLE', 'cannot be read or written; check the disk'],
  11: [
    'STORE_DAMAGED',
    'is damaged; stop the service, move the file away or restore a copy, and start again',
  ],
  13: ['STORE_FULL', 'cannot grow: the disk is full; make room'],
  14: ['STORE_UNUSABLE', 'cannot be opened; check the folder, its owner and its mode'],
  26: [
    'STORE_DAMAGED',
    'is no SQLite file; stop the service, move the file away or restore a copy, and start again',
  ],
}

/** Faults of SQLite and of the file come out named. */
export function guarded<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw namedFault(file, error)
  }
}

function namedFault(file: string, error: unknown): unknown {
  if (error instanceof HarnessError) return error
  const fault = FAULTS[primaryCodeOf(error)]
  if (fault !== undefined) return new HarnessError(fault[0], `Database ${file} ${fault[1]}`, { cause: error })
  const code = codeOf(error)
  if (code === null || code.startsWith('ERR_')) return error
  return new HarnessError(
    'STORE_UNUSABLE',
    `Database ${file} cannot be opened; check the folder, its owner and its mode`,
    {
      cause: error,
    },
  )
}

/** The low byte of SQLite's extended result code; 0 = the error is not SQLite's. */
function primaryCodeOf(error: unknown): number {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return 0
  return error.errcode & 0xff
}
