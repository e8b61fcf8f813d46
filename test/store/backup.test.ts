import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { backUp } from '../../src/store/backup.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aCheck, aDecision, aDelivery, aRun } from './samples.ts'

const BERTH = fileURLToPath(new URL('../../scripts/berth', import.meta.url))
const SRC = new URL('../../src/', import.meta.url).href
const HERE = new URL('./', import.meta.url).href

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-backup-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

async function recordsOf(folder: string, runs: readonly string[]): Promise<string> {
  const file = join(folder, 'berth.db')
  const store = await openStore(file)
  for (const id of runs) {
    await store.addDelivery(aDelivery(id))
    await store.decide(aDecision(id, { runs: [aRun(id)], reports: [aCheck(id, 0)] }))
  }
  await store.close()
  return file
}

/** Another process that accepts one run after the other; resolves once it has begun. */
async function startWriter(file: string): Promise<void> {
  const script = `
    const { openStore } = await import('${SRC}store/sqlite.ts')
    const { aCheck, aDecision, aDelivery, aRun } = await import('${HERE}samples.ts')
    const store = await openStore(process.argv[1])
    for (let n = 0; ; n += 1) {
      const id = 'w' + n
      await store.addDelivery(aDelivery(id))
      await store.decide(aDecision(id, { runs: [aRun(id)], reports: [aCheck(id, 0)] }))
      if (n === 3) console.log('begun')
    }`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  await once(createInterface(child.stdout), 'line')
}

test('R-QUE-01 a copy is of one moment, whatever is written meanwhile: no run in it without its report and its delivery', async () => {
  const folder = emptyFolder()
  const file = await recordsOf(folder, ['r1'])
  await startWriter(file)
  const sizes: number[] = []
  for (let copy = 0; copy < 8; copy += 1) {
    const { runs } = backUp(file, join(folder, `copy-${copy}`))
    using connection = new DatabaseSync(join(folder, `copy-${copy}`), { readOnly: true })
    const counts = connection
      .prepare(
        `SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM reports) AS reports,
                (SELECT count(*) FROM deliveries WHERE decided_at IS NOT NULL) AS decided`,
      )
      .get()
    expect({ ...counts }).toEqual({ runs, reports: runs, decided: runs })
    sizes.push(runs)
  }
  expect(sizes.at(-1)).toBeGreaterThan(sizes[0] ?? 0)
  expect(sizes).toEqual(sizes.toSorted((one, other) => one - other))
})

test('a copy is a file of its own, for its owner alone, and a store that can be gone on with', async () => {
  const folder = emptyFolder()
  const file = await recordsOf(folder, ['r1', 'r2'])
  const copy = join(folder, 'copy')
  expect(backUp(file, copy)).toEqual({ runs: 2, bytes: statSync(copy).size })
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  rmSync(file)
  const store = await openStore(copy)
  expect((await store.queued()).map(({ id }) => id)).toEqual(['r1', 'r2'])
  expect(await store.addDelivery(aDelivery('r1'))).toBe(false)
  await store.close()
})

test('R-REP-03 what a copy has still to tell may have been told since: whoever goes on from it looks before a check or a reply is created', async () => {
  const folder = emptyFolder()
  const file = await recordsOf(folder, ['r1'])
  const store = await openStore(file)
  await store.addDelivery(aDelivery('r2'))
  const reply = aCheck('', 0, { key: 'reply:7', kind: 'reply', runId: null, commentId: 7 })
  const parts = [{ text: 'Testing.', runs: ['r1'], orders: [] }]
  const kept = { commentId: 7, repository: 'acme/site', installationId: 7, pr: 12, parts }
  await store.decide(aDecision('r2', { reports: [reply], replies: [kept] }))
  backUp(file, join(folder, 'copy'))
  const restored = await openStore(join(folder, 'copy'))
  const tried = async (records: typeof store) => {
    const due = await records.dueReports(9e15, 10)
    return Promise.all(due.map(async ({ seq, key }) => [key, (await records.beginReport(seq, 0))?.tried]))
  }
  expect(await tried(restored)).toEqual([
    ['check:r1:0', true],
    ['reply:7', true],
  ])
  expect(await tried(store), 'the records themselves').toEqual([
    ['check:r1:0', false],
    ['reply:7', false],
  ])
  await Promise.all([restored.close(), store.close()])
})

