import type { NewRun, RunRow, Store } from '../model/ports.ts'
import type { Database } from './database.ts'
import { paramsOfRun, runOf } from './runRow.ts'

const ADD = `
  INSERT INTO runs (id, state, priority, enqueued_at, repository, repository_id, installation_id, clone_url, pr, sha, ref, fork,
                    recipe, arguments, keep_ms, domain, names, actor, comment_id)
  VALUES (:id, 'queued', :priority, :enqueued_at, :repository, :repository_id, :installation_id, :clone_url, :pr, :sha, :ref, :fork,
          :recipe, :arguments, :keep_ms, :domain, :names, :actor, :comment_id)`

const ADD_NAME = 'INSERT INTO run_names (name, enqueued_at, run_id) VALUES (:name, :enqueuedAtMs, :id)'

const ONE = 'SELECT * FROM runs WHERE id = :id'

/** The states are literals: only so does SQLite see that a partial index answers. */
const QUEUED = `SELECT * FROM runs WHERE state = 'queued' ORDER BY priority DESC, enqueued_at, id`

const LIVE = `SELECT * FROM runs WHERE state IN ('starting', 'running', 'tearing_down') ORDER BY enqueued_at, id`

const NEWEST = `
  SELECT * FROM runs
   WHERE (:repository IS NULL OR repository = :repository) AND (:pr IS NULL OR pr = :pr)
   ORDER BY enqueued_at DESC, id DESC LIMIT :limit`

const NEWEST_OF_PULL_REQUEST = `
  SELECT * FROM runs WHERE repository = :repository AND pr = :pr
   ORDER BY enqueued_at DESC, id DESC LIMIT :limit`

const NEWEST_OF_NAME = `
  SELECT runs.* FROM run_names JOIN runs ON runs.id = run_names.run_id
   WHERE run_names.name = :name AND (:repository IS NULL OR repository = :repository) AND (:pr IS NULL OR pr = :pr)
   ORDER BY run_names.enqueued_at DESC, run_id DESC LIMIT :limit`

export interface Runs {
  readonly port: Pick<Store, 'run' | 'runs' | 'queued' | 'live'>
  /** Inside the caller's transaction. */
  add(run: NewRun): void
  find(id: string): RunRow | null
}

export function runsOn(database: Database): Runs {
  const addRun = database.prepare(ADD)
  const addName = database.prepare(ADD_NAME)
  const one = database.prepare(ONE)
  const queued = database.prepare(QUEUED)
  const live = database.prepare(LIVE)

  function find(id: string): RunRow | null {
    const row = one.get({ id })
    return row === undefined ? null : runOf(row)
  }

  return {
    port: {
      run: async (id) => database.read(() => find(id)),
      runs: newestOn(database),
      queued: async () => database.read(() => queued.all().map(runOf)),
      live: async () => database.read(() => live.all().map(runOf)),
    },
    add(run) {
      addRun.run(paramsOfRun(run))
      for (const name of run.names) addName.run({ name, enqueuedAtMs: run.enqueuedAtMs, id: run.id })
    },
    find,
  }
}

function newestOn(database: Database): Store['runs'] {
  const newest = database.prepare(NEWEST)
  const ofPullRequest = database.prepare(NEWEST_OF_PULL_REQUEST)
  const ofName = database.prepare(NEWEST_OF_NAME)

  return async ({ limit, repository = null, pr = null, name }) =>
    database.read(() => {
      if (name !== undefined) return ofName.all({ limit, repository, pr, name }).map(runOf)
      if (repository !== null && pr !== null) return ofPullRequest.all({ limit, repository, pr }).map(runOf)
      return newest.all({ limit, repository, pr }).map(runOf)
    })
}
