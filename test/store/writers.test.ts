import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { constants, DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { groupedOn } from '../../src/store/grouped.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import { recordsOn } from '../../src/store/sqlite.ts'
import type { Records } from './contract/deeds.ts'
import { storeContract } from './contract.ts'
import { meddle, mending, spoiling } from './meddle.ts'

/** A statement, and what SQLite's own authorizer says that it does (sqlite.org/c3ref/set_authorizer.html). */
interface Statement {
  readonly sql: string
  /** The file that has prepared it. */
  readonly part: string
  /** `runs.state`; for rows that come or go the table alone. */
  readonly updates: ReadonlySet<string>
  readonly inserts: ReadonlySet<string>
  readonly deletes: ReadonlySet<string>
  readonly reads: ReadonlySet<string>
}

/** All writers of each thing that says how something stands: the file, once for each statement. Who adds one adds it here, and says why. */
const WRITERS: Readonly<Record<string, readonly string[]>> = {
  'update runs.state': ['runChanges.ts'],
  'update runs.attempts': ['runChanges.ts'],
  'update runs.verdict': ['runChanges.ts'],
  'update runs.started_at': ['runChanges.ts'],
  'update runs.concluded_at': ['runChanges.ts'],
  'update runs.stop': ['runChanges.ts'],
  'insert runs': ['runs.ts'],
  'delete runs': ['forgetting.ts'],
  // A newer state of a check or a reply takes the place of what waits.
  'update reports.state': [
    'reports.ts',
    'reports.ts',
    // Given up, asked for once more; sent, sent once more; given up, and of no use any more.
    'retrying.ts',
    'retrying.ts',
    'retrying.ts',
    // Sent, or given up.
    'sending.ts',
    'sending.ts',
  ],
  'insert reports': ['reports.ts'],
  'delete reports': ['forgetting.ts'],
  'update deliveries.decided_at': ['decisions.ts'],
  // What somebody asks for on a page; what is to be decided; what is nothing for us; what a look found.
  'insert deliveries': ['actions.ts', 'deliveries.ts', 'deliveries.ts', 'watches.ts'],
  'delete deliveries': [],
  'update orders.begun_at': ['orders.ts'],
  'update orders.ended_at': ['orders.ts'],
  'insert orders': ['orders.ts'],
  'delete orders': [],
  'update actions.ended_at': ['actions.ts'],
  'insert actions': ['actions.ts'],
  'delete actions': [],
  'update tokens.revoked_at': ['access.ts'],
  'insert tokens': ['access.ts'],
  'delete tokens': [],
  'update alarms.state': ['alarms.ts'],
  'insert alarms': ['alarms.ts'],
  'delete alarms': ['alarms.ts'],
}

test.each(Object.entries(WRITERS))('R-QUE-03 R-QUE-07 R-QUE-08 %s: %j and nobody else', (what, parts) => {
  expect(writersOf(what).map(({ part }) => part)).toEqual(parts)
})

test('R-QUE-03 R-QUE-04 whoever writes how something stands compares how it stood in the same statement', () => {
  const states = [
    'runs.state',
    'reports.state',
    'deliveries.decided_at',
    'orders.begun_at',
    'orders.ended_at',
    'actions.ended_at',
    'tokens.revoked_at',
    'alarms.state',
  ]
  const blind = states.flatMap((column) =>
    writersOf(`update ${column}`).filter(({ reads, sql }) => !reads.has(column) || !/\bWHERE\b/.test(sql)),
  )
  expect(blind.map(({ sql }) => sql)).toEqual([])
})

test('R-QUE-07 an attempt is counted, and a verdict and an end are written, by the statement that carries the transition', () => {
  for (const column of ['attempts', 'verdict', 'started_at', 'concluded_at'])
    expect(writersOf(`update runs.${column}`)).toEqual(writersOf('update runs.state'))
})

/** What writes and is prepared later would be seen by none of the tests above. */
describe('the contract, with statements that were prepared at the start, and later none that writes', () =>
  storeContract(closedRecords))

function writersOf(what: string): readonly Statement[] {
  const [kind = '', thing = ''] = what.split(' ')
  return statements().filter((statement) => setOf(statement, kind).has(thing))
}

function setOf({ updates, inserts, deletes }: Statement, kind: string): ReadonlySet<string> {
  if (kind === 'update') return updates
  return kind === 'insert' ? inserts : deletes
}

let known: readonly Statement[] | null = null

/** Every statement that any part of the store prepares, in the order of the parts' names. */
function statements(): readonly Statement[] {
  if (known !== null) return known
  const file = aMigratedFile()
  const database = openDatabase(file, MIGRATIONS)
  onTestFinished(() => database.close())
  const noted: { readonly sql: string; readonly part: string }[] = []
  const noting: Database = {
    ...database,
    prepare(sql) {
      noted.push({ sql, part: callerIn(new Error('who').stack ?? '') })
      return database.prepare(sql)
    },
  }
  recordsOn(noting, groupedOn(noting), Date.now)
  using authorized = new DatabaseSync(file)
  known = noted
    .map(({ sql, part }) => Object.assign({ sql, part }, deedsOf(authorized, sql)))
    .toSorted((one, other) => (one.part < other.part ? -1 : Number(one.part > other.part)))
  return known
}

function callerIn(stack: string): string {
  const files = [...stack.matchAll(/src\/store\/([\w/]+\.ts)/g)].map(([, file = '']) => basename(file))
  return files.find((file) => file !== 'runReads.ts') ?? files[0] ?? 'nobody'
}

/** Those of triggers that it fires, too. */
function deedsOf(connection: DatabaseSync, sql: string): Omit<Statement, 'sql' | 'part'> {
  const deeds = {
    updates: new Set<string>(),
    inserts: new Set<string>(),
    deletes: new Set<string>(),
    reads: new Set<string>(),
  }
  connection.setAuthorizer((action, table, column) => {
    if (action === constants.SQLITE_UPDATE) deeds.updates.add(`${table}.${column}`)
    if (action === constants.SQLITE_INSERT) deeds.inserts.add(`${table}`)
    if (action === constants.SQLITE_DELETE) deeds.deletes.add(`${table}`)
    if (action === constants.SQLITE_READ) deeds.reads.add(`${table}.${column}`)
    return constants.SQLITE_OK
  })
  connection.prepare(sql)
  return deeds
}

function writes({ updates, inserts, deletes }: Omit<Statement, 'sql' | 'part'>): boolean {
  return updates.size + inserts.size + deletes.size > 0
}

function aMigratedFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-writers-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'berth.db')
  openDatabase(file, MIGRATIONS).close()
  return file
}

async function closedRecords(): Promise<Records> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-writers-'))
  await using undo = new AsyncDisposableStack()
  undo.defer(() => rmSync(folder, { recursive: true, force: true }))
  const end = undo.move()
  const file = join(folder, 'berth.db')
  return {
    async open(now = Date.now) {
      const database = openDatabase(file, MIGRATIONS)
      end.defer(() => database.close())
      const authorized = new DatabaseSync(file)
      end.defer(() => authorized.close())
      let isOpen = true
      const closing: Database = {
        ...database,
        prepare(sql) {
          if (!isOpen && writes(deedsOf(authorized, sql))) throw new Error(`prepared late: ${sql}`)
          return database.prepare(sql)
        },
      }
      const grouped = groupedOn(closing)
      const records = recordsOn(closing, grouped, now)
      isOpen = false
      return { ...records, close: async () => grouped.flush() }
    },
    spoil: async (run) => meddle(file, spoiling(run)),
    mend: async (run) => meddle(file, mending(run)),
    [Symbol.asyncDispose]: () => end.disposeAsync(),
  }
}
