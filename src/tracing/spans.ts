import type { Entry, Journal } from '../model/journal.ts'
import { type Phase, phasesOf, type Result, resultOf } from '../model/phases.ts'
import type { RunRow } from '../model/ports.ts'
import { stageLogName, TEARDOWN_LOG } from '../model/stageLog.ts'
import type { Attributes } from './attributes.ts'
import { ROOT, spanIdOf, traceIdOf } from './ids.ts'

/** A span as it is to be exported. Times are wall clock, milliseconds. */
export interface TraceSpan {
  readonly traceId: string
  readonly spanId: string
  /** Null = it is the root. */
  readonly parentId: string | null
  readonly name: string
  readonly kind: 'server' | 'internal' | 'client'
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly isError: boolean
  readonly attributes: Attributes
}

/** Spans of one run, and what is true of all of them. */
export interface RunTrace {
  readonly resource: Attributes
  readonly spans: readonly TraceSpan[]
}

/** All that a run has left behind. */
export interface RunRecord {
  readonly row: RunRow
  readonly entries: readonly Entry[]
  readonly stop: Journal['stop']
  readonly lockFreeAtMs: number | null
}

/** What the traces of all runs have in common. */
export interface TraceWorld {
  readonly instance: string
  readonly page: (run: string) => string
}

/** GitHub has been told of a run's end, or will not be. */
export interface Told {
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly attempts: number
  readonly isGivenUp: boolean
}

/** The whole way of a run that is over: its own span, and one for each part of it, inside the part that it belongs to. */
export function runTrace(record: RunRecord, world: TraceWorld): RunTrace {
  const { row, entries, lockFreeAtMs } = record
  const parts = phasesOf(row, entries, lockFreeAtMs).map((phase) => partSpan(row, phase, entries, world))
  return { resource: resourceOf(row, world), spans: [rootSpan(record), ...parts] }
}

/** That GitHub was told of the run's end: known later than the rest, and by itself. */
export function toldTrace(row: RunRow, told: Told, world: TraceWorld): RunTrace {
  const { startedAtMs, endedAtMs, attempts, isGivenUp } = told
  const span: TraceSpan = {
    ...idsOf(row.id, 'report', ROOT),
    name: 'report to GitHub',
    kind: 'client',
    startedAtMs,
    endedAtMs: Math.max(startedAtMs, endedAtMs),
    isError: isGivenUp,
    attributes: { 'berth.report.attempts': attempts, ...(isGivenUp ? { 'error.type': 'given_up' } : {}) },
  }
  return { resource: resourceOf(row, world), spans: [span] }
}

function rootSpan({ row, stop }: RunRecord): TraceSpan {
  const { id, recipe, enqueuedAtMs, concludedAtMs, verdict } = row
  const result = verdict === null ? 'error' : resultOf(verdict)
  const reason = verdict === null ? {} : { 'berth.end.reason': verdict.reason }
  const stopped = row.stop ?? stop
  return {
    ...idsOf(id, ROOT, null),
    name: `RUN ${recipe}`,
    kind: 'server',
    startedAtMs: enqueuedAtMs,
    endedAtMs: Math.max(enqueuedAtMs, concludedAtMs ?? enqueuedAtMs),
    isError: isError(result),
    attributes: {
      'cicd.pipeline.action.name': 'RUN',
      'cicd.pipeline.result': result,
      ...reason,
      ...(stopped === null ? {} : { 'berth.stop.reason': stopped.reason }),
      ...errorType(result, verdict?.reason ?? result),
    },
  }
}

function partSpan(row: RunRow, phase: Phase, entries: readonly Entry[], world: TraceWorld): TraceSpan {
  const { key, within, name, startedAtMs, endedAtMs, result } = phase
  return {
    ...idsOf(row.id, key, within ?? ROOT),
    name,
    kind: 'internal',
    startedAtMs,
    endedAtMs,
    isError: isError(result),
    attributes: {
      ...(isTask(phase) ? taskOf(row, phase, logOf(phase, entries), world) : {}),
      ...errorType(result, result),
      ...proofOf(phase),
    },
  }
}

function isTask({ kind }: Phase): boolean {
  return kind === 'checkout' || kind === 'stage' || kind === 'teardown'
}

function taskOf({ id }: RunRow, phase: Phase, log: string | null, { page }: TraceWorld): Attributes {
  const { key, name, result, exitCode = null } = phase
  return {
    'cicd.pipeline.task.name': name,
    'cicd.pipeline.task.run.id': `${id}/${key}`,
    'cicd.pipeline.task.run.result': result,
    'cicd.pipeline.task.run.url.full':
      log === null ? page(id) : `${page(id)}/logs/${encodeURIComponent(log)}`,
    ...(exitCode === null ? {} : { 'process.exit.code': exitCode }),
  }
}

/** Name of the part's log, as in the addresses of logs. */
function logOf({ kind, name }: Phase, entries: readonly Entry[]): string | null {
  if (kind === 'teardown') return TEARDOWN_LOG.replace(/\.log$/, '')
  if (kind !== 'stage') return null
  const begun = entries.filter((entry) => entry.event === 'stage.started')
  return stageLogName(
    begun.findIndex((entry) => entry.name === name),
    name,
  ).replace(/\.log$/, '')
}

function proofOf({ report }: Phase): Attributes {
  if (report === undefined) return {}
  return {
    'berth.teardown.verified': report.verified,
    'berth.teardown.ended': report.ended,
    'berth.teardown.proofs': report.ending?.proofs.map(({ kind }) => kind) ?? [],
    'berth.teardown.left': report.left.length,
  }
}

function resourceOf(row: RunRow, { instance, page }: TraceWorld): Attributes {
  const [owner = '', name = ''] = row.repository.split('/')
  return {
    'service.instance.id': instance,
    'cicd.pipeline.name': row.recipe,
    'cicd.pipeline.run.id': row.id,
    'cicd.pipeline.run.url.full': page(row.id),
    'cicd.worker.id': instance,
    'vcs.provider.name': 'github',
    'vcs.owner.name': owner,
    'vcs.repository.name': name,
    'vcs.repository.url.full': row.cloneUrl.replace(/\.git$/, ''),
    'vcs.change.id': String(row.pr),
    'vcs.ref.head.revision': row.sha,
    'berth.domain': row.domain,
  }
}

function idsOf(run: string, key: string, parent: string | null) {
  const parentId = parent === null ? null : spanIdOf(run, parent)
  return { traceId: traceIdOf(run), spanId: spanIdOf(run, key), parentId }
}

/** Who cancels has not met an error. */
function isError(result: Result): boolean {
  return result !== 'success' && result !== 'cancellation'
}

function errorType(result: Result, type: string): Attributes {
  return isError(result) ? { 'error.type': type } : {}
}
