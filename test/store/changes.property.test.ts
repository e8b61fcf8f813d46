import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  nat,
  oneof,
  record,
} from 'fast-check'
import { expect, test } from 'vitest'
import type { Changed, RunChange, Store } from '../../src/model/ports.ts'
import type { NewReport } from '../../src/model/report.ts'
import { isOver, RUN_STATES, type RunState, type Verdict } from '../../src/model/run.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { expectLegal, STEPS, watchHistory } from './history.ts'
import { aCheck, aDecision, aDelivery, aRun, PASSED } from './samples.ts'

const RUNS = ['r1', 'r2'] as const
const CONNECTIONS = 3
const LENGTH = 40
/** The same histories each time; a failure names its own, shrunk. */
const SEED = 20_261_128
const HISTORIES = 30

interface Change {
  readonly kind: 'change'
  /** `now` = as it is at that moment. */
  readonly from: RunState | 'now'
  /** Null = only something else of it. */
  readonly to: RunState | null
  readonly ends: Ends
}

/** What comes with a change: all that an end needs, or not quite; `spoilt` = a report that the store refuses. */
type Ends = 'whole' | 'without a verdict' | 'without an end report' | 'spoilt'

type Deed = { readonly kind: 'queue' | 'stop' | 'forget' | 'tell GitHub' } | Change

interface Happening {
  readonly run: (typeof RUNS)[number]
  /** Who does it, and who looks at what came of it. */
  readonly by: number
  readonly seenBy: number
  readonly deed: Deed
}

const states = constantFrom(...RUN_STATES)
const change: Arbitrary<Deed> = record({
  kind: constant('change' as const),
  from: oneof({ weight: 3, arbitrary: constant('now' as const) }, { weight: 1, arbitrary: states }),
  to: oneof({ weight: 5, arbitrary: states }, { weight: 1, arbitrary: constant(null) }),
  ends: oneof(
    { weight: 5, arbitrary: constant('whole' as const) },
    {
      weight: 1,
      arbitrary: constantFrom(
        'without a verdict' as const,
        'without an end report' as const,
        'spoilt' as const,
      ),
    },
  ),
})
const others: Arbitrary<Deed> = record({
  kind: constantFrom(
    'queue' as const,
    'queue' as const,
    'stop' as const,
    'forget' as const,
    'tell GitHub' as const,
  ),
})
const happenings: Arbitrary<readonly Happening[]> = array(
  record({
    run: constantFrom(...RUNS),
    by: nat(CONNECTIONS - 1),
    seenBy: nat(CONNECTIONS - 1),
    deed: oneof({ weight: 3, arbitrary: change }, { weight: 1, arbitrary: others }),
  }),
  { minLength: 1, maxLength: LENGTH, size: 'max' },
)

test('R-QUE-03 R-QUE-04 R-QUE-07 R-QUE-01 whatever several connections do to the same runs in whatever order, the file has seen legal steps only, each with its attempt and its report', async () => {
  let steps = 0
  await assert(
    asyncProperty(happenings, async (history) => {
      await using bed = await open()
      for (const happening of history) await bed.play(happening)
      const writes = bed.writes()
      expectLegal(writes)
      steps += writes.filter(({ was, now }) => was !== now).length
    }),
    { seed: SEED, numRuns: HISTORIES },
  )
  expect(steps, 'histories in which nothing happens show nothing').toBeGreaterThan(HISTORIES)
})

