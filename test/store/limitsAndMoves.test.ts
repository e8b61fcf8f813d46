import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { EndReason } from '../../src/model/run.ts'
import { openDatabase } from '../../src/store/database.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aCheck, aDecision, aDelivery, aReaction, aRun, SHA } from './samples.ts'

function aFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'berth.db')
}

async function aStore(file = aFile()) {
  const store = await openStore(file, () => 1_000)
  onTestFinished(() => store.close())
  let deliveries = 0
  const decide = async (change: Parameters<typeof aDecision>[1]) => {
    const id = `d${++deliveries}`
    await store.addDelivery(aDelivery(id))
    return store.decide(aDecision(id, change))
  }
  return { store, decide }
}

test('R-CMD-09 what is used up is found by its kind, whatever is in its name', async () => {
  const { store, decide } = await aStore()
  await decide({ atMs: 1_000, uses: ['actor:a_b', 'actor:axb', 'pr:1:1'] })
  await decide({ atMs: 2_000, uses: ['actor:a_b', 'actor:%', 'pr:1:1'] })
  expect(await store.usedUp('actor:', 2, 0)).toEqual([{ key: 'actor:a_b', uses: [2_000, 1_000] }])
  expect(await store.usedUp('actor:', 2, 1_001)).toEqual([])
  expect(await store.usedUp('actor:_', 1, 0)).toEqual([])
})

test('R-CMD-09 uses are forgotten after a week, also those of a key that is never used again', async () => {
  const { store, decide } = await aStore()
  const weekMs = 7 * 24 * 3_600_000
  await decide({ atMs: 1_000, uses: ['repeat:x'] })
  await decide({ atMs: 1_000 + weekMs, uses: ['actor:y'] })
  expect(await store.usesSince('repeat:x', 0)).toEqual([1_000])
  await decide({ atMs: 1_001 + weekMs, uses: ['actor:y'] })
  expect(await store.usesSince('repeat:x', 0)).toEqual([])
})

test('R-QUE-15 R-CMD-09 a row of crashes is of one recipe, pull request and commit; what never began is no part of it', async () => {
  const { store, decide } = await aStore()
  let n = 0
  async function ended(
    reason: EndReason,
    change: Parameters<typeof aRun>[1] = {},
    begins = true,
  ): Promise<void> {
    const id = `r${++n}`
    await decide({ runs: [aRun(id, change)], reports: [aCheck(id, 0)] })
    if (begins) await store.change(id, 'queued', { state: 'starting', startedAtMs: 1 }, [])
    const verdict = { conclusion: 'failure', reason, title: `harness: ${n}`, exitCode: 70 } as const
    const end = { state: 'concluded', concludedAtMs: 1_000 + n, verdict } as const
    await store.change(id, begins ? 'starting' : 'queued', end, [aCheck(id, 1, { terminal: true })])
  }
  await ended('harness_fault')
  await ended('not_cleaned', { pr: 13 })
  await ended('lock_lost', { recipe: 'world' })
  await ended('harness_fault', { sha: 'f'.repeat(40) })
  await ended('not_cleaned')
  expect(await store.crashLoops(3, 0)).toEqual([])
  await ended('cancelled', {}, false)
  await ended('not_started')
  const loop = {
    repositoryId: '42',
    repository: 'acme/site',
    pr: 12,
    recipe: 'hello',
    sha: SHA,
    times: 3,
    lastAtMs: 1_007,
    title: 'harness: 7',
  }
  expect(await store.crashLoops(3, 0)).toEqual([loop])
  expect(await store.crashLoops(3, 1_006)).toEqual([loop])
  expect(await store.crashLoops(3, 1_007), 'its pause is over').toEqual([])
  await ended('stage_failed')
  expect(await store.crashLoops(3, 0)).toEqual([])
})

test('R-CMD-07 of an approval and its end the younger counts, in whatever order they are decided', async () => {
  const { store, decide } = await aStore()
  const given = { repositoryId: '42', pr: 12, sha: SHA, actor: 'octocat', revoked: false, atMs: 1_000 }
  const ended = { ...given, revoked: true, atMs: 2_000 }
  await decide({ approvals: [ended] })
  await decide({ approvals: [given] })
  expect(await store.approvals('42', 12)).toEqual([ended])
  await decide({ approvals: [{ ...given, atMs: 3_000 }] })
  expect(await store.approval('42', 12, SHA)).toMatchObject({ revoked: false, atMs: 3_000 })
  expect(await store.approvals('42', 13)).toEqual([])
})

