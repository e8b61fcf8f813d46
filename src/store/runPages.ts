import type { RunFilter, RunPlace, Store } from '../model/ports.ts'
import { isLive, isOver, RUN_STATES, type RunState } from '../model/run.ts'
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
  const parts = partsOf(filter).map((part) => selected({ ...part, conditions: [...part.conditions, ...all] }))
  return `${parts.join(' UNION ALL ')} ORDER BY enqueued_at DESC, id DESC LIMIT :limit`
}

interface Part {
  readonly from: string
  readonly conditions: readonly string[]
}

function selected({ from, conditions }: Part): string {
  return `SELECT runs.* FROM ${from}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`}`
}

/** What is over is in an index by recipe, the rest in one by state: a recipe's runs come from both. */
function partsOf(filter: RunFilter): readonly Part[] {
  if ('name' in filter)
    return [{ from: 'run_names JOIN runs ON runs.id = run_names.run_id', ...stateOf(filter) }]
  if ('pr' in filter) return [{ from: 'runs', ...stateOf(filter) }]
  if (filter.state !== undefined) return [partIn(filter.state)]
  return 'recipe' in filter ? [...ALONE.map(partIn), { from: BY_LIFE, conditions: [LIVE] }] : [ALL]
}

const ALL: Part = { from: 'runs', conditions: [] }
const ALONE = RUN_STATES.filter((state) => !isLive(state))
const BY_LIFE = 'runs INDEXED BY runs_live'

/**
 * The condition is in the words of the partial index: only so does SQLite see that it answers. It is named, too: for the sake of the order the newest
 * of all would be read, one after the other, until a page is full, which may be never.
 */
function partIn(state: RunState): Part {
  if (isOver(state)) return { from: 'runs', ...stateOf({ state }) }
  return { from: isLive(state) ? BY_LIFE : 'runs INDEXED BY runs_claim', ...stateOf({ state }) }
}

function stateOf({ state }: RunFilter): Pick<Part, 'conditions'> {
  if (state === undefined) return { conditions: [] }
  return { conditions: [`runs.state = '${state}'`, ...(isLive(state) ? [LIVE] : [])] }
}
