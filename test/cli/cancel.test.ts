import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stopped } from '../../src/cli/cancel.ts'
import { createRunFolder, noteStop } from '../../src/store/runFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'

const STOP = { reason: 'cancelled', by: 'octocat', atMs: 7 } as const

test('R-RUN-13 a cancel that the service was faster to write down is told as the cancel that it is, and an earlier one as that', () => {
  const state = stateFolder()
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe)
  const run = createRunFolder(state, requestFor('01m7xj306c77rt39', ['a.test']), recipe)
  noteStop(run, STOP)
  expect(stopped(run, STOP)).toMatch(/^Run \w+ is asked to stop; its teardown comes first\. Follow it with/)
  expect(stopped(run, { ...STOP, atMs: 8 })).toBe(
    `Run ${run.id} was asked to stop before (cancelled, by octocat).`,
  )
})
