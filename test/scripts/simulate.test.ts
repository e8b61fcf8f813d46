import { expect, test } from 'vitest'
import { simulate } from '../../scripts/simulate/engine.ts'
import { Judge, NO_VIOLATIONS } from '../../scripts/simulate/judge.ts'
import { PASSED_AT_MOST_MS } from '../../src/model/claimOrder.ts'
import { aRun } from '../store/samples.ts'

const SEEDS = [1, 4, 9]

test.each(SEEDS)(
  'R-QUE-05 R-LCK-13 R-QUE-04 the real queue over a simulated day (seed %i): every run starts once, in the order of each name, slots go round, none is idle, nobody starves',
  async (seed) => {
    const plan = { seed, runs: 90, slots: seed }
    const { stories, violations } = await simulate(plan)
    expect(violations).toEqual(NO_VIOLATIONS)
    expect(new Set(stories.map(({ run }) => run.id)).size).toBe(plan.runs)
    expect(stories).toHaveLength(plan.runs)
    expect(Math.max(...stories.map(({ waitedMs }) => waitedMs)), 'somebody had to wait').toBeGreaterThan(
      60_000,
    )
  },
)

test('the same seed tells the same day', async () => {
  const plan = { seed: 3, runs: 40, slots: 2 }
  expect(await simulate(plan)).toEqual(await simulate(plan))
})

test('what the judge is for: each kind of fault is one to it', () => {
  const run = (id: string, change: Parameters<typeof aRun>[1]) =>
    aRun(id, { names: [`${id}.test`], repositoryId: id, enqueuedAtMs: Number(id), ...change })
  const judged = (slots: number, story: (judge: Judge) => void) => {
    const judge = new Judge(slots)
    story(judge)
    return judge.violations
  }
  const [first, second] = [run('1', {}), run('2', {})]
  expect(
    judged(2, (judge) => {
      judge.queued(first)
      judge.held('somebody', '1.test')
      judge.started('1', 5)
    }),
  ).toEqual({ ...NO_VIOLATIONS, shared: 1 })
  expect(
    judged(2, (judge) => {
      for (const one of [first, run('2', { names: ['1.test'] })]) judge.queued(one)
      judge.started('2', 5)
    }),
  ).toMatchObject({ inversions: 1 })
  expect(
    judged(2, (judge) => {
      for (const one of [first, second]) judge.queued(one)
      judge.started('2', 5)
    }),
    'the older of two equals',
  ).toEqual({ ...NO_VIOLATIONS, unfair: 1 })
  expect(
    judged(2, (judge) => {
      for (const one of [second, run('3', { repositoryId: '1', enqueuedAtMs: 1 })]) judge.queued(one)
      judge.queued(first)
      judge.started('1', 5)
      judge.started('3', 6)
    }),
    'a second one of a repository before the first of another',
  ).toEqual({ ...NO_VIOLATIONS, unfair: 1 })
  expect(
    judged(1, (judge) => {
      judge.queued(first)
      judge.rested(5)
    }),
  ).toEqual({ ...NO_VIOLATIONS, idle: 1 })
  const late = PASSED_AT_MOST_MS + 10
  expect(
    judged(3, (judge) => {
      for (const one of [
        first,
        run('3', { repositoryId: '9' }),
        run('4', { repositoryId: '9', enqueuedAtMs: late }),
      ])
        judge.queued(one)
      judge.started('3', late)
      judge.started('4', late)
    }),
    'an hour late, and passed by a second one of another repository',
  ).toEqual({ ...NO_VIOLATIONS, unfair: 2, starved: 1 })
})
