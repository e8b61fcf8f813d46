import type { NewAlarm } from '../model/alarm.ts'
import type { Report, ReportTry } from '../model/report.ts'
import { deliver } from './deliver.ts'
import { type Fault, faultOf } from './faults.ts'
import type { GitHubWriter, OutboxStore } from './ports.ts'
import type { Time } from './time.ts'

/** What became of a report, or of the outbox itself. Times are milliseconds. */
export type OutboxNote =
  | {
      readonly event: 'report.sent'
      readonly report: Report
      readonly attempts: number
      readonly ageMs: number
    }
  | {
      readonly event: 'report.put_off'
      readonly report: Report
      readonly attempts: number
      readonly error: string
      readonly untilMs: number
    }
  | {
      readonly event: 'report.failed'
      readonly report: Report
      readonly attempts: number
      readonly error: string
    }
  | { readonly event: 'outbox.limited'; readonly installationId: number; readonly untilMs: number }
  | { readonly event: 'outbox.fault'; readonly error: string }

export interface SendParts {
  readonly store: OutboxStore
  readonly github: GitHubWriter
  readonly time: Time
  readonly note: (note: OutboxNote) => void
  /** When this outbox began, by `upMs`. */
  readonly beganMs: number
  /** What the operator is told when a report is given up; null = nothing. */
  readonly alarm?: (report: Report, error: string, atMs: number) => NewAlarm | null
}

/**
 * GitHub ends every request within 10 s: so long, one whose answer was lost may still take effect. Until then nothing
 * more is said about the same thing, else a second check run could appear, or an older state come after a newer one.
 */
export const SETTLE_MS = 10_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000
const MOST_ATTEMPTS = 300
const MOST_AGE_MS = 24 * 3_600_000
/** A service that was away for days does not give up what it has hardly tried. */
const LEAST_PATIENCE_MS = 3_600_000

/** One attempt at one report: counted before it is made, and what became of it stored after. An attempt that is cut is left as it is. */
export async function send(report: Report, parts: SendParts, cut: AbortSignal): Promise<void> {
  const { store, github, time } = parts
  const attempt = await store.beginReport(report.seq, time.now() + SETTLE_MS)
  if (attempt === null) return
  const outcome = await deliver(report, attempt, github, cut).then(arrived, refused)
  if (!('id' in outcome)) return cut.aborted ? undefined : settle(report, attempt, outcome.fault, parts)
  await store.reportSent(report.seq, time.now(), outcome.id)
  const ageMs = time.now() - report.createdAtMs
  parts.note({ event: 'report.sent', report, attempts: attempt.attempts, ageMs })

  function refused(error: unknown): { readonly fault: Fault } {
    return { fault: faultOf(error, time.now(), attempt?.attempts ?? 1) }
  }
}

function arrived(id: number | null) {
  return { id }
}

async function settle(
  report: Report,
  { attempts }: ReportTry,
  fault: Fault,
  { store, time, note, beganMs, alarm = () => null }: SendParts,
): Promise<void> {
  const nowMs = time.now()
  const { text: error } = fault
  if (fault.kind === 'permanent' || isExhausted(report, attempts, fault, nowMs, time.upMs() - beganMs)) {
    const isFailed = await store.reportFailed(report.seq, error, nowMs, alarm(report, error, nowMs))
    if (isFailed) note({ event: 'report.failed', report, attempts, error })
    return
  }
  const untilMs = nextTryAt(report, attempts, fault, nowMs)
  if (fault.kind === 'limited') {
    await store.noteLimit(report.installationId, untilMs)
    note({ event: 'outbox.limited', installationId: report.installationId, untilMs })
  }
  await store.reportPutOff(report.seq, error, untilMs)
  note({ event: 'report.put_off', report, attempts, error, untilMs })
}

/**
 * Whoever asks for it once more starts its day anew; its attempts are in the past. Who is asked to wait has not been refused: that says nothing of
 * the report.
 */
function isExhausted(
  { createdAtMs, againAtMs }: Report,
  attempts: number,
  fault: Fault,
  nowMs: number,
  upForMs: number,
): boolean {
  if (fault.kind === 'limited') return false
  if (againAtMs === 0 && attempts >= MOST_ATTEMPTS) return true
  const sinceMs = againAtMs > 0 ? againAtMs : createdAtMs
  return nowMs - sinceMs >= MOST_AGE_MS && upForMs >= LEAST_PATIENCE_MS
}

/**
 * Doubling pauses, GitHub's own word, and the time in which a lost request may still arrive, counted from the end of the call: a token and a
 * search may come long before the write. Reactions may arrive: a second one changes nothing.
 */
function nextTryAt(
  report: Report,
  attempts: number,
  fault: Exclude<Fault, { readonly kind: 'permanent' }>,
  nowMs: number,
): number {
  if (fault.kind === 'limited') return fault.untilMs
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
  const settledAtMs = fault.mayHaveArrived && report.kind !== 'reaction' ? nowMs + SETTLE_MS : 0
  return Math.max(nowMs + pauseMs, fault.notBeforeMs, settledAtMs)
}
