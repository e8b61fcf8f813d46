import { appendFileSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLooks } from '../../src/process/looks.ts'
import { createRunFolder } from '../../src/store/runFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'
import { GREEN, STARTED, TORN_DOWN, textOf } from '../queue/reaperScene.ts'
import { PASSED } from '../store/samples.ts'

const RUN = '01m7xj306c77rt39'

function aKeptRun() {
  const state = stateFolder()
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe)
  const run = createRunFolder(state, requestFor(RUN, ['a.test', 'r:uid-7']), recipe)
  writeFileSync(run.journal, textOf([STARTED]))
  const looks = createLooks(state)
  const keep = looks.keep(RUN)
  return { state, run, looks, keep, at: () => looks.at(RUN) }
}

test('R-RUN-09 a run that is followed is read again when its files are not as they were, and only then', () => {
  const { run, at } = aKeptRun()
  const first = at()
  expect(first).toMatchObject({ exists: true, journal: { entries: 1, teardown: null }, result: null })
  expect(at()).toBe(first)
  appendFileSync(run.journal, textOf([TORN_DOWN]))
  const torn = at()
  expect(torn.journal).toMatchObject({ entries: 2, teardown: { verified: true } })
  expect(at()).toBe(torn)
  writeFileSync(run.result, JSON.stringify({ run: RUN, ...PASSED, verified: true }))
  expect(at()).toMatchObject({ journal: { entries: 2 }, result: PASSED })
  rmSync(run.folder, { recursive: true })
  expect(at()).toMatchObject({ exists: false, journal: { entries: 0 }, result: null })
})

test('R-RUN-09 another file in the place of its journal is read, as long as the one before it was', () => {
  const { run, at } = aKeptRun()
  writeFileSync(`${run.journal}.other`, textOf([STARTED]).replace('an earlier one', 'another one'))
  expect(at().journal.lastProcess?.boot).toBe('an earlier one')
  renameSync(`${run.journal}.other`, run.journal)
  expect(at().journal.lastProcess?.boot).toBe('another one')
})

test('R-RUN-09 what could not be read is not kept: the next look may find it', () => {
  const { run, at } = aKeptRun()
  writeFileSync(run.journal, `${textOf([STARTED])}no line\n${textOf([TORN_DOWN])}`)
  const [broken, again] = [at(), at()]
  expect(broken.journal.entries).toBe(0)
  expect(again).not.toBe(broken)
  rmSync(run.journal)
  mkdirSync(run.journal)
  expect(at()).toMatchObject({ exists: true, journal: { entries: 0 } })
  rmdirSync(run.journal)
  writeFileSync(run.journal, textOf(GREEN))
  expect(at().journal.entries).toBe(3)
})

test('R-RUN-09 nothing of a run is kept before it is followed, or after', () => {
  const { at, keep } = aKeptRun()
  const kept = at()
  keep[Symbol.dispose]()
  expect(at()).toEqual(kept)
  expect(at()).not.toBe(at())
})

test('R-JAN-08 the names that a run was started with are read with its journal, and again once that is gone', () => {
  const { run, looks, at } = aKeptRun()
  at()
  expect(looks.names(RUN)).toEqual(['a.test', 'r:uid-7'])
  rmSync(run.request)
  expect(looks.names(RUN)).toEqual(['a.test', 'r:uid-7'])
  rmSync(run.folder, { recursive: true })
  at()
  expect(() => looks.names(RUN)).toThrow('cannot be read')
})
