import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Context } from '../../src/cli/context.ts'
import { listReports, retryReports } from '../../src/cli/reports.ts'
import { InputError } from '../../src/errors.ts'
import type { Store } from '../../src/model/ports.ts'
import { lastAuditLines } from '../../src/store/audit.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { openStateFolder } from '../../src/store/stateFolder.ts'
import { aReaction } from '../store/samples.ts'

interface Desk extends AsyncDisposable {
  readonly context: Context
  /** The service's own connection. */
  readonly store: Store
  /** What was printed since the last look, standard output before standard error. */
  printed(): string
}

async function desk(): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-reports-'))
  const state = openStateFolder(folder)
  const store = await openStore(state.database)
  const [out, err] = [[] as string[], [] as string[]]
  const context = { state, stdout: { write: (text: string) => out.push(text) } }
  return {
    context: { ...context, stderr: { write: (text: string) => err.push(text) } } as unknown as Context,
    store,
    printed: () => [...out.splice(0), ...err.splice(0)].join(''),
    async [Symbol.asyncDispose]() {
      await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function giveUp(store: Store, ...comments: readonly number[]): Promise<void> {
  await store.addReports(comments.map(aReaction))
  for (const { seq } of await store.dueReports(Date.now(), 10))
    await store.reportFailed(seq, 'HTTP 404: Not \u001b[31mFound', 2_000)
}

test('R-REP-04 what waits and what was given up is listed, harmless in a terminal, and as JSON', async () => {
  await using here = await desk()
  expect(await listReports(here.context, false)).toBe(0)
  expect(here.printed()).toBe('GitHub has been told everything.\n')
  await giveUp(here.store, 1)
  await here.store.addReports([aReaction(2)])
  expect(await listReports(here.context, false)).toBe(0)
  const text = here.printed()
  expect(text).toMatch(/reaction:1 +given up +acme\/site#12 .* HTTP 404: Not Found\n/)
  expect(text).toMatch(/reaction:2 +pending/)
  expect(text).not.toContain('\u001b')
  expect(await listReports(here.context, true)).toBe(0)
  expect(JSON.parse(here.printed())).toMatchObject([
    { key: 'reaction:1', state: 'failed', error: 'HTTP 404: Not \u001b[31mFound' },
    { key: 'reaction:2', state: 'pending', error: null },
  ])
})

test('R-REP-04 one that was given up is sent once more beside the service, and the audit says who wanted it; unknown keys end with 3', async () => {
  await using here = await desk()
  await giveUp(here.store, 1, 2)
  const wish = { keys: ['reaction:1', 'nothing'], all: false, reason: 'the App is installed again' }
  expect(await retryReports(here.context, wish)).toBe(3)
  expect(here.printed()).toBe('reaction:1 is sent once more.\nnothing is no report; see `berth reports`.\n')
  expect((await here.store.dueReports(Date.now(), 10)).map(({ key }) => key)).toEqual(['reaction:1'])
  const [line, ...more] = lastAuditLines(here.context.state, 10)
  expect(more).toEqual([])
  expect(line).toMatchObject({ action: 'retry', name: 'reaction:1', reason: 'the App is installed again' })
})

test('R-REP-04 all that were given up, in the order in which they were made; none is none', async () => {
  await using here = await desk()
  await giveUp(here.store, 1, 2)
  const all = { keys: [], all: true, reason: '' }
  expect(await retryReports(here.context, all)).toBe(0)
  expect(here.printed()).toBe('reaction:1 is sent once more.\nreaction:2 is sent once more.\n')
  expect(await retryReports(here.context, all)).toBe(0)
  expect(here.printed()).toBe('No report was given up.\n')
})

test('neither keys nor --all, or both, is bad input', async () => {
  await using here = await desk()
  for (const wish of [
    { keys: [], all: false },
    { keys: ['a'], all: true },
  ])
    await expect(retryReports(here.context, { ...wish, reason: '' })).rejects.toThrow(InputError)
})
