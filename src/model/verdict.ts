import { EXIT } from '../errors.ts'
import type { Journal, StageRecord, StopReason, StopRequest } from './journal.ts'
import type { Conclusion, EndReason, Verdict } from './run.ts'

/** How a run whose teardown has ended is concluded: what happened first counts, teardown's failure stands beside it. */
export function conclude(journal: Journal): Verdict {
  const verdict = verdictOfWork(journal)
  if (journal.teardown === null || journal.teardown.verified) return verdict
  const left = `teardown is not verified: ${journal.teardown.left.join('; ')}`
  if (verdict.conclusion !== 'success') return { ...verdict, title: `${verdict.title}; ${left}` }
  return verdictOf('failure', 'teardown_unverified', `${verdict.title}, but ${left}`, EXIT.teardownUnverified)
}

/** A run that ended before any process of its own did anything. */
export function concludedUnstarted(reason: EndReason, title: string): Verdict {
  const conclusion =
    reason === 'lock_timeout' || reason === 'cancelled' || reason === 'interrupted' ? 'cancelled' : 'failure'
  return verdictOf(conclusion, reason, title, EXIT_OF_UNSTARTED[reason] ?? EXIT.harness)
}

const EXIT_OF_UNSTARTED: Partial<Record<EndReason, number>> = {
  lock_timeout: EXIT.busy,
  domain_dirty: EXIT.domainDirty,
  interrupted: EXIT.interrupted,
  cancelled: EXIT.cancelled,
}

function verdictOfWork(journal: Journal): Verdict {
  const red = journal.stages.find((stage) => stage.outcome !== 'success')
  if (red !== undefined) return verdictOfRed(red, journal)
  if (
    journal.planned !== null &&
    journal.prepareFault === null &&
    journal.stages.length === journal.planned.length
  ) {
    return verdictOf('success', 'passed', passedTitle(journal.stages), EXIT.ok)
  }
  if (journal.stop !== null) return verdictOfStop(journal.stop, positionOf(journal))
  if (journal.prepareFault !== null) return harnessFault(journal.prepareFault)
  return harnessFault(`the run process died ${positionOf(journal)}`)
}

function verdictOfRed(stage: StageRecord, journal: Journal): Verdict {
  const { stop } = journal
  switch (stage.outcome) {
    case 'failure':
      return verdictOf('failure', 'stage_failed', `Stage ${stage.name} failed: ${stage.detail}`, EXIT.red)
    case 'timed_out':
      if (stop?.reason === 'deadline') return verdictOfStop(stop, `in stage ${stage.name}`)
      return verdictOf('failure', 'stage_failed', `Stage ${stage.name} timed out: ${stage.detail}`, EXIT.red)
    case 'fault':
      return harnessFault(`stage ${stage.name}: ${stage.detail}`)
    default:
      if (stop !== null) return verdictOfStop(stop, `in stage ${stage.name}`)
      return harnessFault(`the run process died in stage ${stage.name}`)
  }
}

function verdictOfStop(stop: StopRequest, where: string): Verdict {
  switch (stop.reason) {
    case 'deadline':
      return verdictOf('timed_out', 'deadline', `The run's deadline passed ${where}`, EXIT.deadline)
    case 'interrupted':
      return verdictOf('cancelled', 'interrupted', `Interrupted ${where}`, EXIT.interrupted)
    case 'abandoned':
      return harnessFault(`the run's processes died ${where}; recovered by ${stop.by}`)
    case 'fault':
      return harnessFault(`${stop.by} (${where})`)
    case 'lock_lost':
      return verdictOf('failure', 'lock_lost', `harness: lock_lost ${where}: ${stop.by}`, EXIT.harness)
    default:
      return verdictOf(
        'cancelled',
        'cancelled',
        `${stopWords(stop.reason)} by ${stop.by} ${where}`,
        EXIT.cancelled,
      )
  }
}

const STOP_WORDS: Partial<Record<StopReason, string>> = {
  superseded: 'Superseded',
  pr_closed: 'Cancelled (pull request closed)',
  repository_gone: 'Cancelled (nothing can be told to its repository)',
  installation_gone: 'Cancelled (nothing can be told to its account)',
  terminated: 'Terminated',
  caller_gone: 'Cancelled (the caller is gone)',
}

/** What was done to a run that was told to stop. */
export function stopWords(reason: StopReason): string {
  return STOP_WORDS[reason] ?? 'Cancelled'
}

function harnessFault(what: string): Verdict {
  return verdictOf('failure', 'harness_fault', `harness: ${what}`, EXIT.harness)
}

function passedTitle(stages: readonly StageRecord[]): string {
  return stages.length === 1 ? 'The stage passed' : `All ${stages.length} stages passed`
}

function positionOf(journal: Journal): string {
  const last = journal.stages.at(-1)
  if (last !== undefined) return `after stage ${last.name}`
  return journal.planned === null ? 'before it was prepared' : 'before its first stage'
}

function verdictOf(conclusion: Conclusion, reason: EndReason, title: string, exitCode: number): Verdict {
  return { conclusion, reason, title, exitCode }
}
