import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { copyInside } from '../../src/store/copyInside.ts'

const LIMITS = { bytes: 1000, entries: 20 }

function folder(): { readonly root: string; readonly work: string; readonly to: string } {
  const root = mkdtempSync(join(tmpdir(), 'berth-tree-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const work = join(root, 'work')
  mkdirSync(join(work, 'site/sub'), { recursive: true })
  writeFileSync(join(work, 'site/page'), 'page')
  writeFileSync(join(work, 'site/sub/program'), 'program')
  chmodSync(join(work, 'site/sub/program'), 0o700)
  writeFileSync(join(root, 'outside'), 'outside')
  return { root, work, to: join(root, 'copy') }
}

test('R-DKR-15 a folder is copied with its links as links, and everybody in a container may read it', () => {
  const { root, work, to } = folder()
  symlinkSync(join(root, 'outside'), join(work, 'site/link'))
  expect(copyInside(work, 'site', to, LIMITS)).toBeNull()
  expect(readdirSync(to, { recursive: true }).sort()).toEqual(['link', 'page', 'sub', 'sub/program'])
  expect(readFileSync(join(to, 'page'), 'utf8')).toBe('page')
  expect(readlinkSync(join(to, 'link'))).toBe(join(root, 'outside'))
  const modes = ['', 'page', 'sub', 'sub/program'].map((name) => statSync(join(to, name)).mode & 0o777)
  expect(modes).toEqual([0o755, 0o644, 0o755, 0o755])
})

test('R-DKR-15 a file, the whole folder and what a link inside leads to are copied, too', () => {
  const { work, to } = folder()
  symlinkSync('site/page', join(work, 'link'))
  expect(copyInside(work, 'link', `${to}1`, LIMITS)).toBeNull()
  expect(copyInside(work, '.', `${to}2`, LIMITS)).toBeNull()
  expect([readFileSync(`${to}1`, 'utf8'), readdirSync(`${to}2`).sort()]).toEqual(['page', ['link', 'site']])
})

test('R-DKR-15 what leads out, is no file or is too much is not copied, and says so', () => {
  const { root, work, to } = folder()
  symlinkSync(root, join(work, 'up'))
  symlinkSync(join(root, 'outside'), join(work, 'away'))
  execFileSync('mkfifo', [join(work, 'fifo')])
  mkdirSync(join(work, 'pipes'))
  execFileSync('mkfifo', [join(work, 'pipes/fifo')])
  const fault = (name: string, limits = LIMITS) =>
    copyInside(work, name, `${to}-${name.replaceAll('/', '')}`, limits)?.fault
  expect(['up', 'away', '..', 'up/outside'].map((name) => fault(name))).toEqual(
    Array.from({ length: 4 }, () => 'it leads out of the repository'),
  )
  expect(fault('none')).toBe('it is not there')
  expect(fault('fifo')).toBe('it is no regular file and no folder')
  expect(fault('pipes')).toBe('it has something that is no file, folder or link')
  expect(fault('site', { bytes: 10, entries: 20 })).toBe('it is too large')
  expect(copyInside(work, 'site', `${to}-few`, { bytes: 1000, entries: 2 })?.fault).toBe(
    'it has too many files',
  )
  mkdirSync(join(work, 'deep/x/'.repeat(25)), { recursive: true })
  expect(fault('deep', { bytes: 10, entries: 1000 })).toBe('it has more than 40 folders in one another')
})

test('R-DKR-15 nothing is written over what is there', () => {
  const { root, work } = folder()
  expect(copyInside(work, 'site/page', join(root, 'outside'), LIMITS)?.fault).toContain('EEXIST')
  expect(readFileSync(join(root, 'outside'), 'utf8')).toBe('outside')
})

test.skipIf(process.getuid?.() !== 0)("R-DKR-15 a hard link to another user's file is not copied", () => {
  const { root, work, to } = folder()
  execFileSync('chown', ['-R', '65534', work])
  linkSync(join(root, 'outside'), join(work, 'site/hard'))
  expect(copyInside(work, 'site', to, LIMITS)?.fault).toBe("it has a hard link to another user's file")
})

/** Swaps a file for a link and back, as fast as it can, until it is told to stop. */
const SWAPPER = `
const { workerData } = require('node:worker_threads')
const { renameSync, symlinkSync, writeFileSync } = require('node:fs')
const { root, flag } = workerData
const turn = new Int32Array(flag)
while (Atomics.load(turn, 0) === 0) {
  symlinkSync(root + '/outside', root + '/next')
  renameSync(root + '/next', root + '/work/site/page')
  writeFileSync(root + '/next', 'page')
  renameSync(root + '/next', root + '/work/site/page')
}
`

test('R-DKR-15 a link that is swapped in while a folder is copied brings nothing of what it leads to', async () => {
  const { root, work } = folder()
  rmSync(join(work, 'site/sub'), { recursive: true })
  const flag = new SharedArrayBuffer(4)
  const worker = new Worker(SWAPPER, { eval: true, workerData: { root, flag } })
  const [texts, kinds] = [
    new Set<string>(),
    new Map([
      ['file', 0],
      ['link', 0],
    ]),
  ]
  try {
    for (let round = 0; round < 20_000 && Math.min(...kinds.values()) < 1000; round += 1) {
      const to = join(root, `copy-${round}`)
      if (copyInside(work, 'site', to, LIMITS) !== null) continue
      const kind = lstatSync(join(to, 'page')).isFile() ? 'file' : 'link'
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      if (kind === 'file') texts.add(readFileSync(join(to, 'page'), 'utf8'))
    }
  } finally {
    Atomics.store(new Int32Array(flag), 0, 1)
    await worker.terminate()
  }
  expect([...texts]).toEqual(['page'])
  expect(Math.min(...kinds.values())).toBeGreaterThan(0)
})
