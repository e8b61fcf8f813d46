import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { peekMark } from '../../src/lock/lockFile.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { lockOpened, openNames } from '../../src/lock/openedNames.ts'
import { openRuns } from '../../src/lock/openRuns.ts'
import { type Start, startRun } from '../../src/lock/startRun.ts'
import { launchWarm } from '../../src/process/launch.ts'
import { readResult } from '../../src/store/result.ts'
import { createRunFolder, readRequest, runPaths } from '../../src/store/runFolder.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from './world.ts'

const RUN = '01m7xj306c77rt39'

function aStart(stages: Start['request']['stages'] = []): Start {
  const state = stateFolder()
  const recipeFolder = join(state.root, 'recipe')
  mkdirSync(recipeFolder)
  const held = tryAcquire(state, ['a.example'])
  if (held.kind !== 'held') throw new Error('a fresh name is busy')
  return {
    state,
    request: { ...requestFor(RUN, held.names), stages },
    recipeFolder,
    held,
    cloneToken: null,
    warm: null,
  }
}

test('R-QUE-02 R-LCK-16 a run whose wrapper cannot be launched is concluded, and its names are clean and free', async () => {
  const start = aStart()
  const { state } = start
  // A clone token that no pipe takes: writing it fails after the marks are written.
  const cloneToken = {
    toJSON: () => {
      throw new Error('no pipe')
    },
  } as never
  await expect(startRun({ ...start, cloneToken })).rejects.toThrow(`Run ${RUN} could not be started`)
  expect(readResult(runPaths(state, RUN))).toMatchObject({ conclusion: 'failure', reason: 'not_started' })
  expect([peekMark(lockPath(state, 'a.example')), openRuns(state)]).toEqual(['clean', []])
  const again = tryAcquire(state, ['a.example'])
  expect(again.kind).toBe('held')
  if (again.kind === 'held') letGo(again)
})

test('R-RUN-18 R-RUN-09 nothing of the surroundings of its starter reaches a run, and it has a session of its own', async () => {
  process.env['BERTH_TEST_SECRET'] = 'of the starter'
  onTestFinished(() => void delete process.env['BERTH_TEST_SECRET'])
  const start = aStart()
  const seen = join(start.state.root, 'seen')
  const bin = join(start.state.root, 'bin')
  mkdirSync(bin)
  // Found before the real one, it notes what it was started with; the wrapper then gives up.
  writeFileSync(
    join(bin, 'setpriv'),
    `#!/bin/sh\nenv >'${seen}'\necho "session $(cut -d' ' -f6 /proc/$$/stat)" >>'${seen}'\nexit 75\n`,
    { mode: 0o755 },
  )
  const path = process.env['PATH']
  process.env['PATH'] = `${bin}:${path}`
  onTestFinished(() => void (process.env['PATH'] = path))
  const { wrapper } = await startRun(start)
  await wrapper.ended
  const text = readFileSync(seen, 'utf8')
  expect(text).toContain('NODE_COMPILE_CACHE=')
  expect(text).not.toContain('BERTH_TEST_SECRET')
  expect(text).toContain(`session ${wrapper.pid}\n`)
})

test('R-QUE-02 R-LCK-17 a start that cannot even be undone gives up the locks all the same, those that warm processes share among them', async () => {
  const start = aStart()
  const { state, request } = start
  letGo(start.held)
  const opened = openNames(state, request.names)
  const warm = await launchWarm({ state, run: runPaths(state, RUN), ...opened, foreground: false })
  const held = lockOpened(state, opened)
  if (held?.kind !== 'held') throw new Error('a free name is busy')
  rmSync(start.recipeFolder, { recursive: true })
  // Its entry cannot be removed.
  mkdirSync(join(state.open, RUN))
  await expect(startRun({ ...start, held, warm })).rejects.toThrow()
  const again = tryAcquire(state, request.names)
  expect(again.kind).toBe('held')
  if (again.kind === 'held') letGo(again)
})

test('R-QUE-02 R-LCK-16 a start that is undone takes the folder away only when no mark names it any more: else nobody could recover the name', async () => {
  const start = aStart()
  const { state } = start
  const path = lockPath(state, 'a.example')
  const run = runPaths(state, RUN)
  const cloneToken = {
    toJSON: () => {
      // From here on neither a result nor the mark can be written.
      mkdirSync(run.result)
      rmSync(path)
      symlinkSync(path, path)
      throw new Error('no pipe')
    },
  } as never
  await expect(startRun({ ...start, cloneToken })).rejects.toThrow('ELOOP')
  expect(readRequest(run).names).toEqual(['a.example'])
})

test('R-RUN-09 R-QUE-04 a run that has a folder is not started once more, and that folder stays as it is', async () => {
  const start = aStart()
  const run = createRunFolder(start.state, start.request, start.recipeFolder)
  await expect(startRun(start)).rejects.toThrow(`Run ${RUN} could not be started`)
  expect([existsSync(run.result), readRequest(run).run]).toEqual([false, RUN])
  expect(openRuns(start.state)).toEqual([])
})
