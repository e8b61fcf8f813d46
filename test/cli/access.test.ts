import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listActions } from '../../src/cli/actions.ts'
import type { Context } from '../../src/cli/context.ts'
import { listTokens, newToken, revokeToken } from '../../src/cli/token.ts'
import { InputError } from '../../src/errors.ts'
import { lastAuditLines } from '../../src/store/audit.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { openStateFolder } from '../../src/store/stateFolder.ts'
import { hashOf } from '../../src/web/access/secret.ts'

function desk() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-access-'))
  const out: string[] = []
  const state = openStateFolder(folder)
  const context = { state, stdout: { write: (text: string) => out.push(text) } } as unknown as Context
  return {
    context,
    state,
    folder,
    printed: () => out.splice(0).join(''),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

test('R-OBS-04 a token is shown once, kept nowhere, and good until it is revoked; both are in the audit', async () => {
  using here = desk()
  expect(await newToken(here.context, 'ci-bot', { scope: 'act', days: 2 })).toBe(0)
  const secret = here.printed().trim()
  expect(secret).toMatch(/^[\w-]{43}$/)
  for (const file of readdirSync(here.folder).filter((name) => /^berth\.db|ndjson/.test(name)))
    expect(readFileSync(join(here.folder, file)).includes(secret), file).toBe(false)
  const store = await openStore(here.state.database)
  expect(await store.useToken(hashOf(secret), Date.now())).toMatchObject({ name: 'ci-bot', scope: 'act' })
  expect(await store.useToken(hashOf(secret), Date.now() + 2 * 24 * 3_600_000)).toBeNull()
  expect(await listTokens(here.context, true)).toBe(0)
  const [listed] = JSON.parse(here.printed())
  expect(listed).toMatchObject({ name: 'ci-bot', scope: 'act', usedAtMs: expect.any(Number) })
  await expect(newToken(here.context, 'ci-bot', { scope: 'read', days: null })).rejects.toThrow(InputError)
  expect(await revokeToken(here.context, 'ci-bot')).toBe(0)
  expect(await store.useToken(hashOf(secret), Date.now())).toBeNull()
  await expect(revokeToken(here.context, 'ci-bot')).rejects.toThrow(/there is no token ci-bot/)
  expect(await newToken(here.context, 'ci-bot', { scope: 'read', days: null })).toBe(0)
  await store.close()
  expect(lastAuditLines(here.state, 9).map(({ action, name }) => [action, name])).toEqual([
    ['token_made', 'ci-bot'],
    ['token_revoked', 'ci-bot'],
    ['token_made', 'ci-bot'],
  ])
})

test.each(['', 'CI', 'a b', '-x', 'x'.repeat(41), 'token\u001b[31m'])(
  'R-OBS-04 a token is not called %j',
  async (name) => {
    using here = desk()
    await expect(newToken(here.context, name, { scope: 'read', days: null })).rejects.toThrow(
      /a name has at most/,
    )
  },
)

test('R-OBS-05 R-OBS-04 who acted is listed newest first, harmless in a terminal, without the service', async () => {
  using here = desk()
  expect(await listActions(here.context, { json: false, limit: 9 })).toBe(0)
  expect(here.printed()).toBe('Nobody has acted by a page or the API.\n')
  const store = await openStore(here.state.database)
  const action = { id: 'action:1', run: null, name: 'r:gpu', forMs: 1, from: '::1', askedAtMs: 1 } as const
  const by = { kind: 'github', id: 1, login: 'octocat' } as const
  await store.addAction({ ...action, act: 'hold', reason: '\u001b[31mred', by })
  await store.addAction({
    ...action,
    id: 'action:2',
    act: 'release',
    reason: 'done',
    by: { kind: 'token', name: 'x' },
  })
  await store.close()
  await listActions(here.context, { json: false, limit: 9 })
  const lines = here.printed().trimEnd().split('\n')
  expect(lines[1]).toMatch(/token x +::1 +release +r:gpu +done +not decided yet$/)
  expect(lines[2]).toMatch(/octocat +::1 +hold +r:gpu +red +not decided yet$/)
  await listActions(here.context, { json: true, limit: 1 })
  expect(JSON.parse(here.printed())).toMatchObject([
    { id: 'action:2', by: 'token x', end: null, order: null },
  ])
})
