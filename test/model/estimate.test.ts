import { describe, expect, test } from 'vitest'
import {
  type Busy,
  endOf,
  MOST_FORESEEN,
  medianOf,
  startsOf,
  type Waiting,
} from '../../src/model/estimate.ts'
import { randomOf } from './randomOf.ts'

const NOW = 1_000
const NEVER = Number.POSITIVE_INFINITY

describe('when waiting runs start', () => {
  test.each<[string, readonly Busy[], readonly Waiting[], number, Record<string, number>]>([
    ['at once, where nothing is in the way', [], [run('a', ['x'], 10)], 1, { a: NOW }],
    ['when the holder ends', [busy(['x'], 1_500)], [run('a', ['x'], 10)], 2, { a: 1_500 }],
    [
      'one after the other on one name, side by side on two',
      [busy(['x'], 1_500)],
      [run('a', ['x'], 100), run('b', ['x'], 100), run('c', ['y'], 100)],
      9,
      { a: 1_500, b: 1_600, c: NOW },
    ],
    [
      'after the last of its names is free',
      [busy(['x'], 1_500), busy(['y'], 1_700)],
      [run('a', ['x', 'y'], 10)],
      9,
      { a: 1_700 },
    ],
    [
      'when a slot is free, though its names are',
      [busy(['x'], 1_500)],
      [run('a', ['y'], 10), run('b', ['z'], 10)],
      1,
      { a: 1_500, b: 1_510 },
    ],
    [
      'without a slot of ours for what others do',
      [busy(['x'], 1_500, false)],
      [run('a', ['y'], 10)],
      1,
      { a: NOW },
    ],
    [
      'a younger run on free names passes an older one',
      [busy(['x'], 1_500)],
      [run('a', ['x'], 10), run('b', ['y'], 10)],
      2,
      { a: 1_500, b: NOW },
    ],
    [
      'never said of who waits for what nobody knows',
      [busy(['x'], NEVER)],
      [run('a', ['x'], 10), run('b', ['x'], 10)],
      9,
      {},
    ],
    [
      'never said behind a run that nobody knows',
      [],
      [run('a', ['x'], NEVER), run('b', ['x'], 10)],
      9,
      { a: NOW },
    ],
    [
      'never said of one that is stuck, nor behind it',
      [],
      [run('a', ['x'], 10, true), run('b', ['x'], 10)],
      9,
      {},
    ],
    [
      'one that waited for its holder is not stuck',
      [busy(['x'], 1_500)],
      [run('a', ['x'], 10, true)],
      9,
      { a: 1_500 },
    ],
    ['no slot at all', [], [run('a', ['x'], 10)], 0, {}],
  ])('R-REP-01 %s', (_, busy, line, slots, starts) => {
    expect(Object.fromEntries(startsOf(busy, line, slots, NOW))).toEqual(starts)
  })

  test('R-REP-01 is what a slow look at every moment finds, in 300 random queues', () => {
    const random = randomOf(7)
    for (let round = 0; round < 300; round += 1) {
      const { held, line, slots } = randomQueue(random)
      expect(startsOf(held, line, slots, NOW), `round ${round}`).toEqual(slowly(held, line, slots))
    }
  })

  test('R-REP-01 of thousands those at the front are looked at, in little time', () => {
    const line = Array.from({ length: 20_000 }, (_, index) =>
      run(`r${index}`, [`n${index % 5_000}`, 'r:gpu'], 1_000),
    )
    const beganMs = performance.now()
    expect(startsOf([busy(['r:gpu'], 2_000)], line, 4, NOW).size).toBe(MOST_FORESEEN)
    expect(performance.now() - beganMs).toBeLessThan(5_000)
  })
})

test.each([
  [[], null],
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 2], 4],
])('the median of %j is %j', (values, median) => {
  expect(medianOf(values)).toBe(median)
})

test.each([
  ['the middle of all', NOW - 10, [100, 300, 200], NOW - 10 + 200],
  [
    'the middle of those that were longer than it is by now',
    NOW - 250,
    [100, 300, 200, 500, 400],
    NOW - 250 + 400,
  ],
  ['not known once it is longer than all before it', NOW - 500, [100, 500], NEVER],
  ['not known without any before it', NOW, [], NEVER],
])('R-REP-01 when a run under way ends: %s', (_, startedAtMs, lasted, endsAtMs) => {
  expect(endOf(startedAtMs, NOW, lasted)).toBe(endsAtMs)
})

function busy(names: readonly string[], endsAtMs: number, hasSlot = true): Busy {
  return { names, endsAtMs, hasSlot }
}

function run(id: string, names: readonly string[], lastsMs: number, stuck = false): Waiting {
  return { id, names, lastsMs, stuck }
}

/** The rule said once more, without any cleverness: at every moment, whoever is first for all of its names and finds a slot starts. */
function slowly(held: readonly Busy[], line: readonly Waiting[], slots: number): ReadonlyMap<string, number> {
  const starts = new Map<string, number>()
  const running = [...held]
  for (let atMs = NOW; atMs < NOW + 400; atMs += 1) {
    const current = running.filter(({ endsAtMs }) => endsAtMs > atMs)
    for (const [index, run] of line.entries()) {
      const ahead = [...line.slice(0, index).filter(({ id }) => !starts.has(id)), ...current]
      const isFirst = !ahead.some(({ names }) => names.some((name) => run.names.includes(name)))
      const isFree = current.filter(({ hasSlot }) => hasSlot).length < slots
      if (starts.has(run.id) || !isFirst || !isFree || (run.stuck && atMs === NOW)) continue
      const begun = busy(run.names, atMs + run.lastsMs)
      starts.set(run.id, atMs)
      running.push(begun)
      current.push(begun)
    }
  }
  return starts
}

function randomQueue(random: (below: number) => number) {
  const names = ['v', 'w', 'x', 'y', 'z']
  const some = () => names.filter(() => random(3) === 0)
  const held = names
    .filter(() => random(3) === 0)
    .map((name) => busy([name], NOW + 1 + random(30), random(4) > 0))
  const line = Array.from({ length: random(10) }, (_, index) => run(`r${index}`, some(), 1 + random(20)))
  return { held, line, slots: 1 + random(4) }
}
