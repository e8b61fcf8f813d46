import type { Store } from '../model/ports.ts'
import type { CrashLoop } from '../model/rateLimits.ts'
import { fieldsOf, numberOf, textOf } from '../model/read.ts'
import { CRASHES, type EndReason } from '../model/run.ts'
import type { Database } from './database.ts'
import { isOverSql } from './overSql.ts'

const REASON = `json_extract(verdict, '$.reason')`

const CRASHED = `
  SELECT DISTINCT repository_id, pr, recipe, sha FROM runs
   WHERE ${isOverSql()} AND concluded_at > :sinceMs
     AND ${REASON} IN (${CRASHES.map((reason) => `'${reason}'`).join(', ')})`

/** What never began tells nothing: a run that was cancelled while it waited must not end the row. */
const NEWEST = `
  SELECT repository, concluded_at, ${REASON} AS reason, json_extract(verdict, '$.title') AS title FROM runs
   WHERE repository_id = :repository_id AND sha = :sha AND pr = :pr AND recipe = :recipe
     AND ${isOverSql()} AND attempts > 0
   ORDER BY concluded_at DESC, id DESC LIMIT :times`

/** Nothing is kept of its own: the runs' own ends tell, also after a restart. */
export function crashLoopsOn(database: Database): Pick<Store, 'crashLoops'> {
  const crashed = database.prepare(CRASHED)
  const newest = database.prepare(NEWEST)

  function loopOf(row: unknown, times: number): readonly CrashLoop[] {
    const fields = fieldsOf(row, 'crash')
    const key = {
      repository_id: textOf(fields, 'repository_id'),
      pr: numberOf(fields, 'pr'),
      recipe: textOf(fields, 'recipe'),
      sha: textOf(fields, 'sha'),
    }
    const ends = newest.all({ ...key, times }).map(endOf)
    const [last] = ends
    if (last === undefined || ends.length < times || !ends.every(({ isCrash }) => isCrash)) return []
    const { repository, title, atMs: lastAtMs } = last
    const { repository_id: repositoryId, ...what } = key
    return [{ ...what, repositoryId, repository, times, lastAtMs, title }]
  }

  return {
    crashLoops: async (times, sinceMs) =>
      database.read(() => crashed.all({ sinceMs }).flatMap((row) => loopOf(row, times))),
  }
}

const CRASH_REASONS: ReadonlySet<string> = new Set<EndReason>(CRASHES)

function endOf(row: unknown) {
  const fields = fieldsOf(row, 'end')
  return {
    repository: textOf(fields, 'repository'),
    atMs: numberOf(fields, 'concluded_at'),
    title: textOf(fields, 'title'),
    isCrash: CRASH_REASONS.has(textOf(fields, 'reason')),
  }
}
