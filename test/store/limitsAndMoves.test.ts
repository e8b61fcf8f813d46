import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../../src/store/database.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { SHA } from './samples.ts'

function aFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'berth.db')
}

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
  const store = await openStore(file)
  onTestFinished(() => store.close())
  expect((await store.run('r1'))?.pinnedAtMs).toBe(1234)
  expect(await store.approval('42', 12, SHA)).toMatchObject({ revoked: false, atMs: 0 })
})
