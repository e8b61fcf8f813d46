import { execFileSync } from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { readInside } from '../../src/store/insideFolder.ts'

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'berth-inside-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'work/sub'), { recursive: true })
  writeFileSync(join(root, 'work/plain'), 'plain')
  writeFileSync(join(root, 'outside'), 'outside')
  return root
}

function read(root: string, name: string): string {
  const result = readInside(join(root, 'work'), name, 100)
  return 'fault' in result ? result.fault : result.toString()
}

test('R-DKR-15 a file is read, also through links that stay inside', () => {
  const root = folder()
  symlinkSync('../plain', join(root, 'work/sub/link'))
  symlinkSync('sub', join(root, 'work/folder'))
  symlinkSync(join(root, 'work'), join(root, 'other'))
  expect(['plain', 'sub/link', 'folder/link', 'sub/../plain'].map((name) => read(root, name))).toEqual(
    Array.from({ length: 4 }, () => 'plain'),
  )
  const through = readInside(join(root, 'other'), 'plain', 100)
  expect(through.toString()).toBe('plain')
})

test('R-DKR-15 what leads out is not read, whichever way it leads', () => {
  const root = folder()
  symlinkSync('../../outside', join(root, 'work/sub/up'))
  symlinkSync(join(root, 'outside'), join(root, 'work/absolute'))
  symlinkSync('..', join(root, 'work/parent'))
  symlinkSync('absolute', join(root, 'work/second'))
  writeFileSync(join(root, 'work2'), 'x')
  const names = ['sub/up', 'absolute', 'parent/outside', 'second', '../outside', '../work2', '.', '/']
  expect([...new Set(names.map((name) => read(root, name)))]).toEqual(['it leads out of the repository'])
})

test('R-DKR-15 what is no file is not waited for, and what is too long not read', () => {
  const root = folder()
  execFileSync('mkfifo', [join(root, 'work/fifo')])
  symlinkSync('self', join(root, 'work/self'))
  truncateSync(join(root, 'work/plain'), 2 ** 40)
  expect(read(root, 'fifo')).toBe('it is no regular file')
  expect(read(root, 'sub')).toBe('it is no regular file')
  expect(read(root, 'self')).toBe('its links go round in a circle')
  expect(read(root, 'none')).toBe('it is not there')
  expect(read(root, 'plain/none')).toBe('it is not there')
  expect(read(root, 'plain')).toBe(`it has ${2 ** 40} bytes, more than 100`)
})

test.skipIf(process.getuid?.() !== 0)("R-DKR-15 a hard link to another user's file is not read", () => {
  const root = folder()
  writeFileSync(join(root, 'work/own'), 'own')
  execFileSync('chown', ['-R', '65534', join(root, 'work')])
  linkSync(join(root, 'outside'), join(root, 'work/hard'))
  linkSync(join(root, 'work/own'), join(root, 'work/twice'))
  expect([read(root, 'hard'), read(root, 'twice')]).toEqual([
    "it is a hard link to another user's file",
    'own',
  ])
})

/** Swaps a file for a link and back, as fast as it can, until it is told to stop. */
const SWAPPER = `
const { workerData } = require('node:worker_threads')
const { renameSync, symlinkSync, writeFileSync, mkdirSync } = require('node:fs')
const { root, flag } = workerData
const turn = new Int32Array(flag)
while (Atomics.load(turn, 0) === 0) {
  symlinkSync(root + '/outside', root + '/work/next')
  renameSync(root + '/work/next', root + '/work/swapped')
  writeFileSync(root + '/work/next', 'inside')
  renameSync(root + '/work/next', root + '/work/swapped')
  Atomics.add(turn, 1, 1)
}
`

test('R-DKR-15 a link that is swapped in while the file is looked at shows nothing of what it leads to', async () => {
  const root = folder()
  writeFileSync(join(root, 'work/next'), 'inside')
  renameSync(join(root, 'work/next'), join(root, 'work/swapped'))
  const flag = new SharedArrayBuffer(8)
  const turns = new Int32Array(flag)
  const worker = new Worker(SWAPPER, { eval: true, workerData: { root, flag } })
  const seen = new Map<string, number>()
  try {
    for (
      let round = 0;
      round < 20_000 && (seen.size < 2 || Atomics.load(turns, 1) < 2000 || round < 5000);
      round += 1
    ) {
      const text = read(root, 'swapped')
      seen.set(text, (seen.get(text) ?? 0) + 1)
    }
  } finally {
    Atomics.store(turns, 0, 1)
    await worker.terminate()
  }
  expect([...seen.keys()]).not.toContain('outside')
  expect(seen.get('inside')).toBeGreaterThan(0)
  expect(seen.get('it leads out of the repository')).toBeGreaterThan(0)
})
