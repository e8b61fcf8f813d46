import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { holdersOf } from '../../src/lock/holders.ts'
import { noteHold } from '../../src/lock/holds.ts'
import { suspectedLeaks } from '../../src/lock/leaks.ts'
import { writeMark } from '../../src/lock/lockFile.ts'
import { type Held, letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { identityOf } from '../../src/process/procfs.ts'
import { monotonicMs } from '../../src/store/journalFile.ts'
import { createRunFolder, type RunPaths } from '../../src/store/runFolder.ts'
import { lockPath, type StatePaths } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from './world.ts'

const RUN = '01m7xj306c77rt38'
const NAME = 'a.ci.localhost'
/** Of a run without a request; one with a request here may take 4030 ms. */
const BUDGETS = { deadlineMs: 86_400_000, teardownMs: 1000, killGraceMs: 10 }

/** Holds the name; the process that does so is this one, and a good deal older than any budget here. */
function hold(state: StatePaths, name = NAME): Held {
  const held = tryAcquire(state, [name])
  if (held.kind !== 'held') throw new Error(`${name} is not free`)
  onTestFinished(() => free(held))
  return held
}

const freed = new WeakSet<Held>()

function free(held: Held): void {
  if (!freed.has(held)) letGo(held)
  freed.add(held)
}

/** The lock file was last written so long ago. */
function writtenBefore(state: StatePaths, ms: number, name = NAME): void {
  const then = new Date(Date.now() - ms)
  utimesSync(lockPath(state, name), then, then)
}

function markedRun(state: StatePaths, held: Held): RunPaths {
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe)
  writeMark(held.fds[0] ?? -1, { run: RUN, locks: [NAME], since: 1 })
  return createRunFolder(state, requestFor(RUN, [NAME]), recipe)
}

function startedBefore(run: RunPaths, ms: number): void {
  const identity = identityOf(process.pid)
  const line = { at: 1, mono: monotonicMs() - ms, event: 'process.started', ...identity, wrapper: 1 }
  appendFileSync(run.journal, `${JSON.stringify(line)}\n`)
}

/** Waits until this process is old enough for what a test says of it. */
async function aged(ms: number): Promise<void> {
  await expect.poll(() => process.uptime() * 1000, { timeout: 15_000 }).toBeGreaterThan(ms)
}

describe('a suspected leak', () => {
  test('R-LCK-10 is a lock that is held for longer than its run may take, with all of its holders', async () => {
    const state = stateFolder()
    const held = hold(state)
    const run = markedRun(state, held)
    const child = heir(held, 'sleep', '100')
    await aged(4100)
    writtenBefore(state, 10_000)
    startedBefore(run, 10_000)
    const [leak, ...more] = suspectedLeaks(state, [NAME], BUDGETS)
    expect(more).toEqual([])
    expect(leak).toMatchObject({ name: NAME, run: RUN, why: `run ${RUN} may not take so long` })
    expect(leak?.holders.find(({ pid }) => pid === child.pid)).toEqual({
      pid: child.pid,
      command: 'sleep 100',
    })
    expect(leak?.holders.map(({ pid }) => pid)).toContain(process.pid)
    expect(leak?.overMs).toBeGreaterThan(0)
    expect(Date.now() - (leak?.sinceMs ?? 0)).toBeGreaterThan(4030)
    expect(tryAcquire(state, [NAME]), 'nobody takes it away').toEqual({ kind: 'busy', name: NAME })
  })

  test('R-LCK-10 is none while the run may take its time: by its last process, its mark, its holders’ age', async () => {
    const state = stateFolder()
    const held = hold(state)
    const run = markedRun(state, held)
    await aged(4100)
    const suspected = () => suspectedLeaks(state, [NAME], BUDGETS).map(({ run }) => run)
    expect(suspected(), 'marked just now').toEqual([])
    writtenBefore(state, 3_600_000)
    expect(suspected(), 'no process ever wrote a line').toEqual([RUN])
    startedBefore(run, 3000)
    expect(suspected(), 'recovered just now').toEqual([])
    free(held)
    const young = spawn('sh', ['-c', 'flock "$0" sleep 100', lockPath(state, NAME)])
    onTestFinished(() => void young.kill('SIGKILL'))
    await expect.poll(() => holdersOf(state, [NAME]).get(NAME)?.length).toBeGreaterThan(0)
    writeFileSync(run.journal, '')
    writtenBefore(state, 3_600_000)
    expect(suspected(), 'held by young processes').toEqual([])
  })

  test('R-LCK-10 is a clean or torn lock that is held for longer than any run may take', async () => {
    const state = stateFolder()
    const held = hold(state)
    await aged(1500)
    const budgets = { deadlineMs: 500, teardownMs: 100, killGraceMs: 10 }
    writtenBefore(state, 3_600_000)
    expect(suspectedLeaks(state, [NAME], BUDGETS)).toEqual([])
    expect(suspectedLeaks(state, [NAME], budgets)).toMatchObject([
      { run: null, why: 'no run may take so long' },
    ])
    writeFileSync(held.fds[0] ?? -1, '{"run":')
    writtenBefore(state, 3_600_000)
    expect(suspectedLeaks(state, [NAME], budgets)).toMatchObject([{ run: null }])
    free(held)
    expect(suspectedLeaks(state, [NAME], budgets), 'and none once it is free').toEqual([])
  })

  test('R-LCK-10 R-JAN-10 is a hold past its time, and none before, however long that is', async () => {
    const state = stateFolder()
    hold(state)
    await aged(500)
    writtenBefore(state, 3_600_000)
    const budgets = { deadlineMs: 1, teardownMs: 1, killGraceMs: 1 }
    const note = (untilMs: number) =>
      noteHold(state, { name: NAME, reason: 'a test', by: 'octocat', untilMs, order: null }, process.pid)
    note(Date.now() + 60_000)
    expect(suspectedLeaks(state, [NAME], budgets)).toEqual([])
    note(Date.now() - 100)
    const why = 'the hold of octocat (a test) has expired'
    expect(suspectedLeaks(state, [NAME], budgets)).toMatchObject([{ run: null, why }])
  })

  test('R-LCK-10 names what holds it without harm to a terminal', async () => {
    const state = stateFolder()
    const child = heir(hold(state), 'sh', '-c', 'sleep 100; : "\u001b[2Jgone\u202e"')
    await aged(500)
    writtenBefore(state, 3_600_000)
    const [leak] = suspectedLeaks(state, [NAME], { deadlineMs: 1, teardownMs: 1, killGraceMs: 1 })
    const command = leak?.holders.find(({ pid }) => pid === child.pid)?.command
    expect(command).toBe('sh -c sleep 100; : "gone"')
  })
})

describe('holders', () => {
  test('R-LCK-10 R-RUN-11 a process whose first thread has ended is one still', async () => {
    const state = stateFolder()
    const log = join(state.root, 'headless')
    writeFileSync(log, '')
    const held = hold(state)
    const script = fileURLToPath(new URL('../../test-concurrency/fixtures/headless.ts', import.meta.url))
    const child = heir(held, process.execPath, script, log)
    free(held)
    await expect
      .poll(() => holdersOf(state, [NAME]).get(NAME), {
        timeout: 15_000,
      })
      .toEqual([child.pid])
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 15_000 }).toContain('headless')
    expect(holdersOf(state, [NAME]).get(NAME)).toEqual([child.pid])
    expect(tryAcquire(state, [NAME]).kind).toBe('busy')
  })
})

/** A process that has the descriptors, too. */
function heir(held: Held, file: string, ...args: readonly string[]): ChildProcess {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'ignore', ...held.fds] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
