import { describe, expect, test } from 'vitest'
import { historyOf, pastStages, readPastStages } from '../../src/model/history.ts'
import { EMPTY_JOURNAL, type Entry, withEntry } from '../../src/model/journal.ts'
import type { PastStage } from '../../src/model/pastStage.ts'
import type { RunRow } from '../../src/model/ports.ts'
import type { EndReason } from '../../src/model/run.ts'
import { aRow, PASSED } from '../store/samples.ts'
import { begun, type Line, stage, tornDown } from '../web/scene.ts'

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)]

function run(id: string, reason: EndReason, tookMs: number, change: Partial<RunRow> = {}): RunRow {
  const conclusion = reason === 'passed' ? 'success' : reason === 'cancelled' ? 'cancelled' : 'failure'
  const verdict = { ...PASSED, reason, conclusion } as const
  const times = { startedAtMs: 1_000, concludedAtMs: 1_000 + tookMs }
  return aRow(id, { state: 'concluded', sha: A, verdict, ...times, ...change })
}

function stageRun(name: string, outcome: PastStage['outcome'], tookMs = 10): readonly PastStage[] {
  return [{ name, outcome, tookMs }]
}

describe('R-OBS-03 the history of a recipe', () => {
  test('has the middle and the 95th percentile of runs that ended by themselves', () => {
    const runs = Array.from({ length: 20 }, (_, index) => run(`r${index}`, 'passed', (index + 1) * 1_000))
    const kept = run('kept', 'stage_failed', 900_000, { keepMs: 1 })
    const { durations, outcomes } = historyOf([...runs, kept, run('x', 'cancelled', 800_000)], new Map())
    expect(durations).toEqual({
      count: 20,
      shortestMs: 1_000,
      middleMs: 11_000,
      p95Ms: 19_000,
      longestMs: 20_000,
    })
    expect(outcomes).toEqual({ success: 20, failure: 1, cancelled: 1, timed_out: 0 })
  })

  test('shows stages slowest first, with those of which nothing is known left out', () => {
    const { stages, runs } = historyOf(
      [run('a', 'passed', 9), run('b', 'passed', 9), run('old', 'passed', 9)],
      new Map([
        ['a', [...stageRun('quick', 'success', 5), ...stageRun('slow', 'success', 500)]],
        ['b', [...stageRun('quick', 'success', 7), ...stageRun('slow', 'cancelled', 9_000)]],
      ]),
    )
    expect(stages.map(({ name, durations }) => [name, durations.count, durations.longestMs])).toEqual([
      ['slow', 1, 500],
      ['quick', 2, 7],
    ])
    expect(stages[0]?.outcomes).toMatchObject({ success: 1, cancelled: 1 })
    expect(runs.map(({ stages: known }) => known?.length ?? null)).toEqual([2, 2, null])
  })

  test.each<readonly [string, readonly (readonly [Partial<RunRow>, PastStage['outcome']])[], object]>([
    [
      'passed and failed at one commit',
      [
        [{ sha: A }, 'success'],
        [{ sha: A }, 'failure'],
      ],
      { tried: 1, flaky: 1 },
    ],
    [
      'ran out of its time, then passed',
      [
        [{ sha: A }, 'timed_out'],
        [{ sha: A }, 'success'],
      ],
      { tried: 1, flaky: 1 },
    ],
    [
      'failed twice at one commit',
      [
        [{ sha: A }, 'failure'],
        [{ sha: A }, 'failure'],
      ],
      { tried: 1, flaky: 0 },
    ],
    [
      'another commit mended it',
      [
        [{ sha: A }, 'failure'],
        [{ sha: B }, 'success'],
      ],
      { tried: 0, flaky: 0 },
    ],
    [
      'other arguments',
      [
        [{ arguments: { size: 'l' } }, 'failure'],
        [{}, 'success'],
      ],
      { tried: 0, flaky: 0 },
    ],
    [
      'another repository',
      [
        [{ repositoryId: '43' }, 'failure'],
        [{}, 'success'],
      ],
      { tried: 0, flaky: 0 },
    ],
    [
      'was stopped once',
      [
        [{}, 'cancelled'],
        [{}, 'success'],
      ],
      { tried: 0, flaky: 0 },
    ],
    [
      'the harness failed once',
      [
        [{}, 'fault'],
        [{}, 'success'],
      ],
      { tried: 0, flaky: 0 },
    ],
  ])('a stage that %s', (_, tries, expected) => {
    const runs = tries.map(([change], index) => run(`r${index}`, 'passed', 9, change))
    const stages = new Map(tries.map(([, outcome], index) => [`r${index}`, stageRun('deploy', outcome)]))
    expect(historyOf(runs, stages).stages[0]?.flakiness).toEqual(expected)
  })

  test('a recipe is flaky where a commit both passed and failed', () => {
    const runs = [run('a', 'passed', 9), run('b', 'stage_failed', 9), run('c', 'passed', 9, { sha: B })]
    expect(historyOf(runs, new Map()).flakiness).toEqual({ tried: 1, flaky: 1 })
  })
})

describe('R-OBS-03 what is written of stages with a run’s end', () => {
  test('has those that ended, and the teardown', () => {
    const lines: readonly Line[] = [
      ...begun(1_000),
      ...stage('check', 3_000, 500),
      ...stage('deploy', 4_000, 700, 'failure'),
      ...tornDown(5_000, 40, ['a network']),
    ]
    const journal = lines
      .map(([at, body]): Entry => Object.assign({ at, mono: at }, body))
      .reduce(withEntry, EMPTY_JOURNAL)
    const stages = pastStages(journal)
    expect(stages).toEqual([
      { name: 'check', outcome: 'success', tookMs: 500 },
      { name: 'deploy', outcome: 'failure', tookMs: 700 },
      { name: 'teardown', outcome: 'failure', tookMs: 40 },
    ])
    expect(readPastStages(JSON.parse(JSON.stringify(stages)))).toEqual(stages)
    expect(pastStages(EMPTY_JOURNAL)).toEqual([])
  })

  test('with a word of a newer berth counts as not known', () => {
    expect(readPastStages([{ name: 'x', outcome: 'skipped', tookMs: 1 }])).toBeNull()
    expect(readPastStages({})).toBeNull()
  })
})