test('R-QUE-10 records of an older berth are copied as they are', async () => {
  const folder = emptyFolder()
  const file = await recordsOf(folder, [])
  const version = (path: string, change = '') => {
    using connection = new DatabaseSync(path)
    if (change !== '') connection.exec(change)
    return connection.prepare('PRAGMA user_version').get()?.['user_version']
  }
  version(file, 'PRAGMA user_version = 3')
  backUp(file, join(folder, 'copy'))
  expect([version(file), version(join(folder, 'copy'))]).toEqual([3, 3])
})

test('what is there already is not written over, and stays as it was', async () => {
  const folder = emptyFolder()
  const file = await recordsOf(folder, ['r1'])
  writeFileSync(join(folder, 'copy'), 'precious')
  expect(() => backUp(file, join(folder, 'copy'))).toThrow('is there already, and is not written over')
  expect(statSync(join(folder, 'copy')).size).toBe('precious'.length)
})

test.each([
  ['no records', (folder: string) => join(folder, 'none.db'), 'There are no records at'],
  ['a database of another program', foreign, 'belongs to another program'],
  ['what is no database', garbage, 'is no SQLite file'],
])('of %s there is no copy, and a word why', (_, make, says) => {
  const folder = emptyFolder()
  const file = make(folder)
  const before = readdirSync(folder)
  expect(() => backUp(file, join(folder, 'copy'))).toThrow(says)
  expect(readdirSync(folder)).toEqual(before)
})

function foreign(folder: string): string {
  using connection = new DatabaseSync(join(folder, 'foreign.db'))
  connection.exec('CREATE TABLE t (x)')
  return join(folder, 'foreign.db')
}

function garbage(folder: string): string {
  writeFileSync(join(folder, 'garbage.db'), 'x'.repeat(8192))
  return join(folder, 'garbage.db')
}

test('a damaged database is told as that, and its copy does not stay', async () => {
  const folder = emptyFolder()
  const file = await recordsOf(folder, ['r1', 'r2', 'r3'])
  const PAGE = 4096
  const bytes = readFileSync(file)
  bytes.fill(0xff, PAGE)
  writeFileSync(file, bytes)
  expect(() => backUp(file, join(folder, 'copy'))).toThrow(/damaged/)
  expect(readdirSync(folder).filter((name) => !name.startsWith('berth.db'))).toEqual([])
})

test.skipIf(process.getuid?.() !== 0)('a full disk leaves nothing of a copy there (as root)', async () => {
  const folder = emptyFolder()
  const file = await recordsOf(folder, ['r1'])
  const small = emptyFolder()
  const program = `
    const { backUp } = await import('${SRC}store/backup.ts')
    const { readdirSync } = await import('node:fs')
    try { backUp('${file}', '${small}/copy') } catch (error) { console.log(error.code, readdirSync('${small}').length) }`
  const script = 'mount -t tmpfs -o size=16k berth "$0"; exec "$1" --input-type=module -e "$2"'
  const said = execFileSync('unshare', ['-m', 'sh', '-c', script, small, process.execPath, program], {
    encoding: 'utf8',
  })
  expect(said).toBe('STORE_FULL 0\n')
})

test('`berth backup` says what it has copied, and where; a second time it is refused', async () => {
  const folder = emptyFolder()
  await recordsOf(folder, ['r1', 'r2'])
  const backup = (...words: readonly string[]) =>
    execFileSync(BERTH, ['backup', ...words], {
      cwd: folder,
      env: { ...process.env, BERTH_STATE_DIR: folder },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  expect(backup('today.db')).toMatch(new RegExp(`^${join(folder, 'today.db')}: 2 runs, \\d+ KiB\\n$`))
  expect(JSON.parse(backup('other.db', '--json'))).toMatchObject({ file: join(folder, 'other.db'), runs: 2 })
  expect(() => backup('today.db')).toThrow(/is there already/)
  expect(existsSync(join(folder, 'today.db'))).toBe(true)
})
