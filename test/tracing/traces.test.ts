import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { EventLog } from '../../src/model/events.ts'
import type { RunTrace } from '../../src/tracing/spans.ts'
import { type TraceOutcome, tracesTo } from '../../src/tracing/traces.ts'
import { handClock } from '../report/handClock.ts'

const START_MS = 1_000_000

class Refused extends Error {}

/** A collector as a function, and all that was asked of it, told and counted. */
function world() {
  const clock = handClock(START_MS)
  const asked: string[] = []
  const log: string[] = []
  const counts: Record<TraceOutcome, number> = { sent: 0, put_off: 0, refused: 0, dropped: 0 }
  const waiters: { readonly many: number; readonly seen: () => void }[] = []
  const collector = { answer: (): Promise<void> => Promise.resolve() }
  const note: EventLog['info'] = (data, event) =>
    void log.push(
      `${event}${'dropped' in data ? ` ${data.dropped}` : ''}${'error' in data ? ` ${data.error}` : ''}`,
    )
  const traces = tracesTo({
    async trace(run, told) {
      if (run === 'unreadable') throw new Error('the record cannot be read')
      if (run === 'forgotten') return null
      return { resource: { 'cicd.pipeline.run.id': told === null ? run : `${run} told` }, spans: [] }
    },
    async export({ resource }: RunTrace) {
      asked.push(String(resource['cicd.pipeline.run.id']))
      for (const { many, seen } of waiters) if (asked.length >= many) seen()
      await collector.answer()
    },
    isRefusal: (error) => error instanceof Refused,
    count(outcome) {
      counts[outcome] += 1
    },
    time: clock,
    log: { info: note, warn: note, error: note },
  })
  return {
    clock,
    asked,
    log,
    counts,
    collector,
    traces,
    ends: (run: string) => traces.observe('run.concluded', { run }),
    /** Resolves when the collector has been asked so often. */
    askedFor: (many: number) =>
      new Promise<void>((seen) => (asked.length >= many ? seen() : waiters.push({ many, seen }))),
  }
}

const gone = () => Promise.reject(new Error('ECONNREFUSED'))

describe('what is told to a collector', () => {
  test('R-OBS-02 each run when it is over, and that GitHub has been told of its end; nothing else', async () => {
    const { traces, asked, counts, log, askedFor } = world()
    traces.observe('run.concluded', { run: 'a' })
    traces.observe('run.running', { run: 'b' })
    traces.observe('report.sent', { run: 'b', kind: 'check', terminal: false, attempts: 1, ageMs: 5 })
    traces.observe('report.sent', { kind: 'reaction', terminal: false, attempts: 1, ageMs: 5 })
    traces.observe('report.sent', { run: 'a', kind: 'check', terminal: true, attempts: 1, ageMs: 5 })
    traces.observe('report.failed', { run: 'c', kind: 'check', terminal: true, attempts: 9 })
    await askedFor(3)
    await traces[Symbol.asyncDispose]()
    expect(asked).toEqual(['a', 'a told', 'c told'])
    expect(counts).toMatchObject({ sent: 3 })
    expect(log).toEqual([])
  })

  test('R-OBS-02 a run whose record cannot be read, or is gone, keeps nobody behind it waiting', async () => {
    const { ends, asked, counts, log, askedFor } = world()
    for (const run of ['unreadable', 'forgotten', 'a']) ends(run)
    await askedFor(1)
    expect(asked).toEqual(['a'])
    expect(log).toEqual(['traces.fault the record cannot be read'])
    expect(counts).toMatchObject({ dropped: 2 })
  })
})

describe('a collector that fails', () => {
  test('R-OBS-02 is tried again ever later, and told of once; then all that waits arrives in order', async () => {
    const { ends, asked, counts, log, clock, collector, askedFor } = world()
    collector.answer = gone
    ends('a')
    for (const [index, restMs] of [1, 2, 4, 8, 15, 15, 15, 15].map((s) => s * 1000).entries()) {
      await askedFor(index + 1)
      await clock.nextSleeper(clock.now() + restMs)
      clock.advance(restMs)
    }
    await askedFor(9)
    ends('b')
    collector.answer = () => Promise.resolve()
    await clock.nextSleeper(clock.now() + 15_000)
    clock.advance(15_000)
    await askedFor(11)
    expect(asked).toEqual([...Array(10).fill('a'), 'b'])
    expect(log).toEqual(['traces.failing ECONNREFUSED', 'traces.recovered 0'])
    expect(counts).toMatchObject({ put_off: 9, dropped: 0 })
  })

  test('R-OBS-02 costs a bounded queue: of more the oldest are dropped, and counted', async () => {
    const { ends, asked, counts, log, clock, collector, askedFor } = world()
    collector.answer = gone
    ends('first')
    await askedFor(1)
    await clock.nextSleeper(START_MS + 1_000)
    for (let run = 0; run < 1_500; run += 1) ends(`run ${run}`)
    collector.answer = () => Promise.resolve()
    clock.advance(1_000)
    await askedFor(1_001)
    expect(asked.slice(1)).toEqual([
      'first',
      ...Array.from({ length: 999 }, (_, index) => `run ${index + 501}`),
    ])
    expect(counts).toMatchObject({ dropped: 501, put_off: 1 })
    expect(log).toEqual(['traces.failing ECONNREFUSED', 'traces.recovered 501'])
  })

  test('R-OBS-02 that refuses for good is not asked again for that, and is told of once until it takes one', async () => {
    const { ends, asked, counts, log, collector, askedFor } = world()
    collector.answer = () => Promise.reject(new Refused('HTTP 403'))
    for (const run of ['a', 'b']) ends(run)
    await askedFor(2)
    collector.answer = () => Promise.resolve()
    ends('c')
    await askedFor(3)
    expect(asked).toEqual(['a', 'b', 'c'])
    expect(log).toEqual(['traces.refused HTTP 403'])
    expect(counts).toMatchObject({ refused: 2, put_off: 0 })
  })
})

describe('the end of the service', () => {
  test('R-OBS-02 waits a second for a collector that hangs, and says what is lost', async () => {
    const { ends, traces, log, clock, collector, askedFor } = world()
    collector.answer = () => new Promise(() => undefined)
    for (const run of ['a', 'b']) ends(run)
    await askedFor(1)
    const sleeper = clock.nextSleeper(START_MS + 1_000)
    const ended = traces[Symbol.asyncDispose]()
    await sleeper
    expect(log).toEqual([])
    clock.advance(1_000)
    await ended
    expect(log).toEqual(['traces.lost 2'])
  })

  test('R-OBS-02 tries what waits once more, and takes nothing new', async () => {
    const { ends, traces, asked, log, clock, collector, askedFor } = world()
    collector.answer = gone
    ends('a')
    await askedFor(1)
    await clock.nextSleeper(START_MS + 1_000)
    collector.answer = () => Promise.resolve()
    await traces[Symbol.asyncDispose]()
    ends('b')
    await turn()
    expect(asked).toEqual(['a', 'a'])
    expect(log).toEqual(['traces.failing ECONNREFUSED', 'traces.recovered 0'])
  })
})
