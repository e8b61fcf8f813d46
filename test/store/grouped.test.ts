import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/store/database.ts'
import { groupedOn } from '../../src/store/grouped.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aDecision, aDelivery } from './samples.ts'

function aFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-grouped-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'berth.db')
}

function aDatabase() {
  const database = openDatabase(aFile(), ['CREATE TABLE words (word TEXT PRIMARY KEY) STRICT'])
  onTestFinished(() => database.close())
  let writes = 0
  const counting = {
    ...database,
    write<T>(work: () => T): T {
      writes += 1
      return database.write(work)
    },
  }
  const add = database.prepare('INSERT INTO words (word) VALUES (:word)')
  const all = database.prepare('SELECT word FROM words ORDER BY word')
  return {
    grouped: groupedOn(counting),
    writes: () => writes,
    add: (word: string) => Number(add.run({ word }).changes),
    words: () => all.all().map((row) => row['word']),
  }
}

test('R-QUE-01 what comes in one turn of the event loop is one write to disk, and each hears of its own end after it', async () => {
  const { grouped, writes, add, words } = aDatabase()
  const all = ['a', 'b', 'c'].map((word) => grouped.write(() => add(word)))
  expect(words(), 'nothing is there before its time').toEqual([])
  expect(await Promise.all(all)).toEqual([1, 1, 1])
  expect([words(), writes()]).toEqual([['a', 'b', 'c'], 1])
  await grouped.write(() => add('d'))
  expect(writes()).toBe(2)
})

test('R-QUE-01 R-QUE-11 one that fails takes back all of its own, and nothing of its neighbours’', async () => {
  const { grouped, writes, add, words } = aDatabase()
  const ends = await Promise.allSettled([
    grouped.write(() => add('a')),
    grouped.write(() => add('b') + add('a')),
    grouped.write(() => add('c')),
  ])
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect([words(), writes()]).toEqual([['a', 'c'], 1])
})

test('R-QUE-01 R-QUE-11 one that comes alone and fails takes back all of its own, and the next one is none the worse', async () => {
  const { grouped, writes, add, words } = aDatabase()
  await expect(grouped.write(() => add('a') + add('a'))).rejects.toThrow('UNIQUE')
  expect([words(), writes()]).toEqual([[], 1])
  expect(await grouped.write(() => add('a'))).toBe(1)
  expect([words(), writes()]).toEqual([['a'], 2])
})

test('R-QUE-01 where the write as a whole fails, nobody is told that theirs is on disk', async () => {
  const database = openDatabase(aFile(), ['CREATE TABLE words (word TEXT PRIMARY KEY) STRICT'])
  const add = database.prepare('INSERT INTO words (word) VALUES (:word)')
  const grouped = groupedOn(database)
  const all = ['a', 'b'].map((word) => grouped.write(() => add.run({ word })))
  database.close()
  const ends = await Promise.allSettled(all)
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

test('R-QUE-01 nor where it fails at its very end, when every part of it has gone well', async () => {
  const database = openDatabase(aFile(), [
    `CREATE TABLE words (word TEXT PRIMARY KEY, after TEXT REFERENCES words (word) DEFERRABLE INITIALLY DEFERRED) STRICT`,
  ])
  onTestFinished(() => database.close())
  const add = database.prepare('INSERT INTO words (word, after) VALUES (:word, :after)')
  const grouped = groupedOn(database)
  const both = ['a', 'b'].map((word) =>
    grouped.write(() => add.run({ word, after: word === 'a' ? null : 'never' }).changes),
  )
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(database.prepare('SELECT word FROM words').all()).toEqual([])
})

test('R-QUE-01 closing writes what waits; deliveries and decisions of one turn share their write, in order', async () => {
  const file = aFile()
  const store = await openStore(file)
  const ends = [
    store.addDelivery(aDelivery('d1')),
    store.decide(aDecision('d1', { outcome: 'no_command' })),
    store.addDelivery(aDelivery('d1')),
    store.decide(aDecision('d9')),
  ]
  const settled = Promise.allSettled(ends)
  await store.close()
  const values = (await settled).map((end) => (end.status === 'fulfilled' ? end.value : end.status))
  expect(values).toEqual([true, true, false, 'rejected'])
  const again = await openStore(file)
  onTestFinished(() => again.close())
  expect(await again.undecided(1e12)).toEqual([])
  expect((await again.delivery('d1'))?.id).toBe('d1')
})
