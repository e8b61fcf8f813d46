import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { tryFlock } from '../../src/lock/syscalls.ts'
import { enforceCeilings } from '../../src/process/ceiling.ts'
import { aliveMs, identityOf, isAlive } from '../../src/process/procfs.ts'
import { createRunFolder, type RunPaths } from '../../src/store/runFolder.ts'
import type { StatePaths } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'

const RUN = '01m7xj306c77rt38'
const NAME = 'a.ci.localhost'
const CEILING_MS = 100

describe('a process without a line in the journal', () => {
  test('R-JAN-08 R-LCK-10 that has a lock of its run, and is past the ceiling, is ended', async () => {
    const state = stateFolder()
    const run = askedLongAgo(state)
    const child = await past(runProcess(run, lockOf(state)))
    expect(enforceCeilings(state, true)).toMatchObject([{ run: RUN, left: false }])
    expect(isAlive(child)).toBe(true)
    const [overdue] = enforceCeilings(state, false)
    expect(overdue?.why).toMatch(new RegExp(`^process ${child.pid} has not begun, and is \\d+ s past`))
    await expect.poll(() => isAlive(child)).toBe(false)
    expect(enforceCeilings(state, false)).toEqual([])
  })

  test('R-JAN-08 R-LCK-10 of a run that was asked for just now is left, however old it is itself', async () => {
    const state = stateFolder()
    const run = askedLongAgo(state)
    await past(runProcess(run, lockOf(state)))
    const anHour = Date.now() / 1000 + 3600
    utimesSync(run.request, anHour, anHour)
    expect(enforceCeilings(state, false)).toEqual([])
  })

  test('R-LCK-10 of a run whose locks it has not is left', async () => {
    const state = stateFolder()
    const other = openSync(join(state.root, 'other'), 'w')
    onTestFinished(() => closeSync(other))
    expect(tryFlock(other)).toBe(true)
    const child = await past(runProcess(askedLongAgo(state), other))
    expect(enforceCeilings(state, false)).toEqual([])
    expect(isAlive(child)).toBe(true)
  })

  test('R-LCK-10 of a run of another state folder is left', async () => {
    const [state, another] = [stateFolder(), stateFolder()]
    askedLongAgo(state)
    const child = await past(runProcess(askedLongAgo(another), lockOf(state)))
    expect(enforceCeilings(state, false)).toEqual([])
    expect(isAlive(child)).toBe(true)
  })
})

function lockOf(state: StatePaths): number {
  const held = tryAcquire(state, [NAME])
  if (held.kind !== 'held') throw new Error(`${NAME} is not free`)
  onTestFinished(() => letGo(held))
  return held.fds[0] ?? -1
}

/** A run that has no line in its journal. */
function askedLongAgo(state: StatePaths): RunPaths {
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe, { recursive: true })
  const request = requestFor(RUN, [NAME])
  const run = createRunFolder(
    state,
    { ...request, budgets: { ...request.budgets, ceilingMs: CEILING_MS } },
    recipe,
  )
  utimesSync(run.request, 0, 0)
  return run
}

/** Something with the words of a run process, and this descriptor. */
function runProcess(run: RunPaths, fd: number): ChildProcess {
  const words = ['/berth/src/run/main.ts', run.folder, NAME, '4', '1']
  const child = spawn('sh', ['-c', 'sleep 100; :', ...words], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
    detached: true,
  })
  onTestFinished(() => void process.kill(-(child.pid ?? 0), 'SIGKILL'))
  return child
}

/** Waits until it is older than its run may get. */
async function past({ pid = 0 }: ChildProcess) {
  const identity = identityOf(pid)
  if (identity === null) throw new Error('the process has ended')
  await expect.poll(() => aliveMs(pid), { timeout: 15_000 }).toBeGreaterThan(CEILING_MS)
  return identity
}
