import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deadRuns } from '../../src/lock/deadRuns.ts'
import { lockedFiles } from '../../src/lock/holders.ts'
import { writeMark } from '../../src/lock/lockFile.ts'
import { type Held, letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { concludedUnstarted } from '../../src/model/verdict.ts'
import { writeUnstarted } from '../../src/store/result.ts'
import { createRunFolder } from '../../src/store/runFolder.ts'
import type { StatePaths } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from './world.ts'

const RUN = '01m7xj306c77rt39'
const OTHER = '01m7xj306c77rt3a'
const SUSPECT = { id: RUN, names: ['a.example', 'r:gpu'] }

test('R-RUN-11 a run is dead when nobody has its names, and alive while one of them is held', () => {
  const state = stateFolder()
  expect(deadRuns(state, [SUSPECT]), 'no lock file').toEqual(new Set([RUN]))
  const held = hold(state, ['r:gpu'])
  expect(deadRuns(state, [SUSPECT]), 'not marked yet').toEqual(new Set())
  mark(held, RUN)
  expect(deadRuns(state, [SUSPECT]), 'marked').toEqual(new Set())
  letGo(held)
  expect(deadRuns(state, [SUSPECT])).toEqual(new Set([RUN]))
})

test('R-RUN-11 R-LCK-15 a run whose name another run has by now is dead all the same', () => {
  const state = stateFolder()
  const held = hold(state, ['a.example'])
  mark(held, OTHER)
  const other = { id: OTHER, names: ['a.example'] }
  expect(deadRuns(state, [SUSPECT, other])).toEqual(new Set([RUN]))
  letGo(held)
})

test('R-RUN-11 a run that has ended by the time of the look is not dead', () => {
  const state = stateFolder()
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe)
  const run = createRunFolder(state, requestFor(RUN, SUSPECT.names), recipe)
  expect(deadRuns(state, [SUSPECT])).toEqual(new Set([RUN]))
  writeUnstarted(run, concludedUnstarted('cancelled', 'Cancelled'))
  expect(deadRuns(state, [SUSPECT])).toEqual(new Set())
})

test('R-RUN-11 a run that has started since the last look is alive', () => {
  const state = stateFolder()
  const before = lockedFiles()
  const held = hold(state, SUSPECT.names)
  expect(deadRuns(state, [SUSPECT], () => before)).toEqual(new Set())
  letGo(held)
})

test('where nothing runs, nobody looks', () => {
  const looked = () => {
    throw new Error('a look at /proc')
  }
  expect(deadRuns(stateFolder(), [], looked)).toEqual(new Set())
})

function hold(state: StatePaths, names: readonly string[]): Held {
  const held = tryAcquire(state, names)
  if (held.kind !== 'held') throw new Error(`${held.name} is busy`)
  return held
}

function mark(held: Held, run: string): void {
  for (const fd of held.fds) writeMark(fd, { run, locks: held.names, since: 1 })
}
