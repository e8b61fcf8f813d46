import type { RunPage } from '../model/reply.ts'
import type { Report } from '../model/report.ts'
import { faultText } from './faults.ts'
import { type Flights, flightsIn } from './flights.ts'
import { type Pace, pacerOf } from './pace.ts'
import { refreshReplies, replyKey } from './replies.ts'
import { restingLanes } from './rests.ts'
import { SETTLE_MS, type SendParts, send } from './send.ts'

export interface OutboxParts extends Omit<SendParts, 'beganMs'> {
  /** How fast one installation is written to: GITHUB_PACE, unless the server has no such limits. */
  readonly pace: Pace
  /** For the runs that replies tell of. */
  readonly page: RunPage
  /** Starts nothing for now; what is on its way ends. */
  readonly isOff?: () => boolean
}

export interface Outbox extends AsyncDisposable {
  /** Something was stored that GitHub is to be told. */
  wake(): void
  /** Why its last look failed; null = it did not. */
  fault(): string | null
  /** Starts nothing more, lets what is on its way end, and cuts it after a grace. */
  close(): Promise<void>
}

const MOST_LOOKED_AT = 16
/** A look without a wake-up: another process may have written, the clock been set, the store have failed. */
const IDLE_MS = 5_000

/**
 * Sends what the store says GitHub is to be told, until it is closed: in order for each run, side by side for different ones. A
 * report that fails, whatever the way, stops no other. `note` hears of everything that happens, and must not throw.
 */
export function startOutbox(parts: OutboxParts): Outbox {
  const { time } = parts
  const closing = new AbortController()
  const flights = flightsIn(time, wake)
  const { look, restAfter } = looksAt(parts, flights, closing.signal)
  let nap = new AbortController()
  let fault: string | null = null
  const ended = loop()

  async function loop(): Promise<void> {
    await settled()
    while (!closing.signal.aborted) {
      nap = new AbortController()
      const nextAtMs = await look().then(isWell, isFailing)
      if (!closing.signal.aborted) await time.sleepUntil(nextAtMs, nap.signal)
    }
  }

  /** What a service before this one had on its way has left before now. */
  async function settled(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        return await parts.store.settleReports(time.now() + SETTLE_MS)
      } catch (error) {
        await time.sleepUntil(isFailing(error), closing.signal)
      }
    }
  }

  function isWell(nextAtMs: number): number {
    fault = null
    return nextAtMs
  }

  function isFailing(error: unknown): number {
    fault = `the outbox fails: ${faultText(error)}`
    return restAfter(error)
  }

  function wake(): void {
    nap.abort()
  }

  async function close(): Promise<void> {
    closing.abort()
    wake()
    await ended
    await flights.land()
  }

  return { wake, fault: () => fault, close, [Symbol.asyncDispose]: close }
}

/** Looks at what is due; `closing` = nothing more is started. */
function looksAt(parts: OutboxParts, flights: Flights, closing: AbortSignal) {
  const { store, time } = parts
  const mayWrite = pacerOf(parts.pace, store)
  const rests = restingLanes()
  /** What waited while nothing was sent has hardly been tried: patience begins when that is over. */
  let beganMs = time.upMs()

  /** Starts what can start; resolves to the time of the next look. Who has as much under way as one may is not looked at: others stand behind. */
  async function look(): Promise<number> {
    const nowMs = time.now()
    if (parts.isOff?.() === true) {
      beganMs = time.upMs()
      return nowMs + IDLE_MS
    }
    await refreshReplies(store, parts.page)
    let nextAtMs = nowMs + IDLE_MS
    // What is under way for long is due again by the store, and hides nothing of what stands behind it.
    const most = MOST_LOOKED_AT + flights.count()
    for (const report of await store.dueReports(nowMs, most, flights.full())) {
      const lane = laneOf(report)
      if (flights.isFull() || closing.aborted) break
      if (flights.has(lane) || flights.full().includes(report.installationId)) continue
      const restsUntilMs = rests.until(lane, report, nowMs)
      if (restsUntilMs > nowMs) nextAtMs = Math.min(nextAtMs, restsUntilMs)
      else if (await mayWrite(report.installationId, nowMs)) start(lane, report)
    }
    return Math.min((await store.nextReportAtMs(nowMs)) ?? Infinity, nextAtMs)
  }

  function start(lane: string, report: Report): void {
    rests.over(lane)
    flights.start(lane, report.installationId, (cut) => send(report, { ...parts, beganMs }, cut).catch(rest))
  }

  /** The lane of a report whose store fails stays taken for a while: else the same would be tried at once, for ever. */
  async function rest(error: unknown): Promise<void> {
    await time.sleepUntil(restAfter(error), closing)
  }

  function restAfter(error: unknown): number {
    parts.note({ event: 'outbox.fault', error: faultText(error) })
    return time.now() + IDLE_MS
  }

  return { look, restAfter }
}

/** What must stay in order: the reports of one run, and the forms of one reply. */
function laneOf({ runId, kind, commentId, key }: Report): string {
  return runId ?? (kind === 'reply' && commentId !== null ? replyKey(commentId) : key)
}
