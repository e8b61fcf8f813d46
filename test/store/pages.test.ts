import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { Store } from '../../src/model/ports.ts'
import { openDatabase } from '../../src/store/database.ts'
import { groupedOn } from '../../src/store/grouped.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aCheck, aDecision, aDelivery, aRun } from './samples.ts'

/** Of trees that are long already: in a new file most are one page, whatever is written to them. */
const QUEUED = 2_000
/** Few enough for SQLite to begin no new round by itself. */
const DECISIONS = 20

function aFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-pages-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'berth.db')
}

test('R-QUE-01 a run comes into the queue with few pages of the file: each is written and flushed before anybody is answered', async () => {
  const file = aFile()
  const store = await openStore(file)
  onTestFinished(() => store.close())
  const delivered = Array.from({ length: DECISIONS }, (_, index) => QUEUED + index)
  for (const first of [0, ...delivered]) await store.addDelivery(aDelivery(`d${first}`))
  await decide(store, 0, QUEUED)
  emptyWal(file)
  for (const first of delivered) await decide(store, first, 1)
  const pages = pagesInWal(file) / DECISIONS
  expect(pages).toBeGreaterThan(10)
  expect(pages).toBeLessThan(23)
})

test('R-QUE-01 what may have to be taken back is kept in no file outside of the state folder', async () => {
  const file = aFile()
  const database = openDatabase(file, ['CREATE TABLE words (word TEXT PRIMARY KEY, text TEXT) STRICT'])
  onTestFinished(() => database.close())
  const grouped = groupedOn(database)
  const add = database.prepare('INSERT INTO words (word, text) VALUES (:word, :text)')
  const change = database.prepare('UPDATE words SET text = upper(text)')
  for (let index = 0; index < 200; index += 1) add.run({ word: `w${index}`, text: 'a'.repeat(2_000) })
  const both = [1, 2].map(() =>
    grouped.write(() => {
      change.run()
      return openFiles().filter((path) => path.includes('etilqs_'))
    }),
  )
  expect(await Promise.all(both)).toEqual([[], []])
})

async function decide(store: Store, first: number, count: number): Promise<void> {
  const runs = Array.from({ length: count }, (_, index) => {
    const domain = `site-pr${(first + index) % 200}.ci.test`
    return aRun(`r${String(first + index).padStart(15, '0')}`, { domain, names: [domain] })
  })
  const reports = runs.map(({ id }) => aCheck(id, 0))
  await store.decide(aDecision(`d${first}`, { runs, reports }))
}

/** So that the next write begins the file anew. */
function emptyWal(file: string): void {
  using connection = new DatabaseSync(file)
  expect(connection.prepare('PRAGMA wal_checkpoint(RESTART)').get()).toMatchObject({ busy: 0 })
}

/** Frames of the newest round of the write-ahead log (sqlite.org/fileformat2.html, "The Write-Ahead Log"): each bears its salts. */
function pagesInWal(file: string): number {
  const wal = readFileSync(`${file}-wal`)
  const frameBytes = 24 + wal.readUInt32BE(8)
  let frames = 0
  const isOfRound = (at: number) =>
    at + frameBytes <= wal.length && wal.readBigUInt64BE(at + 8) === wal.readBigUInt64BE(16)
  while (isOfRound(32 + frames * frameBytes)) frames += 1
  return frames
}

/** SQLite's temporary files are removed while they are open, and stay in this list. */
function openFiles(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })
}
