import { expect, test } from 'vitest'
import type { EntryBody, StopReason } from '../../src/model/journal.ts'
import { phasesOf, resultOf } from '../../src/model/phases.ts'
import type { RunRow } from '../../src/model/ports.ts'
import { CONCLUSIONS, END_REASONS } from '../../src/model/run.ts'
import { aRow, PASSED } from '../store/samples.ts'
import { begun, type Line, stage, tornDown } from '../web/scene.ts'

const PROCESS: EntryBody = { event: 'process.started', pid: 1, startTime: '2', boot: 'b', wrapper: 3 }
const CONTAINMENT = { kind: 'sweep', run: 'r', stage: 's' } as const
const OVER: EntryBody = { event: 'concluded', verdict: PASSED }

function stopped(reason: StopReason): EntryBody {
  return { event: 'stop.requested', stop: { reason, by: 'somebody', atMs: 1 } }
}

function prepared(fault: string | null): EntryBody {
  return { event: 'prepared', stages: ['check'], keepMs: 0, containment: 'sweep', fault }
}

/** What is asked for at 0, claimed at 100, begins at 130 and is concluded at 900. */
const ROW: Partial<RunRow> = { enqueuedAtMs: 0, startedAtMs: 100, concludedAtMs: 900, verdict: PASSED }

test.each<readonly [string, readonly Line[], readonly string[]]>([
  [
    'green',
    [...begun(130, ['check']), ...stage('check', 2_200, 50), ...tornDown(2_300, 9), [2_310, OVER]],
    [
      'checkout < process:1: 130–2130 success',
      'stage:check < process:1: 2200–2250 success',
      'teardown:1 < process:1: 2300–2309 success',
      'process:1 < run: 130–2310 success',
    ],
  ],
  [
    'red and kept',
    [
      ...begun(130, ['check']),
      ...stage('check', 2_200, 50, 'failure'),
      [2_260, { event: 'kept', forMs: 9 }],
      ...tornDown(2_300, 9),
      [2_310, OVER],
    ],
    [
      'checkout < process:1: 130–2130 success',
      'stage:check < process:1: 2200–2250 failure',
      'kept < process:1: 2260–2300 success',
      'teardown:1 < process:1: 2300–2309 success',
      'process:1 < run: 130–2310 success',
    ],
  ],
  [
    'its process was killed in a stage, and the one after it in teardown',
    [
      ...begun(130, ['check']),
      [2_200, { event: 'stage.started', name: 'check', containment: CONTAINMENT }],
      [3_000, PROCESS],
      [3_001, stopped('abandoned')],
      [3_010, { event: 'teardown.started', containment: CONTAINMENT }],
      [4_000, PROCESS],
      ...tornDown(4_010, 5, ['something']),
      [4_020, OVER],
    ],
    [
      'checkout < process:1: 130–2130 success',
      'stage:check < process:1: 2200–2200 error',
      'process:1 < run: 130–2200 error',
      'teardown:1 < process:2: 3010–3010 error',
      'process:2 < run: 3000–3010 error',
      'teardown:2 < process:3: 4010–4015 failure',
      'process:3 < run: 4000–4020 success',
    ],
  ],
  [
    'a checkout that was cancelled',
    [
      [130, PROCESS],
      [140, stopped('cancelled')],
      [150, prepared('aborted')],
      ...tornDown(160, 1),
      [170, OVER],
    ],
    [
      'checkout < process:1: 130–150 cancellation',
      'teardown:1 < process:1: 160–161 success',
      'process:1 < run: 130–170 success',
    ],
  ],
  [
    'a checkout that failed',
    [
      [130, PROCESS],
      [150, prepared('no such commit')],
    ],
    ['checkout < process:1: 130–150 error', 'process:1 < run: 130–150 error'],
  ],
  [
    'a teardown command that took too long, while somebody set the clock back',
    [
      ...begun(130, []),
      [3_000, { event: 'teardown.started', containment: CONTAINMENT }],
      [
        2_500,
        {
          event: 'teardown.ended',
          report: { verified: false, ended: 0, ending: null, tookMs: 9, left: ['x'], timedOut: true },
        },
      ],
      [2_600, OVER],
    ],
    [
      'checkout < process:1: 130–2130 success',
      'teardown:1 < process:1: 3000–3000 timeout',
      'process:1 < run: 130–2600 success',
    ],
  ],
])('R-OBS-02 the parts of a run: %s', (_, lines, expected) => {
  const entries = lines.map(([at, body]) => ({ at, mono: at, ...body }))
  const parts = phasesOf(aRow('r', ROW), entries, null).filter(
    ({ key }) => key !== 'queue' && key !== 'launch',
  )
  expect(
    parts.map(
      ({ key, within, startedAtMs, endedAtMs, result }) =>
        `${key} < ${within ?? 'run'}: ${startedAtMs}–${endedAtMs} ${result}`,
    ),
  ).toEqual(expected)
})

test('R-OBS-02 the queue, of that the wait for others on its names, and the launch', () => {
  const [first, ...rest] = phasesOf(aRow('r', ROW), [{ at: 130, mono: 1, ...PROCESS }], 90)
  expect([first, ...rest.slice(0, 2)]).toMatchObject([
    { kind: 'queue', within: null, startedAtMs: 0, endedAtMs: 100, result: 'success' },
    { kind: 'lock', within: 'queue', startedAtMs: 0, endedAtMs: 90 },
    { kind: 'launch', within: null, startedAtMs: 100, endedAtMs: 130, result: 'success' },
  ])
  const cancelled = { ...PASSED, conclusion: 'cancelled', reason: 'cancelled' } as const
  expect(phasesOf(aRow('r', { ...ROW, startedAtMs: null, verdict: cancelled }), [], null)).toEqual([
    expect.objectContaining({ kind: 'queue', endedAtMs: 900, result: 'cancellation' }),
  ])
  expect(phasesOf(aRow('r', ROW), [], null)[1]).toMatchObject({
    kind: 'launch',
    endedAtMs: 900,
    result: 'error',
  })
})

test('R-OBS-02 every end has a result; one that says nothing of what was tested is an error', () => {
  const results = CONCLUSIONS.flatMap((conclusion) =>
    END_REASONS.map((reason) => `${conclusion} ${reason}: ${resultOf({ conclusion, reason })}`),
  )
  expect(results.filter((line) => line.startsWith('failure')).toSorted()).toEqual([
    'failure cancelled: failure',
    'failure deadline: failure',
    'failure domain_dirty: error',
    'failure harness_fault: error',
    'failure interrupted: failure',
    'failure lock_lost: error',
    'failure lock_timeout: failure',
    'failure not_cleaned: error',
    'failure not_started: error',
    'failure passed: failure',
    'failure stage_failed: failure',
    'failure teardown_unverified: failure',
  ])
  expect(resultOf({ conclusion: 'timed_out', reason: 'deadline' })).toBe('timeout')
  expect(resultOf({ conclusion: 'cancelled', reason: 'interrupted' })).toBe('cancellation')
})