test('R-REP-02 a move takes pending reports of its repository along, and no other’s: not what is sent, nor what a newer repository of the old name has', async () => {
  const { store, decide } = await aStore()
  const other = { repositoryId: '43', repository: 'acme/other' }
  await decide({
    runs: [aRun('r1'), aRun('r2', other)],
    reports: [
      aCheck('r1', 0),
      aCheck('r2', 0, { repository: 'acme/other' }),
      aReaction(1),
      { ...aReaction(2), repository: 'ACME/Site' },
    ],
  })
  const sent = (await store.dueReports(9_000, 9)).find(({ key }) => key === 'reaction:1')
  await store.reportSent(sent?.seq ?? 0, 1_000, null)
  const move = {
    repositoryId: '42',
    from: 'acme/site',
    to: 'acme/new',
    cloneUrl: 'https://x/acme/new.git',
    installationId: 8,
    atMs: 2_000,
  }
  await decide({ moves: [move] })
  const targets = async () =>
    (await store.dueReports(9_000, 9)).map(({ key, repository, installationId }) => [
      key,
      repository,
      installationId,
    ])
  expect(await targets()).toEqual([
    ['check:r1:0', 'acme/new', 8],
    ['check:r2:0', 'acme/other', 7],
    ['reaction:2', 'acme/new', 8],
  ])
  await decide({ moves: [{ ...move, from: 'acme/new', to: 'acme/newer', atMs: -100_000 }] })
  expect(
    (await targets()).map(([, name]) => name),
    'an older move, heard of late',
  ).toEqual(['acme/new', 'acme/other', 'acme/new'])
})

test('R-REP-04 an end that was sent or given up before its repository moved goes to the new place when it is sent once more', async () => {
  const { store, decide } = await aStore()
  await decide({ runs: [aRun('sent'), aRun('failed')], reports: [aCheck('sent', 0), aCheck('failed', 0)] })
  await decide({ reports: [{ ...aReaction(3), key: 'reaction:given up' }] })
  const ends = ['sent', 'failed'].map((id) => aCheck(id, 1, { terminal: true }))
  await store.addReports(ends)
  for (const { seq, key } of await store.dueReports(9_000, 9))
    if (key.startsWith('check:sent')) await store.reportSent(seq, 1_000, 11)
    else await store.reportFailed(seq, 'HTTP 404', 1_000)
  const to = { repositoryId: '42', from: 'acme/site', to: 'beta/site', cloneUrl: 'https://x/beta/site.git' }
  await decide({ moves: [{ ...to, installationId: 8, atMs: 2_000 }] })
  expect(await store.resendEnd('sent', 3_000)).toBe(true)
  expect(await store.retryReport('check:failed:1', 3_000)).toBe('again')
  expect(await store.retryReport('reaction:given up', 3_000)).toBe('again')
  const targets = (await store.dueReports(9_000, 9)).map(({ key, repository, installationId }) => [
    key,
    repository,
    installationId,
  ])
  expect(targets.toSorted()).toEqual([
    ['check:failed:1', 'beta/site', 8],
    ['check:sent:1', 'beta/site', 8],
    ['reaction:given up', 'beta/site', 8],
  ])
})

test('R-QUE-10 runs and approvals of an older berth have our clock and no time', async () => {
  const file = aFile()
  const old = openDatabase(file, MIGRATIONS.slice(0, 5))
  old.close()
  const connection = new DatabaseSync(file)
  connection.exec(`
    INSERT INTO runs (id, state, priority, enqueued_at, repository, repository_id, installation_id, clone_url, pr, sha, ref, fork,
                      recipe, arguments, keep_ms, domain, names, actor)
    VALUES ('r1', 'queued', 0, 1234, 'acme/site', '42', 7, 'u', 12, '${SHA}', 'refs/pull/12/head', 0, 'hello', '{}', 0, 'd', '["d"]', 'octocat');
    INSERT INTO approvals (repository_id, pr, sha, actor, revoked, decided_at) VALUES ('42', 12, '${SHA}', 'octocat', 0, 1234)`)
  connection.close()
  const { store } = await aStore(file)
  expect((await store.run('r1'))?.pinnedAtMs).toBe(1234)
  expect(await store.approval('42', 12, SHA)).toMatchObject({ revoked: false, atMs: 0 })
})
