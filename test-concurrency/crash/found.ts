import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { countOf, textOf } from '../fixtures/records.ts'
import type { World } from '../fixtures/world.ts'

/** What the records say. */
export interface Records {
  readonly deliveries: number
  readonly undecided: number
  readonly runs: readonly RunRecord[]
  /** Keys of reports that GitHub is still to be told, and of those that were given up. */
  readonly waiting: readonly string[]
  readonly failed: readonly string[]
}

export interface RunRecord {
  readonly id: string
  readonly state: string
  readonly domain: string
  /** The comment that asked for it. */
  readonly commentId: number
  readonly verdict: { readonly conclusion: string; readonly reason: string; readonly title: string } | null
}

const COUNTS = 'SELECT count(*) AS deliveries, count(*) - count(decided_at) AS undecided FROM deliveries'

/**
 * Reads a copy, so that neither a service nor what it left behind notices: SQLite recovers a database that it opens, and its last reader
 * tidies up. Null = there are no records, or no whole schema.
 */
export function lookAtRecords({ root, state }: Pick<World, 'root' | 'state'>): Records | null {
  const folder = mkdtempSync(join(root, 'look-'))
  try {
    for (const file of ['berth.db', 'berth.db-wal'])
      if (existsSync(join(state, file))) copyFileSync(join(state, file), join(folder, file))
    if (!existsSync(join(folder, 'berth.db'))) return null
    using copy = new DatabaseSync(join(folder, 'berth.db'))
    return hasSchema(copy) ? recordsIn(copy) : null
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function hasSchema(copy: DatabaseSync): boolean {
  return copy.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'orders'").get() !== undefined
}

function recordsIn(copy: DatabaseSync): Records {
  const counts = copy.prepare(COUNTS).get()
  const keys = (state: string) =>
    copy
      .prepare('SELECT key FROM reports WHERE state = ? ORDER BY seq')
      .all(state)
      .map((row) => String(row['key']))
  const runs = copy.prepare('SELECT * FROM runs ORDER BY enqueued_at, id').all()
  return {
    deliveries: Number(counts?.['deliveries']),
    undecided: Number(counts?.['undecided']),
    runs: runs.map((row) => ({
      id: String(row['id']),
      state: String(row['state']),
      domain: String(row['domain']),
      commentId: Number(row['comment_id']),
      verdict: row['verdict'] === null ? null : JSON.parse(String(row['verdict'])),
    })),
    waiting: keys('pending'),
    failed: keys('failed'),
  }
}

/** What a service that begins now meets. */
export interface Found {
  /** As far as the command has come: `no records`, `nothing`, `a delivery`, or the run's state and what there is of it on disk. */
  readonly what: string
  /** The run's processes have never begun, so whoever comes now may find that it never was. */
  readonly unbegun: boolean
}

export function find(world: World): Found {
  const records = lookAtRecords(world)
  const run = records?.runs[0]
  if (records === null) return { what: 'no records', unbegun: false }
  if (run === undefined) return { what: records.deliveries > 0 ? 'a delivery' : 'nothing', unbegun: false }
  const folder = join(world.state, 'runs', run.id)
  const parts = {
    folder: existsSync(folder),
    request: existsSync(join(folder, 'request.json')),
    entry: existsSync(join(world.state, 'open', run.id)),
    mark: textOf(world.lockFile(run.domain)) !== '',
    result: existsSync(join(folder, 'result.json')),
    note: existsSync(join(folder, 'reported')),
  }
  const there = Object.entries(parts).flatMap(([part, is]) => (is ? [part] : []))
  const began = countOf(folder, 'process.started') > 0
  return { what: [run.state, ...there].join(', '), unbegun: parts.folder && !began }
}
