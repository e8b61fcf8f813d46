import { messageOf } from '../errors.ts'
import type { EventLog } from '../model/events.ts'
import { type Fields, fieldsOf } from '../model/read.ts'
import type { Time } from '../report/time.ts'
import type { RunTrace, Told } from './spans.ts'

/** What came of an attempt at telling the collector. */
export const TRACE_OUTCOMES = ['sent', 'put_off', 'refused', 'dropped'] as const
export type TraceOutcome = (typeof TRACE_OUTCOMES)[number]

/** Something of a run that the collector is to be told; made when its turn comes. */
interface Item {
  readonly run: string
  /** Null = the run itself. */
  readonly told: Told | null
}

export interface TraceParts {
  /** Null = there is no record of the run any more. */
  readonly trace: (run: string, told: Told | null) => Promise<RunTrace | null>
  /** Rejects with a RefusedError where another attempt would change nothing. */
  readonly export: (trace: RunTrace) => Promise<void>
  readonly isRefusal: (error: unknown) => boolean
  readonly count: (outcome: TraceOutcome) => void
  readonly time: Pick<Time, 'now' | 'sleepUntil'>
  readonly log: EventLog
}

export interface Traces extends AsyncDisposable {
  /** Hears what the service logs; never throws, and keeps nobody waiting. */
  readonly observe: (event: string, data: object) => void
}

/** More than these do not wait: the oldest are dropped. */
const MOST_WAITING = 1_000
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 15_000
/** Of an ending service. */
const MOST_CLOSING_MS = 1_000

/** Tells the collector of each run that is over, one after the other. A collector that is gone, or hangs, costs what waits, and no more. */
export function tracesTo(parts: TraceParts): Traces {
  const { time } = parts
  const waiting: Item[] = []
  const closing = new AbortController()
  const failing = failuresOf(parts)
  let work: Promise<void> | null = null

  function add(item: Item): void {
    waiting.push(item)
    // The first one may be on its way.
    if (waiting.length > MOST_WAITING) failing.dropped(waiting.splice(1, 1).length)
    work ??= workOff().finally(() => {
      work = null
    })
  }

  async function workOff(): Promise<void> {
    for (let item = waiting[0]; item !== undefined; item = waiting[0]) {
      const restMs = await send(item, parts, failing)
      if (restMs === 0) waiting.shift()
      else if (closing.signal.aborted) return
      else await time.sleepUntil(time.now() + restMs, closing.signal)
    }
  }

  return {
    observe(event, data) {
      const item = itemOf(event, fieldsOf(data, event), time.now())
      if (item !== null && !closing.signal.aborted) add(item)
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      const enough = new AbortController()
      await Promise.race([work, time.sleepUntil(time.now() + MOST_CLOSING_MS, enough.signal)])
      enough.abort()
      if (waiting.length > 0) parts.log.warn({ dropped: waiting.length }, 'traces.lost')
    },
  }
}

/** Null = it is nothing that the collector is told of. */
function itemOf(event: string, data: Fields, nowMs: number): Item | null {
  const { run, kind, terminal, attempts, ageMs } = data
  if (typeof run !== 'string') return null
  if (event === 'run.concluded') return { run, told: null }
  const isEnd =
    (event === 'report.sent' || event === 'report.failed') && kind === 'check' && terminal === true
  if (!isEnd || typeof attempts !== 'number') return null
  const startedAtMs = typeof ageMs === 'number' ? nowMs - ageMs : nowMs
  return { run, told: { startedAtMs, endedAtMs: nowMs, attempts, isGivenUp: event === 'report.failed' } }
}

/** Resolves to how long the next attempt is to wait; 0 = there is none. */
async function send(item: Item, parts: TraceParts, failing: Failures): Promise<number> {
  const trace = await made(item, parts)
  if (trace === null) {
    failing.dropped(1)
    return 0
  }
  try {
    await parts.export(trace)
    failing.over()
    return 0
  } catch (error) {
    if (!parts.isRefusal(error)) return failing.failed(error)
    failing.refused(error)
    return 0
  }
}

/** A record that cannot be read would keep all behind it waiting. */
async function made({ run, told }: Item, { trace, log }: TraceParts): Promise<RunTrace | null> {
  try {
    return await trace(run, told)
  } catch (error) {
    log.warn({ run, error: messageOf(error) }, 'traces.fault')
    return null
  }
}

type Failures = ReturnType<typeof failuresOf>

/** A collector that is gone is told of once, and once more when it is back. */
function failuresOf({ log, count }: TraceParts) {
  let [failures, dropped, isRefused] = [0, 0, false]
  return {
    dropped(many: number): void {
      dropped += many
      for (let one = 0; one < many; one += 1) count('dropped')
    },
    over(): void {
      count('sent')
      if (failures > 0) log.info({ dropped }, 'traces.recovered')
      failures = 0
      dropped = 0
      isRefused = false
    },
    refused(error: unknown): void {
      count('refused')
      if (!isRefused) log.warn({ error: messageOf(error) }, 'traces.refused')
      isRefused = true
    },
    failed(error: unknown): number {
      count('put_off')
      if (failures === 0) log.warn({ error: messageOf(error) }, 'traces.failing')
      failures += 1
      return Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS)
    },
  }
}
