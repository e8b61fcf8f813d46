import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { BrokenRun, Store } from '../../src/model/ports.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { groupedOn } from '../../src/store/grouped.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import type { NoteBroken } from '../../src/store/runReads.ts'
import { openStore, recordsOn } from '../../src/store/sqlite.ts'
import type { Records } from './contract/deeds.ts'
import { storeContract } from './contract.ts'
import { meddle, mending, spoiling } from './meddle.ts'
import { aCheck, aDecision, aDelivery, aRun } from './samples.ts'

describe('the contract, on SQLite', () => storeContract(recordsInFolder))

describe('the file', () => {
  test('is readable by its owner only, with its journal files', async () => {
    await using records = await recordsInFolder()
    const store = await records.open()
    await store.addDelivery(aDelivery('d1'))
    for (const file of [records.file, `${records.file}-wal`, `${records.file}-shm`])
      expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('R-QUE-10 a newer database is refused, naming both versions and the way out', async () => {
    await using records = await recordsInFolder()
    await (await records.open()).close()
    meddle(records.file, `PRAGMA user_version = ${MIGRATIONS.length + 3}`)
    await expect(records.open()).rejects.toMatchObject({
      code: 'STORE_NEWER',
      message: expect.stringMatching(
        new RegExp(
          `berth\\.db has schema version ${MIGRATIONS.length + 3}, .* up to ${MIGRATIONS.length}; start the newer berth`,
        ),
      ),
    })
  })

  test("another program's database is refused and left as it is", async () => {
    await using records = await recordsInFolder()
    meddle(records.file, 'CREATE TABLE songs (title TEXT)')
    await expect(records.open()).rejects.toMatchObject({ code: 'STORE_FOREIGN' })
    expect(tablesIn(records.file)).toEqual(['songs'])
  })

  test.each([
    ['a text file', (file: string) => writeFileSync(file, 'no database '.repeat(400))],
    ['a torn header', (file: string) => writeFileSync(file, 'SQLite format 3\0'.padEnd(4096, '?'))],
  ])('%s in its place is refused by name', async (_, spoil) => {
    await using records = await recordsInFolder()
    spoil(records.file)
    await expect(records.open()).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringContaining(records.file),
    })
  })

  test('damage that is found later is named too', async () => {
    await using records = await recordsInFolder()
    const store = await records.open()
    for (const id of ['d1', 'd2', 'd3'])
      await store.addDelivery(aDelivery(id, { payload: 'x'.repeat(9_000) }))
    await store.close()
    const size = statSync(records.file).size
    const damaged = Buffer.concat([
      readFileSync(records.file).subarray(0, 4096),
      Buffer.alloc(size - 4096, 0x5a),
    ])
    writeFileSync(records.file, damaged)
    await expect(records.open().then((again) => again.undecided(9_000))).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
    })
  })

  test('R-LCK-12 a missing folder and a folder in its place are refused by name', async () => {
    await using records = await recordsInFolder()
    const lost = join(records.file, '..', 'missing', 'berth.db')
    await expect(openStore(lost)).rejects.toMatchObject({
      code: 'STORE_UNUSABLE',
      message: expect.stringContaining(lost),
    })
    await expect(openStore(join(records.file, '..'))).rejects.toMatchObject({ code: 'STORE_UNUSABLE' })
  })
})

describe('migrations', () => {
  test('R-QUE-10 steps run in order, each once, and the version counts them', async () => {
    await using records = await recordsInFolder()
    openDatabase(records.file, ['CREATE TABLE a (x)']).close()
    openDatabase(records.file, [
      'CREATE TABLE a (x)',
      'CREATE TABLE b (x)',
      'ALTER TABLE b ADD COLUMN y',
    ]).close()
    expect(tablesIn(records.file)).toEqual(['a', 'b'])
    expect(versionOf(records.file)).toBe(3)
  })

  test('R-QUE-10 a step that fails leaves nothing of itself, and what came before stands', async () => {
    await using records = await recordsInFolder()
    const broken = ['CREATE TABLE a (x)', 'CREATE TABLE b (x); CREATE TABLE a (y)']
    expect(() => openDatabase(records.file, broken)).toThrow('already exists')
    expect(tablesIn(records.file)).toEqual(['a'])
    expect(versionOf(records.file)).toBe(1)
  })
})

