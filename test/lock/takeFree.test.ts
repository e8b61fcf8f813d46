import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { peekFree, takeFree } from '../../src/lock/takeFree.ts'
import { createRunFolder, runPaths } from '../../src/store/runFolder.ts'
import { lockPath, type StatePaths } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from './world.ts'

const NAME = 'a.ci.localhost'
const RUN = '01m7xj306c77rt38'
const nobody = () => false

function deadRun(state: StatePaths): void {
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe)
  createRunFolder(state, requestFor(RUN, [NAME]), recipe)
  addOpenRun(state, { run: RUN, locks: [NAME], since: 1 })
}

/** Until the test is over. */
function take(state: StatePaths): void {
  const lock = takeFree(state, NAME)
  expect(lock.kind).toBe('held')
  if (lock.kind === 'held') onTestFinished(lock.letGo)
}

test('R-JAN-02 a name that nobody has is taken, and had by nobody else until it is let go', () => {
  const state = stateFolder()
  expect(peekFree(state, NAME, nobody)).toEqual({ kind: 'free' })
  const lock = takeFree(state, NAME)
  expect(lock.kind).toBe('held')
  expect(takeFree(state, NAME)).toEqual({ kind: 'busy', by: null })
  if (lock.kind === 'held') lock.letGo()
  take(state)
})

test('R-JAN-02 R-LCK-10 one that is held is not, and the run in its mark is told', () => {
  const state = stateFolder()
  writeFileSync(lockPath(state, NAME), `${JSON.stringify({ run: RUN, locks: [NAME], since: 1 })}\n`)
  const held = tryAcquire(state, [NAME])
  onTestFinished(() => {
    if (held.kind === 'held') letGo(held)
  })
  expect(takeFree(state, NAME)).toEqual({ kind: 'busy', by: RUN })
  expect(peekFree(state, NAME, () => true)).toEqual({ kind: 'busy', by: RUN })
})

test('R-JAN-01 one with a run that its own recovery is to clean is left to that; without its folder there is none', () => {
  const state = stateFolder()
  deadRun(state)
  expect(peekFree(state, NAME, nobody)).toEqual({ kind: 'dirty', run: RUN })
  expect(takeFree(state, NAME)).toEqual({ kind: 'dirty', run: RUN })
  expect(takeFree(state, NAME), 'it was let go again').toEqual({ kind: 'dirty', run: RUN })
  rmSync(runPaths(state, RUN).folder, { recursive: true })
  expect(peekFree(state, NAME, nobody)).toEqual({ kind: 'free' })
  take(state)
})
