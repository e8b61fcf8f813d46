import type { RunFilter, RunPlace, Store } from '../model/ports.ts'
import { isLive, RUN_STATES } from '../model/run.ts'
import type { Database } from './database.ts'
import type { RunReads } from './runReads.ts'

const CONDITIONS: Readonly<Record<Exclude<keyof RunFilter, 'state'>, string>> = {
  repository: 'runs.repository = :repository',
  pr: 'runs.pr = :pr',
  recipe: 'runs.recipe = :recipe',
  name: 'run_names.name = :name',
  actor: 'runs.actor = :actor',
  conclusion: "json_extract(runs.verdict, '$.conclusion') = :conclusion",
}

const AFTER = '(runs.enqueued_at, runs.id) < (:afterMs, :afterId)'

const LIVE = `runs.state IN (${RUN_STATES.filter(isLive)
  .map((state) => `'${state}'`)
  .join(', ')})`

/** Pages of runs. Only what is asked for stands in the statement: else no index would answer. */
export function runPagesOn(database: Database, reads: RunReads): Store['runPage'] {
  const prepared = new Map<string, ReturnType<RunReads['placed']>>()

  function statement(filter: RunFilter, after: RunPlace | null): ReturnType<RunReads['placed']> {
    const sql = pageSql(filter, after)
    const known = prepared.get(sql) ?? reads.placed(sql)
    prepared.set(sql, known)
    return known
  }

  return async (filter, after, limit) =>
    database.read(() => {
      const { state: _inText, ...given } = filter
      const from = after === null ? {} : { afterMs: after.enqueuedAtMs, afterId: after.id }
      const found = statement(filter, after)({ ...given, ...from, limit: limit + 1 })
      const page = found.slice(0, limit)
      return {
        runs: page.flatMap(({ run }) => run ?? []),
        next: found.length > limit ? (page.at(-1)?.place ?? null) : null,
      }
    })
}

function pageSql(filter: RunFilter, after: RunPlace | null): string {
  const conditions = Object.entries(CONDITIONS).flatMap(([key, sql]) => (key in filter ? [sql] : []))
  const all = [...conditions, ...stateConditions(filter), ...(after === null ? [] : [AFTER])]
  const table = 'name' in filter ? 'run_names JOIN runs ON runs.id = run_names.run_id' : 'runs'
  const order =
    'name' in filter ? 'run_names.enqueued_at DESC, run_names.run_id DESC' : 'enqueued_at DESC, id DESC'
  return `SELECT runs.* FROM ${table} ${all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`} ORDER BY ${order} LIMIT :limit`
}

/** A literal, and the words of the partial index beside it: only so does SQLite see that it answers. */
function stateConditions({ state }: RunFilter): readonly string[] {
  if (state === undefined) return []
  return [`runs.state = '${state}'`, ...(isLive(state) ? [LIVE] : [])]
}
