import { closeSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { claimTurn, type WarmProcesses } from '../../src/lock/claimWarm.ts'
import { lockExclusively } from '../../src/lock/lockFile.ts'
import { letGo } from '../../src/lock/nameLocks.ts'
import { openNames } from '../../src/lock/openedNames.ts'
import { lockPath, type StatePaths } from '../../src/store/stateFolder.ts'
import { stateFolder } from './world.ts'

const [FIRST, SECOND] = ['a.example', 'b.example'] as const
const RECOVERER = {
  by: 'the test',
  insist: false,
  recover: () => Promise.reject(new Error('nothing is dirty')),
}

/** Descriptors that nobody else shares: who waits for the end of warm processes finds them ended. */
function warmAt(
  paths: StatePaths,
  names: readonly string[],
): WarmProcesses & { readonly ends: () => number } {
  let ends = 0
  const end = () => {
    ends += 1
    return Promise.resolve()
  }
  return { opened: openNames(paths, names), end, ends: () => ends }
}

function claimFor(paths: StatePaths, warm: WarmProcesses) {
  const { names } = warm.opened
  return claimTurn(paths, names, [names], RECOVERER, warm)
}

test('R-LCK-17 free names are locked through the descriptors that the warm processes share', async () => {
  const paths = stateFolder()
  const warm = warmAt(paths, [FIRST, SECOND])
  const claimed = await claimFor(paths, warm)
  expect(claimed).toMatchObject({ kind: 'held', fds: warm.opened.fds })
  expect(warm.ends()).toBe(0)
  expect(lockExclusively(lockPath(paths, SECOND))).toBeNull()
  if (claimed.kind === 'held') letGo(claimed)
})

test('R-LCK-17 while the first name is busy the processes stay warm, and nothing is held', async () => {
  const paths = stateFolder()
  const warm = warmAt(paths, [FIRST, SECOND])
  const holder = lockExclusively(lockPath(paths, FIRST))
  expect(await claimFor(paths, warm)).toEqual({ kind: 'busy', name: FIRST, run: null })
  expect(warm.ends()).toBe(0)
  expect(lockExclusively(lockPath(paths, SECOND))).not.toBeNull()
  closeSync(holder ?? -1)
})

test('R-LCK-17 R-LCK-09 where only some of the names are free, the warm processes end, and what they had is given back', async () => {
  const paths = stateFolder()
  const warm = warmAt(paths, [FIRST, SECOND])
  const holder = lockExclusively(lockPath(paths, SECOND))
  expect(await claimFor(paths, warm)).toEqual({ kind: 'busy', name: SECOND, run: null })
  expect(warm.ends()).toBe(1)
  expect(lockExclusively(lockPath(paths, FIRST))).not.toBeNull()
  closeSync(holder ?? -1)
})

test('R-LCK-17 R-LCK-05 a lock file that was replaced since it was opened is not entered by: the processes end, and the new one is claimed', async () => {
  const paths = stateFolder()
  const path = lockPath(paths, FIRST)
  const warm = warmAt(paths, [FIRST])
  writeFileSync(`${path}.new`, '')
  renameSync(`${path}.new`, path)
  const claimed = await claimFor(paths, warm)
  expect(claimed.kind).toBe('held')
  expect(warm.ends()).toBe(1)
  expect(lockExclusively(path)).toBeNull()
  if (claimed.kind === 'held') letGo(claimed)
})

test('R-LCK-17 R-LCK-12 a lock file that cannot be used is a named fault: the processes end, and what they had is given back', async () => {
  const paths = stateFolder()
  const warm = warmAt(paths, [FIRST, SECOND])
  rmSync(lockPath(paths, SECOND))
  symlinkSync(lockPath(paths, SECOND), lockPath(paths, SECOND))
  await expect(claimFor(paths, warm)).rejects.toThrow('ELOOP')
  expect(warm.ends()).toBe(1)
  expect(lockExclusively(lockPath(paths, FIRST))).not.toBeNull()
})

test('R-LCK-17 R-LCK-11 what cannot be cleaned is not entered: the processes end, and the name is dirty', async () => {
  const paths = stateFolder()
  const warm = warmAt(paths, [FIRST])
  writeFileSync(
    lockPath(paths, FIRST),
    `${JSON.stringify({ run: '01m7xj306c77rt39', locks: [FIRST], since: 1 })}\n`,
  )
  expect(await claimFor(paths, warm)).toMatchObject({ kind: 'dirty', run: '01m7xj306c77rt39' })
  expect(warm.ends()).toBe(1)
  expect(readFileSync(lockPath(paths, FIRST), 'utf8')).not.toBe('')
  expect(lockExclusively(lockPath(paths, FIRST))).not.toBeNull()
})
