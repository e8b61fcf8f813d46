import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EMPTY_JOURNAL, type Entry, withEntry } from '../../src/model/journal.ts'
import { createRunFolder } from '../../src/store/runFolder.ts'
import { checkOf } from '../../src/world/checks.ts'
import { requestFor, stateFolder } from '../lock/world.ts'
import { aRow, PASSED } from '../store/samples.ts'

const RUN = '01m7xj306c77rt39'
const STARTED: Entry = {
  at: 1,
  mono: 1,
  event: 'process.started',
  pid: 1,
  startTime: '1',
  boot: 'b',
  wrapper: 2,
}

test('R-REP-01 R-QUE-11 what a run has left in its folder, and what cannot be looked at, keeps no check from its end: it is left out, and told in the log', () => {
  const state = stateFolder()
  mkdirSync(join(state.root, 'recipe'))
  const run = createRunFolder(state, requestFor(RUN, ['a.test']), join(state.root, 'recipe'))
  rmSync(run.stages, { recursive: true })
  writeFileSync(run.stages, 'a stage has put this in the place of its logs')
  rmSync(state.open, { recursive: true })
  writeFileSync(state.open, 'no folder')
  const told: object[] = []
  const log = {
    info: () => undefined,
    error: () => undefined,
    warn: (data: object, event: string) => void told.push({ ...data, event }),
  }
  const row = aRow(RUN, { state: 'concluded', verdict: PASSED, concludedAtMs: 2, names: ['a.test'] })
  const report = checkOf(
    { state, log, pageOf: (id) => `https://ci.test/runs/${id}` },
    row,
    withEntry(EMPTY_JOURNAL, STARTED),
    null,
  )
  expect(report.terminal).toBe(true)
  expect(JSON.parse(report.body)).toMatchObject({
    status: 'completed',
    conclusion: 'success',
    output: { title: PASSED.title },
  })
  expect(told).toEqual([
    { run: RUN, error: expect.stringContaining('ENOTDIR'), event: 'check.incomplete' },
    { run: RUN, error: expect.stringContaining('ENOTDIR'), event: 'check.incomplete' },
  ])
})
