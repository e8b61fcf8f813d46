import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  cgroupBase,
  endCgroup,
  keepReady,
  makeCgroup,
  membersOfCgroup,
  removeRunCgroup,
} from '../../src/process/cgroup.ts'

const CGROUP = new URL('../../src/process/cgroup.ts', import.meta.url).href
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

test('R-RUN-07 where there are no cgroups, one that is not there proves nothing', async () => {
  const end = await endCgroup(join(folder(), 'berth-run/stage'))
  expect(end).toEqual({ killed: new Set(), isShown: true, proofs: [] })
})

test.skipIf(base === null)(
  'R-RUN-07 one that is empty is removed, which proves it; and again later',
  async () => {
    const path = makeCgroup(base ?? '', `cgroup-test-${process.pid}`, 'stage') ?? ''
    const shown = { killed: new Set(), isShown: true, proofs: [{ kind: 'cgroup', count: 1 }] }
    expect(await endCgroup(path)).toEqual(shown)
    expect(existsSync(path)).toBe(false)
    expect(await endCgroup(path)).toEqual(shown)
    expect(removeRunCgroup(path)).toEqual([])
  },
)

const isMine = base !== null && process.getuid?.() === 0

test.skipIf(!isMine)('a container that sees its own part of the cgroups only finds it', async () => {
  const part = join(base ?? '', `berth-test-${process.pid}`)
  mkdirSync(part)
  const look = `import { cgroupBase } from ${JSON.stringify(CGROUP)}; console.log(cgroupBase())`
  const script = 'echo 0 >"$0/cgroup.procs"; mount --bind "$0" "$1"; exec "$2" --input-type=module -e "$3"'
  const words = ['-m', 'sh', '-euc', script, part, mountOfVersion2(), process.execPath, look]
  const { stdout } = await promisify(execFile)('unshare', words)
  rmdirSync(part)
  expect(stdout).toBe(`${mountOfVersion2()}\n`)
})

function mountOfVersion2(): string {
  return /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1] ?? ''
}
