import type { NewRun, RunRow, Store } from '../model/ports.ts'
import type { QueuedRun } from '../model/queued.ts'
import { fieldsOf, numberOf, oneOf } from '../model/read.ts'
import { RUN_STATES, type RunState } from '../model/run.ts'
import type { Database } from './database.ts'
import { pastStagesOn } from './pastStages.ts'
import { runPagesOn } from './runPages.ts'
import type { RunReads } from './runReads.ts'
import { paramsOfRun } from './runRow.ts'
import { keptByVersion } from './version.ts'

const ADD = `
  INSERT INTO runs (id, state, priority, enqueued_at, repository, repository_id, installation_id, clone_url, pr, sha, pinned_at, ref, fork,
                    recipe, arguments, keep_ms, domain, names, actor, comment_id)
  VALUES (:id, 'queued', :priority, :enqueued_at, :repository, :repository_id, :installation_id, :clone_url, :pr, :sha, :pinned_at, :ref, :fork,
          :recipe, :arguments, :keep_ms, :domain, :names, :actor, :comment_id)`

const ADD_NAME = 'INSERT INTO run_names (name, enqueued_at, run_id) VALUES (:name, :enqueuedAtMs, :id)'

/** All that the swaps need to know of a run: it can be read where the rest cannot. */
const STATE = 'SELECT state FROM runs WHERE id = :id'

/** The states are literals: only so does SQLite see that a partial index answers. */
const QUEUED = `SELECT * FROM runs WHERE state = 'queued' ORDER BY priority DESC, enqueued_at, id`

/** The plus keeps SQLite from the index over all runs of a repository: those that wait are fewer. */
const QUEUED_OF_PULL_REQUEST = `
  SELECT * FROM runs WHERE state = 'queued' AND +repository_id = :repositoryId AND pr = :pr
   ORDER BY priority DESC, enqueued_at, id`

const LIVE = `SELECT * FROM runs WHERE state IN ('starting', 'running', 'tearing_down') ORDER BY enqueued_at, id`

const NEWS = 'SELECT * FROM runs WHERE changed > 0 AND changed > :since'

const UP_TO = `SELECT value FROM counters WHERE name = 'runs'`

const NEWEST = `
  SELECT * FROM runs
   WHERE (:repository IS NULL OR repository = :repository) AND (:pr IS NULL OR pr = :pr)
   ORDER BY enqueued_at DESC, id DESC LIMIT :limit`

const NEWEST_OF_PULL_REQUEST = `
  SELECT * FROM runs WHERE repository = :repository AND pr = :pr
   ORDER BY enqueued_at DESC, id DESC LIMIT :limit`

const OF_COMMIT = `
  SELECT * FROM runs WHERE repository_id = :repositoryId AND sha = :sha
   ORDER BY enqueued_at DESC, id DESC`

const NEWEST_OF_NAME = `
  SELECT runs.* FROM run_names JOIN runs ON runs.id = run_names.run_id
   WHERE run_names.name = :name AND (:repository IS NULL OR repository = :repository) AND (:pr IS NULL OR pr = :pr)
   ORDER BY run_names.enqueued_at DESC, run_id DESC LIMIT :limit`

/** The condition as the index `runs_finished` has it, but for red runs that may have been kept for inspection: those lasted as long as somebody looked at them. */
const DURATIONS = `
  SELECT concluded_at - started_at AS duration FROM runs
   WHERE repository_id = :repositoryId AND recipe = :recipe
     AND started_at IS NOT NULL AND json_extract(verdict, '$.reason') IN ('passed', 'stage_failed', 'teardown_unverified')
     AND NOT (keep_ms > 0 AND json_extract(verdict, '$.reason') = 'stage_failed')
   ORDER BY concluded_at DESC LIMIT :limit`

/** Queued runs that are kept in memory from one look to the next: some 3 MB. */
const MOST_KEPT = 2_000

