import type { Entry, StopReason, TeardownReport } from './journal.ts'
import { stageKey, teardownKey } from './phaseKeys.ts'
import type { RunRow } from './ports.ts'
import { CRASHES, type EndReason, type Outcome, type Verdict } from './run.ts'

/** How a run, or a part of it, ended: OpenTelemetry's words for pipelines. `error` = by the harness, not by what was tested. */
export const RESULTS = ['success', 'failure', 'error', 'cancellation', 'timeout'] as const
export type Result = (typeof RESULTS)[number]

/** A part of a run's way. `process` = one that conducted it. */
export interface Phase {
  readonly kind: 'queue' | 'lock' | 'launch' | 'process' | 'checkout' | 'stage' | 'kept' | 'teardown'
  /** Names it within its run, for ever: whoever looks again finds the same. */
  readonly key: string
  /** The key of the part that it is in; null = of the run itself. */
  readonly within: string | null
  readonly name: string
  /** Wall clock, milliseconds. */
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly result: Result
  /** Of a stage's command; null = it has none. */
  readonly exitCode?: number | null
  /** What a teardown could prove. */
  readonly report?: TeardownReport
}

type Timed = Pick<RunRow, 'enqueuedAtMs' | 'startedAtMs' | 'concludedAtMs' | 'verdict'>

/**
 * The parts of a run that is over, from its record and its journal's lines.
 * @param lockFreeAtMs when others had given up its names; null = nobody had them
 */
export function phasesOf(
  row: Timed,
  entries: readonly Entry[],
  lockFreeAtMs: number | null,
): readonly Phase[] {
  return [...queued(row, lockFreeAtMs), ...launched(row, entries), ...journalled(entries)]
}

/** Ends that say nothing about what was tested. */
const ERRORS: ReadonlySet<EndReason> = new Set([...CRASHES, 'domain_dirty'])

export function resultOf({ conclusion, reason }: Pick<Verdict, 'conclusion' | 'reason'>): Result {
  if (conclusion === 'success') return 'success'
  if (conclusion === 'cancelled') return 'cancellation'
  if (conclusion === 'timed_out') return 'timeout'
  return ERRORS.has(reason) ? 'error' : 'failure'
}

function queued(
  { enqueuedAtMs, startedAtMs, concludedAtMs, verdict }: Timed,
  lockFreeAtMs: number | null,
): readonly Phase[] {
  const endedAtMs = Math.max(enqueuedAtMs, startedAtMs ?? concludedAtMs ?? enqueuedAtMs)
  const result = startedAtMs !== null || verdict === null ? 'success' : resultOf(verdict)
  const times = { startedAtMs: enqueuedAtMs, endedAtMs, result }
  const queue: Phase = { kind: 'queue', key: 'queue', within: null, name: 'queue', ...times }
  if (lockFreeAtMs === null) return [queue]
  const freeAtMs = Math.min(endedAtMs, lockFreeAtMs)
  return [queue, { ...queue, kind: 'lock', key: 'lock', within: 'queue', name: 'lock', endedAtMs: freeAtMs }]
}

/** From the claim, which comes with the locks, to the first line of its own process. */
function launched({ startedAtMs, concludedAtMs }: Timed, entries: readonly Entry[]): readonly Phase[] {
  if (startedAtMs === null) return []
  const first = entries.find(({ event }) => event === 'process.started')
  const endedAtMs = Math.max(startedAtMs, first?.at ?? concludedAtMs ?? startedAtMs)
  const result = first === undefined ? 'error' : 'success'
  return [{ kind: 'launch', key: 'launch', within: null, name: 'launch', startedAtMs, endedAtMs, result }]
}

type Open = Omit<Phase, 'endedAtMs' | 'result' | 'exitCode' | 'report'>

/** What is known of a journal up to a line of it. */
interface Reading {
  readonly done: readonly Phase[]
  readonly process: Open | null
  /** What that process was at. */
  readonly part: Open | null
  readonly processes: number
  readonly teardowns: number
  readonly stop: StopReason | null
  readonly last: Entry | null
}

