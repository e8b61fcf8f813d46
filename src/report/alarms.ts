import type { Alarm } from '../model/alarm.ts'
import { LONGEST_WAIT_MS } from '../model/clock.ts'
import type { Store } from '../model/ports.ts'
import { withDeadline } from './deadline.ts'
import { faultText } from './faults.ts'
import type { Time } from './time.ts'

/** What became of an alarm, or of the loop itself. Times are milliseconds. */
export type AlarmNote =
  | { readonly event: 'alarm.sent'; readonly alarm: Alarm; readonly attempts: number }
  | {
      readonly event: 'alarm.put_off'
      readonly alarm: Alarm
      readonly attempts: number
      readonly error: string
      readonly untilMs: number
    }
  | {
      readonly event: 'alarm.given_up'
      readonly alarm: Alarm
      readonly attempts: number
      readonly error: string
    }
  | { readonly event: 'alarms.fault'; readonly error: string }

/** The receiver's answer. */
export interface Answer {
  readonly status: number
  /** `retry-after`, in milliseconds from now; 0 = it does not say. */
  readonly waitMs: number
}

/** Makes one request; throws without an answer. Whatever it throws names no credentials. */
export type Post = (alarm: Pick<Alarm, 'id' | 'body'>, signal: AbortSignal) => Promise<Answer>

export interface AlarmParts {
  readonly store: Pick<Store, 'dueAlarms' | 'nextAlarmAtMs' | 'beginAlarm' | 'alarmPutOff' | 'alarmEnded'>
  /** Asked for each alarm; null = there is nowhere to send it now. */
  readonly post: () => Post | null
  readonly time: Time
  readonly note: (note: AlarmNote) => void
}

export interface Alarms extends AsyncDisposable {
  /** An alarm was raised. */
  wake(): void
  /** Why its last look failed; null = it did not. */
  fault(): string | null
}

const MOST_LOOKED_AT = 16
const IDLE_MS = 5_000
const CALL_MS = 10_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000
const MOST_AGE_MS = 24 * 3_600_000
/** One that lay there for days, since no service ran, is not given up at the first try. */
const LEAST_PATIENCE_MS = 3_600_000

/**
 * Sends the stored alarms to their receiver until it is closed: at least once each, the same bytes with the same id, one after the other. What
 * is no success is tried again, ever later, for a day: a person may mend the address or the receiver meanwhile.
 */
export function startAlarms(parts: AlarmParts): Alarms {
  const { store, time, note } = parts
  const closing = new AbortController()
  /** What waited while nothing was sent has hardly been tried: patience begins when that is over. */
  let beganMs = time.upMs()
  let nap = new AbortController()
  let fault: string | null = null
  const ended = loop()

  async function loop(): Promise<void> {
    while (!closing.signal.aborted) {
      nap = new AbortController()
      const nextAtMs = await look().catch(isFailing)
      if (!closing.signal.aborted) await time.sleepUntil(nextAtMs, nap.signal)
    }
  }

  async function look(): Promise<number> {
    const nowMs = time.now()
    if (parts.post() === null) {
      beganMs = time.upMs()
      return nowMs + IDLE_MS
    }
    for (const alarm of await store.dueAlarms(nowMs, MOST_LOOKED_AT)) {
      const post = parts.post()
      if (closing.signal.aborted || post === null) break
      await send(alarm, { ...parts, post }, beganMs, closing.signal)
    }
    fault = null
    return Math.min((await store.nextAlarmAtMs(nowMs)) ?? Infinity, nowMs + IDLE_MS)
  }

  function isFailing(error: unknown): number {
    fault = `alarms fail: ${faultText(error)}`
    note({ event: 'alarms.fault', error: faultText(error) })
    return time.now() + IDLE_MS
  }

  return {
    wake: () => nap.abort(),
    fault: () => fault,
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('The service is being closed'))
      nap.abort()
      await ended
    },
  }
}

/** One attempt, counted before it is made. One that is cut is left as it is: it is due again by itself. */
async function send(
  alarm: Alarm,
  { store, post, time, note }: Omit<AlarmParts, 'post'> & { readonly post: Post },
  beganMs: number,
  cut: AbortSignal,
): Promise<void> {
  const attempts = await store.beginAlarm(alarm.seq, time.now() + CALL_MS)
  const outcome = await withDeadline(time, CALL_MS, `alarm ${alarm.id}`, cut, (signal) =>
    post(alarm, signal),
  ).then(failureOf, (error: unknown) => ({ error: faultText(error), waitMs: 0 }))
  const nowMs = time.now()
  if (outcome === null) {
    await store.alarmEnded(alarm.seq, null, nowMs)
    return note({ event: 'alarm.sent', alarm, attempts })
  }
  if (cut.aborted) return
  const { error, waitMs } = outcome
  if (nowMs - alarm.createdAtMs >= MOST_AGE_MS && time.upMs() - beganMs >= LEAST_PATIENCE_MS) {
    await store.alarmEnded(alarm.seq, error, nowMs)
    return note({ event: 'alarm.given_up', alarm, attempts, error })
  }
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), LONGEST_PAUSE_MS)
  const untilMs = nowMs + Math.max(pauseMs, Math.min(waitMs, LONGEST_WAIT_MS))
  await store.alarmPutOff(alarm.seq, error, untilMs)
  note({ event: 'alarm.put_off', alarm, attempts, error, untilMs })
}

/** Null = it has arrived. A redirection has not: it may lead anywhere, and is not followed. */
function failureOf({ status, waitMs }: Answer): { readonly error: string; readonly waitMs: number } | null {
  return status >= 200 && status < 300 ? null : { error: `HTTP ${status}`, waitMs }
}