export interface Runs {
  readonly port: Pick<
    Store,
    | 'run'
    | 'runs'
    | 'runPage'
    | 'pastStages'
    | 'runsAt'
    | 'queued'
    | 'unfinished'
    | 'queueSince'
    | 'live'
    | 'broken'
    | 'durations'
  >
  /** Inside the caller's transaction. */
  add(run: NewRun): void
  stateOf(id: string): RunState | null
}

export function runsOn(database: Database, reads: RunReads, version: () => string): Runs {
  const addRun = database.prepare(ADD)
  const addName = database.prepare(ADD_NAME)
  const state = database.prepare(STATE)
  const readQueued = reads.each(QUEUED)
  // Many pages that are open ask for it; a longer one would fill the memory.
  const queued = keptByVersion(
    version,
    () => readQueued(),
    ({ length }) => length <= MOST_KEPT,
  )
  const queuedOfPullRequest = reads.each(QUEUED_OF_PULL_REQUEST)
  // All that follow runs ask for them several times a second, and mostly nothing has been written.
  const readLive = reads.each(LIVE)
  const live = keptByVersion(version, () => readLive())
  const ofCommit = reads.each(OF_COMMIT)
  const durations = database.prepare(DURATIONS)

  return {
    port: {
      run: async (id) => database.read(() => reads.find(id)),
      runs: newestOn(database, reads),
      runPage: runPagesOn(database, reads),
      pastStages: pastStagesOn(database),
      runsAt: async (repositoryId, sha) => database.read(() => ofCommit({ repositoryId, sha })),
      queued: async () => database.read(queued),
      unfinished: async (repositoryId, pr) =>
        database.read(() => [
          ...live().filter((run) => run.repositoryId === repositoryId && run.pr === pr),
          ...queuedOfPullRequest({ repositoryId, pr }),
        ]),
      queueSince: queueOn(database, reads),
      live: async () => database.read(live),
      broken: async () => database.read(reads.broken),
      durations: async (repositoryId, recipe, limit) =>
        database.read(() => durations.all({ repositoryId, recipe, limit }).map(durationOf)),
    },
    add(run) {
      addRun.run(paramsOfRun(run))
      for (const name of run.names) addName.run({ name, enqueuedAtMs: run.enqueuedAtMs, id: run.id })
    },
    stateOf(id) {
      const row = state.get({ id })
      return row === undefined ? null : oneOf(fieldsOf(row, 'run'), 'state', RUN_STATES)
    },
  }
}

/** The wall clock may have been set back meanwhile. */
function durationOf(row: unknown): number {
  return Math.max(0, numberOf(fieldsOf(row, 'run'), 'duration'))
}

/** The number first: what is written between the two statements is told now, and once more. */
function queueOn(database: Database, reads: RunReads): Store['queueSince'] {
  const upTo = database.prepare(UP_TO)
  const all = reads.fold(QUEUED)
  const news = reads.fold(NEWS)
  return async (since) =>
    database.read(() => {
      const queued: QueuedRun[] = []
      const left: string[] = []
      const number = numberOf(fieldsOf(upTo.get(), 'counter'), 'value')
      const take = (id: string, row: RunRow | null) =>
        row?.state === 'queued' ? queued.push(queuedOf(row)) : left.push(id)
      if (since === null) all({}, take)
      else news({ since }, take)
      return { upTo: number, queued, left }
    })
}

function queuedOf(row: RunRow): QueuedRun {
  const { id, priority, enqueuedAtMs, names, repositoryId, pr, recipe, sha, stop, waitsFor } = row
  return { id, priority, enqueuedAtMs, names, repositoryId, pr, recipe, sha, stop, waitsFor }
}

function newestOn(database: Database, reads: RunReads): Store['runs'] {
  const newest = reads.each(NEWEST)
  const ofPullRequest = reads.each(NEWEST_OF_PULL_REQUEST)
  const ofName = reads.each(NEWEST_OF_NAME)

  return async ({ limit, repository = null, pr = null, name }) =>
    database.read(() => {
      if (name !== undefined) return ofName({ limit, repository, pr, name })
      if (repository !== null && pr !== null) return ofPullRequest({ limit, repository, pr })
      return newest({ limit, repository, pr })
    })
}