const NOTHING: Reading = {
  done: [],
  process: null,
  part: null,
  processes: 0,
  teardowns: 0,
  stop: null,
  last: null,
}

function journalled(entries: readonly Entry[]): readonly Phase[] {
  const read = entries.reduce((before, entry) => ({ ...afterEntry(before, entry), last: entry }), NOTHING)
  return processOver(read).done
}

function afterEntry(read: Reading, entry: Entry): Reading {
  switch (entry.event) {
    case 'process.started':
      return processBegun(processOver(read), entry.at)
    case 'prepared':
      return partOver(read, entry.at, entry.fault === null ? 'success' : resultOfStop(read.stop))
    case 'stage.started':
      return { ...read, part: part(read, 'stage', stageKey(entry.name), entry.name, entry.at) }
    case 'stage.ended':
      return partOver(read, entry.at, RESULT_OF[entry.outcome], { exitCode: entry.exitCode })
    case 'kept':
      return { ...read, part: part(read, 'kept', 'kept', 'kept', entry.at) }
    case 'teardown.started':
      return teardownBegun(
        partOver(read, entry.at, read.part?.kind === 'kept' ? 'success' : 'error'),
        entry.at,
      )
    case 'teardown.ended':
    case 'cleaned':
      return partOver(read, entry.at, resultOfTeardown(entry.report), { report: entry.report })
    case 'stop.requested':
      return { ...read, stop: read.stop ?? entry.stop.reason }
    case 'concluded':
      return read
  }
}

function processBegun(read: Reading, at: number): Reading {
  const processes = read.processes + 1
  const name = processes === 1 ? 'run process' : 'recovery'
  const process: Open = { kind: 'process', key: `process:${processes}`, within: null, name, startedAtMs: at }
  const begun = { ...read, processes, process }
  return processes > 1 ? begun : { ...begun, part: part(begun, 'checkout', 'checkout', 'checkout', at) }
}

/** One that ends in order has said last that the run is concluded, or clean; any other died, at its last line or later. */
function processOver(read: Reading): Reading {
  const { process, last } = partOver(read, read.last?.at ?? 0, 'error')
  if (process === null || last === null) return read
  const inOrder = last.event === 'concluded' || last.event === 'cleaned'
  const over = ended(process, last.at, inOrder ? 'success' : 'error')
  return { ...read, done: [...partOver(read, last.at, 'error').done, over], process: null, part: null }
}

function teardownBegun(read: Reading, at: number): Reading {
  const teardowns = read.teardowns + 1
  return { ...read, teardowns, part: part(read, 'teardown', teardownKey(teardowns), 'teardown', at) }
}

function part({ process }: Reading, kind: Phase['kind'], key: string, name: string, at: number): Open {
  return { kind, key, within: process?.key ?? null, name, startedAtMs: at }
}

function partOver(
  read: Reading,
  at: number,
  result: Result,
  facts: Pick<Phase, 'exitCode' | 'report'> = {},
): Reading {
  if (read.part === null) return read
  return { ...read, part: null, done: [...read.done, { ...ended(read.part, at, result), ...facts }] }
}

/** A clock that was set back makes nothing end before it began. */
function ended(open: Open, at: number, result: Result): Phase {
  return { ...open, endedAtMs: Math.max(open.startedAtMs, at), result }
}

const RESULT_OF: Readonly<Record<Outcome, Result>> = {
  success: 'success',
  failure: 'failure',
  timed_out: 'timeout',
  cancelled: 'cancellation',
  fault: 'error',
}

const BY_THE_HARNESS: ReadonlySet<StopReason> = new Set(['abandoned', 'fault', 'lock_lost'])

/** What cut a checkout off; nothing did = it failed. */
function resultOfStop(reason: StopReason | null): Result {
  if (reason === null || BY_THE_HARNESS.has(reason)) return 'error'
  return reason === 'deadline' ? 'timeout' : 'cancellation'
}

function resultOfTeardown({ verified, timedOut }: TeardownReport): Result {
  if (verified) return 'success'
  return timedOut === true ? 'timeout' : 'failure'
}
