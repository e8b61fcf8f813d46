import { HarnessError } from '../errors.ts'
import type { StopRequest } from '../model/journal.ts'
import type { Changed, RunChange, Store } from '../model/ports.ts'
import type { NewReport } from '../model/report.ts'
import { isOver, mayBecome, type RunState } from '../model/run.ts'
import type { Database } from './database.ts'
import { isOverSql } from './overSql.ts'
import type { Replies } from './replies.ts'
import type { Reports } from './reports.ts'
import type { Runs } from './runs.ts'

/**
 * The swap; never from an end. An attempt is counted by the statement that begins it. What a run waits for belongs to the queue, its stage to
 * its life; a verdict, once written, stands.
 */
const CHANGE = `
  UPDATE runs SET
    attempts     = attempts + (:to = 'starting' AND state <> 'starting'),
    state        = :to,
    waits_for    = CASE WHEN :to <> 'queued' THEN NULL WHEN :sets_waits_for THEN :waits_for ELSE waits_for END,
    stage        = CASE WHEN :to = 'queued' OR ${isOverSql(':to')} THEN NULL WHEN :sets_stage THEN :stage ELSE stage END,
    started_at   = CASE WHEN :to = 'queued' THEN NULL ELSE coalesce(:started_at, started_at) END,
    concluded_at = coalesce(concluded_at, :concluded_at),
    verdict      = coalesce(verdict, :verdict),
    stages       = coalesce(stages, :stages)
   WHERE id = :id AND state = :from`

const STOP = `UPDATE runs SET stop = :stop WHERE id = :id AND stop IS NULL AND NOT ${isOverSql()}`

type Stopped = Awaited<ReturnType<Store['requestStop']>>

export interface RunChanges {
  readonly port: Pick<Store, 'change' | 'requestStop'>
  /** Inside the caller's transaction. */
  noteStop(runId: string, stop: StopRequest): Stopped
}

export function runChangesOn(database: Database, runs: Runs, reports: Reports, replies: Replies): RunChanges {
  const swap = database.prepare(CHANGE)
  const stopOnce = database.prepare(STOP)

  function change(id: string, from: RunState, wish: RunChange, news: readonly NewReport[]): Changed {
    const to = wish.state ?? from
    if (!isOver(from) && swap.run({ id, from, to, ...paramsOf(wish) }).changes === 1) {
      reports.add(news)
      if (isOver(to)) replies.runEnded(id)
      return { kind: 'changed' }
    }
    const state = runs.stateOf(id)
    return state === to ? { kind: 'already' } : { kind: 'conflict', state }
  }

  function noteStop(id: string, stop: StopRequest): Stopped {
    if (stopOnce.run({ id, stop: JSON.stringify(stop) }).changes === 1) return 'noted'
    const state = runs.stateOf(id)
    if (state === null) return 'unknown'
    return isOver(state) ? 'over' : 'already'
  }

  return {
    port: {
      async change(id, from, wish, news) {
        refuseImpossible(id, from, wish, news)
        return database.write(() => change(id, from, wish, news))
      },
      requestStop: async (id, stop) => database.write(() => noteStop(id, stop)),
    },
    noteStop,
  }
}

function paramsOf(wish: RunChange) {
  return {
    sets_waits_for: wish.waitsFor === undefined ? 0 : 1,
    waits_for: wish.waitsFor ?? null,
    sets_stage: wish.stage === undefined ? 0 : 1,
    stage: wish.stage ?? null,
    started_at: wish.startedAtMs ?? null,
    concluded_at: wish.concludedAtMs ?? null,
    verdict: wish.verdict === undefined ? null : JSON.stringify(wish.verdict),
    stages: wish.stages === undefined ? null : JSON.stringify(wish.stages),
  }
}

/** Faults of the caller, not conflicts with somebody: a step outside the table, or an end that nobody would be told of. */
function refuseImpossible(id: string, from: RunState, wish: RunChange, news: readonly NewReport[]): void {
  const to = wish.state ?? from
  if (to === from) return
  if (!mayBecome(from, to)) throw impossible(id, `may not go from ${from} to ${to}`)
  if (!isOver(to)) return
  if (wish.verdict === undefined || wish.concludedAtMs === undefined)
    throw impossible(id, 'may not be concluded without a verdict and a time')
  if (!news.some((report) => report.runId === id && report.kind === 'check' && report.terminal))
    throw impossible(id, 'may not be concluded without a terminal check report')
}

function impossible(id: string, what: string): HarnessError {
  return new HarnessError('RUN_CHANGE', `Run ${id} ${what}`)
}
