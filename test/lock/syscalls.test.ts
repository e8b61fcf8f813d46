import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'

const SYSCALLS = JSON.stringify(new URL('../../src/lock/syscalls.ts', import.meta.url).href)

/** Takes a lock in a process whose `process.arch` says `lookups`, one after the other, and then the last of them for good. */
function lockOn(...lookups: readonly string[]): { readonly stdout: string; readonly stderr: string } {
  const script = `
    const lookups = ${JSON.stringify(lookups)}
    Object.defineProperty(process, 'arch', { get: () => lookups.length > 1 ? lookups.shift() : lookups[0] })
    const { tryFlock } = await import(${SYSCALLS})
    console.log(tryFlock((await import('node:fs')).openSync(process.execPath)))`
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
}

test('locks are taken through the package of the platform', () => {
  expect(lockOn(process.arch)).toMatchObject({ stdout: 'true\n', stderr: '' })
})

test('where the package of the platform cannot be loaded, what koffi itself finds is used', () => {
  expect(lockOn('s390x', process.arch)).toMatchObject({ stdout: 'true\n', stderr: '' })
})

test('a platform that koffi does not know is named in one error', () => {
  const { stdout, stderr } = lockOn('s390x')
  expect(stdout).toBe('')
  expect(stderr).toContain(
    'HarnessError: koffi, through which locks are taken, cannot be loaded on linux-s390x',
  )
})
