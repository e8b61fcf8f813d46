import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import type { JanitorWorld } from '../../src/janitor/ports.ts'
import { sweep } from '../../src/janitor/sweep.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { identityOf, isAlive } from '../../src/process/procfs.ts'
import { createRunFolder } from '../../src/store/runFolder.ts'
import { lockPath, type StatePaths } from '../../src/store/stateFolder.ts'
import { makeJanitorWorld } from '../../src/world.ts'
import { requestFor, stateFolder } from '../lock/world.ts'

const BROKEN = '01m7xj306c77rt38'
const OVERDUE = '01m7xj306c77rt39'

function worldOf(state: StatePaths): JanitorWorld {
  const config = loadConfig({ env: { BERTH_STATE_DIR: state.root }, cwd: state.root, etc: '/nowhere' })
  return makeJanitorWorld({ config, state })
}

/** An open run with this journal, held by the test. */
function openRun(state: StatePaths, id: string, name: string, journal: string): void {
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe, { recursive: true })
  writeFileSync(createRunFolder(state, requestFor(id, [name]), recipe).journal, journal)
  addOpenRun(state, { run: id, locks: [name], since: 1 })
  const held = tryAcquire(state, [name])
  if (held.kind === 'held') onTestFinished(() => letGo(held))
}

test('R-JAN-07 R-JAN-08 a run whose journal cannot be read keeps no other run from being ended at its ceiling', async () => {
  const state = stateFolder()
  const child = spawn('sleep', ['60'])
  onTestFinished(() => void child.kill('SIGKILL'))
  const identity = identityOf(child.pid ?? 0)
  if (identity === null) throw new Error('the process has ended')
  openRun(state, BROKEN, 'a.ci.localhost', '{"event":"no such event"}\n')
  const started = { at: 1, mono: -1e12, event: 'process.started', ...identity, wrapper: 1 }
  openRun(state, OVERDUE, 'b.ci.localhost', `${JSON.stringify(started)}\n`)
  const { findings, exitCode } = await sweep(worldOf(state), false)
  expect(findings).toContainEqual(expect.objectContaining({ what: 'run', name: OVERDUE, action: 'ended' }))
  expect(findings).toContainEqual(expect.objectContaining({ what: 'run', name: BROKEN, action: 'left' }))
  expect(exitCode).toBe(1)
  await expect.poll(() => isAlive(identity)).toBe(false)
})

test('R-JAN-07 R-LCK-12 a folder in the place of a ticket does not stop the sweep', async () => {
  const state = stateFolder()
  mkdirSync(join(state.tickets, 'a.ci.localhost', '1'), { recursive: true })
  writeFileSync(lockPath(state, 'b.ci.localhost'), '')
  const { findings, exitCode } = await sweep(worldOf(state), false)
  expect(findings.map(({ what, name, action }) => ({ what, name, action }))).toEqual([
    { what: 'tickets', name: '', action: 'left' },
    { what: 'lock file', name: 'b.ci.localhost', action: 'removed' },
  ])
  expect(exitCode).toBe(1)
})

test('R-LCK-15 R-JAN-02 a run that was forgotten is not torn down while somebody else stands at another name of it', async () => {
  const state = stateFolder()
  const names = ['a.ci.localhost', 'r:gpu']
  const down = join(state.root, 'down')
  const teardown = { run: `echo down >'${down}'`, timeoutMs: 10_000 }
  mkdirSync(join(state.root, 'recipe'))
  createRunFolder(state, { ...requestFor(OVERDUE, names), teardown }, join(state.root, 'recipe'))
  const successor = tryAcquire(state, ['r:gpu'])
  if (successor.kind !== 'held') throw new Error('the name is not free')
  await sweep(worldOf(state), false)
  expect(existsSync(down)).toBe(false)
  letGo(successor)
  expect((await sweep(worldOf(state), false)).exitCode).toBe(10)
  expect(existsSync(down)).toBe(true)
})
