import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { jsonText } from '../../src/cli/json.ts'
import { listQueue } from '../../src/cli/queue.ts'
import { loadConfig } from '../../src/config.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { openStateFolder } from '../../src/store/stateFolder.ts'
import { aCheck, aDecision, aDelivery, aRun } from '../store/samples.ts'

const HOSTILE = 'a\u001b[31m\u009b31m\u202egnp.exe\u2066\u200b\u2028\u{e0041}\u007f é \u{1f6a2}'

test('R-Q-08 JSON for programs has nothing that a terminal would obey, and loses nothing', () => {
  const text = jsonText({ [HOSTILE]: HOSTILE })
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u)
  expect(text).toContain('é \u{1f6a2}')
  expect(JSON.parse(text)).toEqual({ [HOSTILE]: HOSTILE })
})

test('R-Q-08 berth queue --json passes nothing of a queued run to the terminal raw', async () => {
  const root = mkdtempSync(join(tmpdir(), 'berth-json-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const state = openStateFolder(root)
  const store = await openStore(state.database)
  onTestFinished(() => store.close())
  await store.addDelivery(aDelivery('d1'))
  await store.decide(aDecision('d1', { runs: [aRun('r1', { actor: HOSTILE })], reports: [aCheck('r1', 0)] }))
  let written = ''
  const stdout = { write: (text: string) => (written += text) }
  const config = loadConfig({ env: { BERTH_STATE_DIR: root }, cwd: root })
  const recipe = () => {
    throw new Error('no recipe is asked for')
  }
  await listQueue({ config, state, stdout, stderr: stdout, cwd: root, recipe }, true)
  expect(written).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u)
  expect(JSON.parse(written)).toMatchObject([{ id: 'r1', actor: HOSTILE }])
})
