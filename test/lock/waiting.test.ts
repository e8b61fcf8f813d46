import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Recoverer } from '../../src/lock/claim.ts'
import { tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { claimInTurn } from '../../src/lock/waiting.ts'
import { openJournal } from '../../src/store/journalFile.ts'
import { createRunFolder } from '../../src/store/runFolder.ts'
import { requestFor, stateFolder } from './world.ts'

const RUN = '01m7xj306c77rt39'
const NAMES = ['a.example']

test('R-QUE-14 a waiter that is cancelled while it recovers the last run does not acquire', async () => {
  const state = stateFolder()
  mkdirSync(join(state.root, 'recipe'))
  const run = createRunFolder(state, requestFor(RUN, NAMES), join(state.root, 'recipe'))
  addOpenRun(state, { run: RUN, locks: NAMES, since: 1 })
  const cancel = new AbortController()
  const recoverer: Recoverer = {
    by: 'the test',
    insist: false,
    async recover() {
      const report = { verified: true, ended: 0, ending: null, tookMs: 1, left: [] }
      openJournal(run.journal, () => true)?.append({ event: 'teardown.ended', report })
      cancel.abort()
      return 'done'
    },
  }
  const wait = { what: 'the test', forMs: 60_000, signal: cancel.signal, waiting: () => undefined }
  const claimed = await claimInTurn(state, NAMES, [NAMES], recoverer, wait)
  expect(claimed).toMatchObject({ kind: 'busy', name: 'a.example' })
  expect(tryAcquire(state, NAMES).kind).toBe('held')
})
