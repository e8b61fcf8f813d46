import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  byClaim,
  FairTurns,
  inClaimOrder,
  OVERDUE,
  PASSED_AT_MOST_MS,
  type Ranked,
  type Under,
} from '../../src/model/claimOrder.ts'
import type { QueuedRun } from '../../src/model/queued.ts'

function aPlace(id: string, repositoryId: string, pr: number, rank = 0, enqueuedAtMs = Number(id)): Ranked {
  return { run: { id, repositoryId, pr, enqueuedAtMs }, rank }
}

function aQueued(id: string, priority: number, enqueuedAtMs: number): QueuedRun {
  const what = { repositoryId: '42', pr: 12, recipe: 'hello', sha: 'c0ffee' }
  return { id, priority, enqueuedAtMs, names: ['a.test'], ...what, stop: null, waitsFor: null }
}

/** All of them, if each one starts. */
function inFairOrder(heads: readonly Ranked[], live: readonly Under[]): readonly Ranked[] {
  const [turns, under, order] = [new FairTurns(heads), [...live], [] as Ranked[]]
  for (let next = turns.next(under); next !== null; next = turns.next(under)) {
    order.push(next)
    under.push(next.run)
  }
  return order
}

const places = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 999 }),
      repository: fc.constantFrom('a', 'b', 'c', 'd'),
      pr: fc.integer({ min: 1, max: 3 }),
      rank: fc.constantFrom(-1, 0, 5, OVERDUE),
      atMs: fc.integer({ min: 0, max: 5 }),
    }),
    { selector: ({ id }) => id, maxLength: 40 },
  )
  .map((all) =>
    all.map(({ id, repository, pr, rank, atMs }) => aPlace(String(id), repository, pr, rank, atMs)),
  )

const live = fc.array(
  fc.record({ repositoryId: fc.constantFrom('a', 'b', 'c', 'd'), pr: fc.integer({ min: 1, max: 3 }) }),
  { maxLength: 8 },
)

describe('the claim order', () => {
  test('R-QUE-05 is total: whoever sorts, from whatever order, comes to the same', () => {
    fc.assert(
      fc.property(places, fc.infiniteStream(fc.nat()), (all, dice) => {
        const shuffled = all
          .map((place) => ({ place, at: dice.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ place }) => place)
        expect(shuffled.sort(byClaim)).toEqual([...all].sort(byClaim))
      }),
    )
  })

  test('R-QUE-05 is priority, then time, then id; who is overdue is passed by no priority', () => {
    const all = [
      aPlace('4', 'a', 1, 0, 10),
      aPlace('3', 'a', 1, 0, 10),
      aPlace('2', 'a', 1, 5, 20),
      aPlace('1', 'a', 1, OVERDUE, 15),
      aPlace('5', 'a', 1, 0, 9),
    ]
    expect(all.sort(byClaim).map(({ run }) => run.id)).toEqual(['1', '2', '5', '3', '4'])
  })

  test('R-QUE-05 R-REP-01 the place that people are told is the one that counts: who is overdue has the first', () => {
    const queued = [
      aQueued('young', 5, PASSED_AT_MOST_MS - 1),
      aQueued('old', 0, 0),
      aQueued('younger', 0, PASSED_AT_MOST_MS),
    ]
    const at = (nowMs: number) => inClaimOrder(queued, nowMs).map(({ id }) => id)
    expect(at(PASSED_AT_MOST_MS - 1)).toEqual(['young', 'old', 'younger'])
    expect(at(PASSED_AT_MOST_MS)).toEqual(['old', 'young', 'younger'])
  })
})

describe('free slots', () => {
  test('R-QUE-05 go round the repositories: a hundred of one do not keep the only one of another waiting', () => {
    const flood = Array.from({ length: 100 }, (_, index) => aPlace(String(index + 1), 'big', index))
    const order = inFairOrder([...flood, aPlace('500', 'small', 1)], [{ repositoryId: 'big', pr: 7 }])
    expect(order.slice(0, 3).map(({ run }) => run.id)).toEqual(['500', '1', '2'])
  })

  test('R-QUE-05 go round the pull requests of a repository', () => {
    const heads = [
      aPlace('1', 'a', 1),
      aPlace('2', 'a', 1),
      aPlace('3', 'a', 1),
      aPlace('4', 'a', 2),
      aPlace('5', 'a', 3),
    ]
    const order = inFairOrder(heads, [{ repositoryId: 'a', pr: 3 }])
    expect(order.map(({ run }) => run.id)).toEqual(['1', '4', '2', '5', '3'])
  })

  test('R-QUE-05 one that cannot start after all counts no more: the next of its repository is passed by nobody for it', () => {
    const turns = new FairTurns([
      aPlace('1', 'a', 1),
      aPlace('2', 'b', 1),
      aPlace('3', 'a', 2),
      aPlace('4', 'b', 2),
    ])
    expect(turns.next([])?.run.id).toBe('1')
    expect(turns.next([])?.run.id, 'the first was busy').toBe('2')
    expect(turns.next([{ repositoryId: 'b', pr: 1 }])?.run.id).toBe('3')
  })

  test('R-QUE-05 whatever waits and runs: all are offered, no repository gets a second one before another its first, and of equals nobody is passed by a younger one', () => {
    fc.assert(
      fc.property(places, live, (heads, under) => {
        const order = inFairOrder(heads, under)
        expect(new Set(order)).toEqual(new Set(heads))
        const level = new Map<string, number>()
        for (const { repositoryId } of under) level.set(repositoryId, (level.get(repositoryId) ?? 0) + 1)
        for (const [index, { run, rank }] of order.entries()) {
          const mine = level.get(run.repositoryId) ?? 0
          for (const later of order.slice(index + 1)) {
            const theirs = level.get(later.run.repositoryId) ?? 0
            expect(mine, 'the repository with less comes first').toBeLessThanOrEqual(theirs)
            if (mine < theirs || later.run.repositoryId === run.repositoryId) continue
            const first = order
              .slice(index + 1)
              .find((one) => one.run.repositoryId === later.run.repositoryId)
            expect(first === later ? byClaim({ run, rank }, later) : -1).toBeLessThan(0)
          }
          level.set(run.repositoryId, mine + 1)
        }
      }),
    )
  })
})
