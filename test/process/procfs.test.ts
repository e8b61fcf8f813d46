import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { identityOf, isAlive, signalIdentity } from '../../src/process/procfs.ts'
import { markedProcesses, sweep } from '../../src/process/sweep.ts'
import { newRunId } from '../../src/store/runId.ts'

const HEADLESS = fileURLToPath(new URL('../../test-concurrency/fixtures/headless.ts', import.meta.url))

test('R-RUN-11 this very process is alive', () => {
  const identity = identityOf(process.pid)
  expect(identity !== null && isAlive(identity)).toBe(true)
})

test('R-RUN-11 a pid that another process has by now is not taken for the one that had it, and not signalled', () => {
  const identity = identityOf(process.pid)
  if (identity === null) throw new Error('this process does not live')
  const former = { ...identity, startTime: '1' }
  expect(isAlive(former)).toBe(false)
  expect(signalIdentity(former, 'SIGCONT')).toBe(false)
})

test('R-RUN-11 a process of another boot is dead, whoever has its pid and start time', () => {
  const identity = identityOf(process.pid)
  if (identity === null) throw new Error('this process does not live')
  expect(isAlive({ ...identity, boot: '00000000-0000-4000-8000-000000000000' })).toBe(false)
})

test('R-RUN-07 R-RUN-11 a process whose first thread has ended lives, and is found by its mark and ended', async () => {
  const run = newRunId()
  const { pid, ended } = await headless(run)
  const identity = identityOf(pid)
  expect(identity !== null && isAlive(identity)).toBe(true)
  const marked = { run, stage: '', reaper: null, keepers: [], uid: null }
  expect(markedProcesses(marked)).toEqual([pid])
  await sweep(() => markedProcesses(marked))
  expect(await ended).toBe('SIGKILL')
  expect(identity !== null && isAlive(identity)).toBe(false)
})

async function headless(run: string) {
  const folder = await mkdtemp(join(tmpdir(), 'berth-headless-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'pid')
  await writeFile(file, '')
  const told = once(watch(file), 'change')
  const env = { ...process.env, BERTH_RUN_ID: run }
  const child = spawn(process.execPath, [HEADLESS, file], { env, stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  const ended = once(child, 'exit').then(([, signal]) => signal)
  await told
  expect(await readFile(file, 'utf8')).toBe(`headless ${child.pid}\n`)
  return { pid: child.pid ?? 0, ended }
}
