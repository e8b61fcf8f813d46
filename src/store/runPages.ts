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
  const all = [...conditions, ...(after === null ? [] : [AFTER])]
  const from = 'name' in filter ? 'run_names JOIN runs ON runs.id = run_names.run_id' : 'runs'
  const parts = statesOf(filter).map((states) => selected(from, [...states, ...all]))
  return `${parts.join(' UNION ALL ')} ORDER BY enqueued_at DESC, id DESC LIMIT :limit`
}

function selected(from: string, conditions: readonly string[]): string {
  return `SELECT runs.* FROM ${from}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`}`
}

/**
 * Conditions on the state, one list for each part of the answer. They are said in the words of the partial indexes: only so does SQLite see that these answer.
 * What is over is in an index by recipe, the rest in one by state: a recipe's runs come from both.
 */
function statesOf(filter: RunFilter): readonly (readonly string[])[] {
  const { state } = filter
  if (state !== undefined) return [[`runs.state = '${state}'`, ...(isLive(state) ? [LIVE] : [])]]
  if (!('recipe' in filter) || 'name' in filter || 'pr' in filter) return [[]]
  return [["runs.state = 'concluded'"], ["runs.state = 'queued'"], [LIVE]]
}