test('R-QUE-03 R-QUE-04 R-QUE-07 of processes that change the same runs at the same time, each step is won by one of them, and the file has seen no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-race-'))
  const file = join(folder, 'berth.db')
  try {
    const store = await openStore(file)
    await store.addDelivery(aDelivery('d1'))
    await store.decide(
      aDecision('d1', { runs: RUNS.map((id) => aRun(id)), reports: RUNS.map((id) => aCheck(id, 0)) }),
    )
    await store.close()
    using history = watchHistory(file)
    const won = await race(file)
    const writes = history.writes()
    expectLegal(writes)
    const stepped = writes
      .filter(({ was, now }) => was !== now)
      .map(({ run, was, now }) => `${run}: ${was} > ${now}`)
    expect(won.flat().toSorted()).toEqual(stepped.toSorted())
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const RACERS = 3

/** Begins when it is told to, says when it has lost to others five times, and goes on until it is told to end. What it tries it may have read long ago. */
const RACER = `
  const [, file, seed, store, random] = process.argv
  const { openStore } = await import(store)
  const { randomOf } = await import(random)
  const [records, below] = [await openStore(file), randomOf(Number(seed))]
  const [read, won] = [{ r1: 'queued', r2: 'queued' }, []]
  let [lost, ends] = [0, false]
  process.stdin.on('end', () => (ends = true))
  console.log('ready')
  await new Promise((resolve) => process.stdin.once('data', resolve))
  for (let n = 0; !ends; n += 1) {
    const id = ['r1', 'r2'][below(2)]
    const from = below(2) === 0 ? (await records.run(id)).state : read[id]
    const to = ['starting', 'queued'][below(2)]
    const report = { key: 'check:' + id + ':' + seed + ':' + n, kind: 'check', runId: id, repository: 'acme/site', installationId: 7, pr: 12,
                     commentId: null, body: '{}', terminal: false }
    const { kind } = await records.change(id, from, { state: to }, [report])
    if (kind === 'changed') read[id] = to
    else if (++lost === 5) console.log('met')
    if (kind === 'changed' && from !== to) won.push(id + ': ' + from + ' > ' + to)
    // SQLite's writers stand in no line: without a pause one of them can wait for seconds.
    await new Promise((resolve) => setTimeout(resolve, below(3)))
  }
  await records.close()
  console.log(JSON.stringify(won))`

async function race(file: string): Promise<readonly (readonly string[])[]> {
  const modules = ['../../src/store/sqlite.ts', '../model/randomOf.ts'].map(
    (path) => new URL(path, import.meta.url).href,
  )
  const racers = Array.from({ length: RACERS }, (_, seed) => {
    const words = ['--input-type=module', '-e', RACER, file, String(seed), ...modules]
    const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    return { stdin: child.stdin, next: async () => String((await lines.next()).value) }
  })
  for (const { next } of racers) expect(await next()).toBe('ready')
  for (const { stdin } of racers) stdin.write('go')
  for (const { next } of racers) expect(await next()).toBe('met')
  for (const { stdin } of racers) stdin.end()
  return Promise.all(racers.map(async ({ next }) => JSON.parse(await next())))
}

/** What the records must say of a run. */
interface Known {
  readonly state: RunState
  readonly attempts: number
  readonly verdict: Verdict | null
  readonly stopped: boolean
  readonly checks: number
  /** GitHub is still to be told something. */
  readonly owes: boolean
}

async function open() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-changes-'))
  const stores: Store[] = []
  for (let n = 0; n < CONNECTIONS; n += 1) stores.push(await openStore(join(folder, 'berth.db'), () => 1_000))
  const history = watchHistory(join(folder, 'berth.db'))
  const known = new Map<string, Known>()
  let count = 0

  async function play({ run, by, seenBy, deed }: Happening): Promise<void> {
    count += 1
    const [store, seer] = [stores[by], stores[seenBy]]
    if (store === undefined || seer === undefined) throw new Error('no such connection')
    const before = known.get(run) ?? null
    const after = await act(store, run, before, deed, count)
    if (after === null) known.delete(run)
    else known.set(run, after)
    for (const id of RUNS) expect(await seen(seer, id)).toEqual(told(known.get(id)))
  }

  return {
    play,
    writes: history.writes,
    async [Symbol.asyncDispose]() {
      history[Symbol.dispose]()
      for (const store of stores) await store.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function seen(store: Store, id: string) {
  const row = await store.run(id)
  if (row === null) return null
  const { state, attempts, verdict, stop, reports } = row
  return { state, attempts, verdict, stopped: stop !== null, checks: reports }
}

function told(known: Known | undefined) {
  if (known === undefined) return null
  const { state, attempts, verdict, stopped, checks } = known
  return { state, attempts, verdict, stopped, checks }
}

/** Does it, holds the answer against what is known, and returns what is known then. */
async function act(
  store: Store,
  id: string,
  before: Known | null,
  deed: Deed,
  n: number,
): Promise<Known | null> {
  switch (deed.kind) {
    case 'queue':
      return queue(store, id, before, n)
    case 'stop': {
      const answer = await store.requestStop(id, { reason: 'cancelled', by: 'octocat', atMs: n })
      if (before === null) return expectAnswer(answer, 'unknown', before)
      if (isOver(before.state)) return expectAnswer(answer, 'over', before)
      return expectAnswer(answer, before.stopped ? 'already' : 'noted', { ...before, stopped: true })
    }
    case 'forget': {
      const goes = before !== null && isOver(before.state) && !before.owes
      return expectAnswer(await store.forgetRuns([id]), goes ? 1 : 0, goes ? null : before)
    }
    case 'tell GitHub': {
      for (const { seq, runId } of await store.dueReports(Number.MAX_SAFE_INTEGER, 100))
        if (runId === id) await store.reportSent(seq, n, null)
      const stillOwes = (await store.dueReports(Number.MAX_SAFE_INTEGER, 100)).some(
        ({ runId }) => runId === id,
      )
      return before === null ? null : { ...before, owes: stillOwes }
    }
    case 'change':
      return alter(store, id, before, deed, n)
  }
}

function expectAnswer<T>(answer: unknown, wanted: unknown, then: T): T {
  expect(answer).toEqual(wanted)
  return then
}

/** Under a new delivery each time: what is there already is refused as a whole. */
async function queue(store: Store, id: string, before: Known | null, n: number): Promise<Known> {
  await store.addDelivery(aDelivery(`d${n}`))
  const decided = store.decide(aDecision(`d${n}`, { runs: [aRun(id)], reports: [aCheck(id, n)] }))
  if (before !== null) {
    await expect(decided).rejects.toThrow()
    return before
  }
  expect(await decided).toBe(true)
  return { state: 'queued', attempts: 0, verdict: null, stopped: false, checks: 1, owes: true }
}

async function alter(
  store: Store,
  id: string,
  before: Known | null,
  deed: Change,
  n: number,
): Promise<Known | null> {
  const from = deed.from === 'now' ? (before?.state ?? 'queued') : deed.from
  const to = deed.to ?? from
  const { wish, reports } = wishOf(id, deed, n)
  const answer = store.change(id, from, wish, reports).catch((error: unknown) => error)
  const wins = before !== null && before.state === from && !isOver(from)
  if (isRefused(from, to, deed.ends)) return expectAnswer(await answer, expect.any(Error), before)
  if (!wins) return expectAnswer(await answer, lostTo(before, to), before)
  if (deed.ends === 'spoilt') return expectAnswer(await answer, expect.any(Error), before)
  return expectAnswer(
    await answer,
    { kind: 'changed' },
    {
      ...before,
      state: to,
      attempts: before.attempts + Number(to === 'starting' && from !== 'starting'),
      verdict: before.verdict ?? (isOver(to) ? (wish.verdict ?? null) : null),
      checks: before.checks + reports.length,
      owes: before.owes || reports.length > 0,
    },
  )
}

function isRefused(from: RunState, to: RunState, ends: Ends): boolean {
  if (from === to) return false
  return !STEPS.has(`${from} > ${to}`) || (isOver(to) && ends.startsWith('without'))
}

function lostTo(before: Known | null, to: RunState): Changed {
  const state = before?.state ?? null
  return state === to ? { kind: 'already' } : { kind: 'conflict', state }
}

function wishOf(
  id: string,
  { to, ends }: Change,
  n: number,
): { readonly wish: RunChange; readonly reports: readonly NewReport[] } {
  const over = to !== null && isOver(to)
  const verdict = { ...PASSED, title: `verdict ${n}` }
  const check = aCheck(id, n, { terminal: over && ends !== 'without an end report' })
  return {
    wish: {
      ...(to === null ? { waitsFor: `wait ${n}` } : { state: to }),
      ...(over && ends !== 'without a verdict' ? { verdict, concludedAtMs: n } : {}),
    },
    reports: ends === 'spoilt' ? [check, { ...check, body: '{"another":"body"}' }] : [check],
  }
}
