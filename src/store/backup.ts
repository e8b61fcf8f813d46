import { closeSync, constants, existsSync, fsyncSync, linkSync, openSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { codeOf, HarnessError, InputError } from '../errors.ts'
import { fieldsOf, numberOf } from '../model/read.ts'
import { guarded } from './database.ts'
import { opened, removeIfThere, syncFolder } from './durable.ts'
import { refuseForeign } from './migrations.ts'

export interface BackedUp {
  readonly bytes: number
  /** All runs that the copy knows. */
  readonly runs: number
}

/**
 * Copies the records as they are at one moment into a new file of mode 0600, while others read and write them: VACUUM INTO is one read
 * transaction (sqlite.org/lang_vacuum.html). The file appears under its name when it is whole, proved sound, and on disk. The schema is not touched:
 * a copy can be made before a newer berth is started. What it has still to tell counts as tried.
 * @throws InputError where `file` is there already, or cannot be made
 * @throws HarnessError STORE_NONE where there are no records, STORE_FULL, STORE_DAMAGED, STORE_FOREIGN, naming the file
 */
export function backUp(database: string, file: string): BackedUp {
  if (!existsSync(database))
    throw new HarnessError(
      'STORE_NONE',
      `There are no records at ${database}: no service has run with this state folder`,
    )
  if (existsSync(file)) throw taken(file)
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}`)
  makeEmpty(temporary, file)
  try {
    copy(database, temporary)
    doubt(temporary)
    const runs = soundRuns(temporary)
    putThere(temporary, file)
    return { bytes: statSync(file).size, runs }
  } finally {
    removeIfThere(temporary)
  }
}

function taken(file: string): InputError {
  return new InputError('berth backup', [
    `${file} is there already, and is not written over; name a new file`,
  ])
}

/** SQLite writes into a file that is there and empty: so its mode is ours from the first byte on. */
function makeEmpty(temporary: string, file: string): void {
  removeIfThere(temporary)
  try {
    closeSync(openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600))
  } catch (error) {
    throw new InputError('berth backup', [`${file} cannot be made (${codeOf(error)}); name another folder`], {
      cause: error,
    })
  }
}

function copy(database: string, temporary: string): void {
  using connection = guarded(database, () => new DatabaseSync(database, { readOnly: true }))
  guarded(database, () => refuseForeign(connection, database))
  guarded(temporary, () => connection.prepare('VACUUM INTO ?').run(temporary))
}

const MAY_HAVE_ARRIVED = [
  "UPDATE runs SET check_tried = 1 WHERE id IN (SELECT run_id FROM reports WHERE state = 'pending')",
  "UPDATE reports SET attempts = 1 WHERE state = 'pending' AND attempts = 0",
]
const REPLIES_MAY = 'UPDATE replies SET tried = 1 WHERE tried = 0'

/** What is still to be told when the copy is made is told a moment later: whoever goes on from it is to look before anything is created. */
function doubt(temporary: string): void {
  using connection = guarded(temporary, () => new DatabaseSync(temporary))
  guarded(temporary, () => {
    // Nothing beside the file: it is thrown away as a whole if this fails.
    connection.exec('PRAGMA journal_mode = MEMORY')
    const replies = connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'replies'").get()
    for (const change of [...MAY_HAVE_ARRIVED, ...(replies === undefined ? [] : [REPLIES_MAY])])
      connection.exec(change)
  })
}

/** A copy that nobody can read is worse than none. */
function soundRuns(temporary: string): number {
  using connection = guarded(temporary, () => new DatabaseSync(temporary, { readOnly: true }))
  return guarded(temporary, () => {
    const [first] = connection.prepare('PRAGMA integrity_check(1)').all()
    const verdict = fieldsOf(first, 'integrity_check')['integrity_check']
    if (verdict !== 'ok')
      throw new HarnessError(
        'STORE_DAMAGED',
        `The copy is not sound (${String(verdict)}), so there is none; the records are damaged`,
      )
    return numberOf(fieldsOf(connection.prepare('SELECT count(*) AS runs FROM runs').get(), 'runs'), 'runs')
  })
}

function putThere(temporary: string, file: string): void {
  {
    using fd = opened(temporary, constants.O_RDWR)
    fsyncSync(fd.value)
  }
  try {
    linkSync(temporary, file)
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? taken(file) : error
  }
  syncFolder(dirname(file))
}