test('R-QUE-11 a thousand deliveries that are put off hide none that comes after them', async () => {
  await using records = await recordsInFolder()
  const store = await records.open()
  meddle(
    records.file,
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
     INSERT INTO deliveries (id, event, payload, received_at, not_before) SELECT 'old-' || i, 'issue_comment', '{}', 1, 9000 FROM n`,
  )
  await store.addDelivery(aDelivery('late'))
  expect(await store.undecided(2_000)).toEqual([{ id: 'late' }])
  const all = await store.undecided(Number.MAX_SAFE_INTEGER)
  expect([all.length, all.at(-1)]).toEqual([1001, { id: 'late' }])
})

test('R-JAN-11 of an event that is not used its action is kept', async () => {
  await using records = await recordsInFolder()
  const store = await records.open()
  for (const [id, payload] of [
    ['d1', '{"action":"created"}'],
    ['d2', 'no JSON'],
  ] as const)
    await store.addDelivery(aDelivery(id, { event: 'star', payload }), 'event_not_used')
  using connection = new DatabaseSync(records.file)
  const rows = connection.prepare('SELECT id, event, action, payload, outcome FROM deliveries').all()
  expect(rows).toMatchObject([
    { id: 'd1', event: 'star', action: 'created', payload: '', outcome: 'event_not_used' },
    { id: 'd2', event: 'star', action: null, payload: '', outcome: 'event_not_used' },
  ])
})

describe('a record that cannot be read', () => {
  const NEW_WORD = spoiling('r1')
  const TOO_LARGE = "UPDATE runs SET comment_id = 9007199254740993 WHERE id = 'r1'"

  test.each([
    ['a word of a newer berth', NEW_WORD, 'reason must be one of'],
    ['a number beyond what JavaScript holds', TOO_LARGE, 'comment_id must be a number'],
  ])('R-QUE-11 %s hides no other run, and is told once', async (_, spoil, why) => {
    await using records = await recordsInFolder()
    const told: BrokenRun[] = []
    const store = await records.open(undefined, (run) => told.push(run))
    await queueAll(store, ['r1', 'r2', 'r3'])
    await store.change('r3', 'queued', { state: 'starting', startedAtMs: 1 }, [aCheck('r3', 1)])
    meddle(records.file, spoil)
    for (let look = 0; look < 3; look += 1) {
      expect((await store.queued()).map(({ id }) => id)).toEqual(['r2'])
      expect((await store.live()).map(({ id }) => id)).toEqual(['r3'])
      expect((await store.runs({ limit: 9 })).map(({ id }) => id).sort()).toEqual(['r2', 'r3'])
    }
    const broken = { id: 'r1', state: 'queued', fault: expect.stringContaining(why) }
    expect(told).toEqual([broken])
    expect(await store.broken()).toEqual([broken])
    await expect(store.run('r1')).rejects.toMatchObject({ code: 'RUN_UNREADABLE' })
  })

  test('R-QUE-11 it is a run like any other once it can be read again', async () => {
    await using records = await recordsInFolder()
    const store = await records.open()
    await queueAll(store, ['r1'])
    meddle(records.file, NEW_WORD)
    expect(await store.queued()).toEqual([])
    meddle(records.file, "UPDATE runs SET stop = NULL WHERE id = 'r1'")
    expect(await store.broken()).toEqual([])
    expect((await store.queued()).map(({ id }) => id)).toEqual(['r1'])
  })

  test('R-QUE-03 asking it to stop, and a swap that is lost, read its state alone', async () => {
    await using records = await recordsInFolder()
    const store = await records.open()
    await queueAll(store, ['r1'])
    meddle(records.file, NEW_WORD)
    const stop = { reason: 'cancelled', by: 'octocat', atMs: 2 } as const
    expect(await store.requestStop('r1', stop)).toBe('already')
    expect(await store.change('r1', 'running', { state: 'tearing_down' }, [])).toEqual({
      kind: 'conflict',
      state: 'queued',
    })
  })
})

describe('two processes', () => {
  test('R-QUE-10 processes that open a new file at once make one schema', async () => {
    await using records = await recordsInFolder()
    await Promise.all(['one', 'two', 'three'].map((name) => race(records.file, [], name)))
    expect(versionOf(records.file)).toBe(MIGRATIONS.length)
    expect(await (await records.open()).queued()).toEqual([])
  })

  test('R-QUE-04 of two processes that race for twenty runs, each run is won by one', async () => {
    await using records = await recordsInFolder()
    const runs = Array.from({ length: 20 }, (_, index) => `r${index}`)
    const store = await records.open()
    await store.addDelivery(aDelivery('d1'))
    await store.decide(
      aDecision('d1', { runs: runs.map((id) => aRun(id)), reports: runs.map((id) => aCheck(id, 0)) }),
    )
    const racers = await Promise.all(['one', 'two'].map((name) => race(records.file, runs, name)))
    const won = racers.flat().sort()
    expect(won).toEqual([...runs].sort())
    expect((await store.live()).every(({ attempts }) => attempts === 1)).toBe(true)
  })

  test('reading goes on beside the write of another connection', async () => {
    await using records = await recordsInFolder()
    const store = await records.open()
    await store.addDelivery(aDelivery('d1'))
    using other = new DatabaseSync(records.file)
    other.exec('BEGIN IMMEDIATE')
    expect(await store.undecided(9_000)).toHaveLength(1)
    other.exec('ROLLBACK')
    expect(await store.addDelivery(aDelivery('d2'))).toBe(true)
  })
})

describe('speed', () => {
  test('no question and no write of the loops reads a table from end to end', async () => {
    await using records = await recordsInFolder()
    const database = openDatabase(records.file, MIGRATIONS)
    const statements = statementsOf(database)
    const plans = statements.map((sql) => ({ sql, plan: planOf(database, sql) }))
    database.close()
    expect(statements.length).toBeGreaterThan(30)
    expect(
      plans.filter(({ plan }) => /SCAN (?!pragma_|json_each VIRTUAL|.*USING (COVERING )?INDEX)/.test(plan)),
    ).toEqual([])
  })

  test.each([
    ["state = 'queued'", 'SCAN runs USING INDEX runs_claim'],
    ["state IN ('starting'", 'SCAN runs USING INDEX runs_live'],
    ['decided_at IS NULL AND (not_before', 'SCAN deliveries USING INDEX deliveries_undecided'],
    ['json_each(:except)) ORDER BY terminal', 'SCAN reports USING INDEX reports_pending'],
    ['concluded_at - started_at', 'SEARCH runs USING INDEX runs_finished (repository_id=? AND recipe=?)'],
    ['(SELECT max(seq) FROM reports WHERE run_id', 'SEARCH reports USING INDEX reports_of_run (run_id=?)'],
    [
      'earlier.state = ',
      'SEARCH earlier USING COVERING INDEX reports_of_run (run_id=? AND state=? AND rowid<?)',
    ],
    ['+repository_id = :repositoryId AND pr', 'SCAN runs USING INDEX runs_claim'],
    ['changed > :since', 'SEARCH runs USING INDEX runs_by_change (changed>?)'],
  ])('what is over is in no index that answers %s', async (part, plan) => {
    await using records = await recordsInFolder()
    const database = openDatabase(records.file, MIGRATIONS)
    const sql = statementsOf(database).find((statement) => statement.includes(part)) ?? ''
    const found = planOf(database, sql)
    database.close()
    expect(found).toContain(plan)
    expect(found).not.toContain('TEMP B-TREE')
  })
})

interface FileRecords extends Records {
  readonly file: string
  open(now?: () => number, note?: NoteBroken): Promise<Store>
}

async function recordsInFolder(): Promise<FileRecords> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-store-'))
  const file = join(folder, 'berth.db')
  const stores: Store[] = []
  return {
    file,
    async open(now, note) {
      const store = await openStore(file, now, note)
      stores.push(store)
      return store
    },
    spoil: async (run) => meddle(file, spoiling(run)),
    mend: async (run) => meddle(file, mending(run)),
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store.close().catch(ignoreClosed)
      rmSync(folder, { recursive: true })
    },
  }
}

/** A test may have closed its store itself. */
function ignoreClosed(error: unknown): void {
  if (!String(error).includes('database is not open')) throw error
}

async function queueAll(store: Store, ids: readonly string[]): Promise<void> {
  const delivery = `d-${ids.join('-')}`
  await store.addDelivery(aDelivery(delivery))
  const [runs, reports] = [ids.map((id) => aRun(id)), ids.map((id) => aCheck(id, 0))]
  await store.decide(aDecision(delivery, { runs, reports }))
}

function tablesIn(file: string): readonly string[] {
  using connection = new DatabaseSync(file)
  const rows = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all()
  return rows.map((row) => String(row['name']))
}

function versionOf(file: string): number {
  using connection = new DatabaseSync(file)
  return Number(connection.prepare('PRAGMA user_version').get()?.['user_version'])
}

/** Claims every run it can in a process of its own; resolves to those it won. */
async function race(file: string, runs: readonly string[], name: string): Promise<readonly string[]> {
  const store = JSON.stringify(new URL('../../src/store/sqlite.ts', import.meta.url).href)
  const script = `
    const { openStore } = await import(${store})
    const store = await openStore(${JSON.stringify(file)})
    const won = []
    for (const id of ${JSON.stringify(runs)}) {
      const { kind } = await store.change(id, 'queued', { state: 'starting', startedAtMs: 1 }, [])
      if (kind === 'changed') won.push(id)
      else if (kind !== 'already') throw new Error(${JSON.stringify(name)} + ' met ' + kind)
    }
    await store.close()
    console.log(JSON.stringify(won))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  return JSON.parse(stdout)
}

/** Every statement that the parts of the store prepare on a database. */
function statementsOf(database: Database): readonly string[] {
  const statements: string[] = []
  const noting: Database = {
    ...database,
    prepare(sql) {
      statements.push(sql)
      return database.prepare(sql)
    },
  }
  recordsOn(noting, groupedOn(noting), Date.now)
  return statements
}

function planOf(database: Database, sql: string): string {
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
  return rows.map((row) => String(row['detail'])).join('; ')
}
