import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { cgroupBase, keepReady, membersOfCgroup } from '../../src/process/cgroup.ts'

const NEVER = new AbortController().signal

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'berth-cgroup-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('a kernel that takes no moves is left alone: nothing is thrown, nothing is tried again', async () => {
  await keepReady(join(folder(), 'gone'), NEVER)
})

test('the moves are of this process, and end when it is said', async () => {
  const base = folder()
  const procs = join(base, 'cgroup.procs')
  writeFileSync(procs, '')
  const done = new AbortController()
  const end = keepReady(base, done.signal)
  await vi.waitUntil(() => readFileSync(procs, 'utf8') === String(process.pid))
  done.abort()
  await end
})

test('the moves end by themselves: a long checkout is not held to them', async () => {
  const base = folder()
  writeFileSync(join(base, 'cgroup.procs'), '')
  await keepReady(base, NEVER)
})

const base = cgroupBase()

test.skipIf(base === null)('after the moves this process is where it was', async () => {
  const where = readFileSync('/proc/self/cgroup', 'utf8')
  await keepReady(base ?? '', NEVER)
  expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe(where)
  expect(membersOfCgroup(base ?? '')).toContain(process.pid)
})
