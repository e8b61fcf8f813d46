import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { RunFilter } from '../../src/model/ports.ts'
import { type Database, openDatabase } from '../../src/store/database.ts'
import { groupedOn } from '../../src/store/grouped.ts'
import { MIGRATIONS } from '../../src/store/migrations.ts'
import { recordsOn } from '../../src/store/sqlite.ts'

const OF_RECIPE = 'runs USING INDEX runs_of_recipe (recipe=?'
const OF_BOTH = 'runs USING INDEX runs_of_recipe_in_repository (repository=? AND recipe=?'
const QUEUED = 'runs USING INDEX runs_claim'
const LIVE = 'runs USING INDEX runs_live'

/** However many runs the records have, a page costs what stands on it; what waits and what is under way are few. */
test.each<[RunFilter, readonly string[]]>([
  [{}, ['runs USING INDEX runs_newest']],
  [{ state: 'queued' }, [QUEUED]],
  [{ state: 'running' }, [LIVE]],
  [{ recipe: 'hello' }, [OF_RECIPE, QUEUED, LIVE]],
  [{ recipe: 'hello', repository: 'acme/site' }, [OF_BOTH, QUEUED, LIVE]],
  [{ repository: 'acme/site', pr: 12, state: 'queued' }, ['runs_of_pull_request (repository=? AND pr=?']],
  [{ recipe: 'hello', state: 'concluded' }, [OF_RECIPE]],
  [{ recipe: 'hello', repository: 'acme/site', state: 'concluded' }, [OF_BOTH]],
  [{ repository: 'acme/site', pr: 12 }, ['runs_of_pull_request (repository=? AND pr=?']],
  [{ name: 'r:gpu' }, ['SEARCH run_names']],
])('R-OBS-04 a page of %j is read from an index', async (filter, parts) => {
  for (const after of [null, { enqueuedAtMs: 5_000, id: 'r1' }]) {
    const plan = await planOfPage(filter, after)
    for (const part of parts) expect(plan).toContain(part)
    expect(plan).not.toMatch(/SCAN runs(?! USING)/)
  }
})

async function planOfPage(filter: RunFilter, after: { enqueuedAtMs: number; id: string } | null) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-run-pages-'))
  const database = openDatabase(join(folder, 'berth.db'), MIGRATIONS)
  onTestFinished(() => {
    database.close()
    rmSync(folder, { recursive: true })
  })
  const prepared: string[] = []
  const noting: Database = {
    ...database,
    prepare(sql) {
      prepared.push(sql)
      return database.prepare(sql)
    },
  }
  const records = recordsOn(noting, groupedOn(noting), Date.now)
  prepared.length = 0
  await records.runPage(filter, after, 9)
  expect(prepared).toHaveLength(1)
  const rows = database.prepare(`EXPLAIN QUERY PLAN ${prepared.join()}`).all()
  return rows.map((row) => String(row['detail'])).join('; ')
}
