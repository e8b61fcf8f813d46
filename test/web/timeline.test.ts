import { expect, test } from 'vitest'
import type { Entry } from '../../src/model/journal.ts'
import { timelineOf } from '../../src/web/timeline.ts'
import { begun, type Line, stage, tornDown } from './scene.ts'

const PROCESS_STARTED = { event: 'process.started', pid: 1, startTime: '2', boot: 'b', wrapper: 3 } as const
const CONTAINMENT = { kind: 'sweep', run: 'r', stage: 's' } as const

test.each<readonly [string, readonly Line[], boolean, readonly string[]]>([
  ['nothing has begun', [], false, []],
  ['checking out', [[1, PROCESS_STARTED]], false, ['checkout under_way']],
  [
    'between stages',
    [...begun(1), ...stage('check', 9, 1)],
    false,
    ['checkout success', 'check success', 'deploy to_come', 'stays-up to_come'],
  ],
  [
    'red, torn down',
    [...begun(1), ...stage('check', 9, 1, 'failure'), ...tornDown(20, 1)],
    true,
    ['checkout success', 'check failure', 'deploy not_begun', 'stays-up not_begun', 'teardown success'],
  ],
  [
    'red, not torn down yet',
    [...begun(1), ...stage('check', 9, 1, 'failure')],
    false,
    ['checkout success', 'check failure', 'deploy not_begun', 'stays-up not_begun'],
  ],
  [
    'the checkout failed',
    [
      [1, PROCESS_STARTED],
      [2, { event: 'prepared', stages: ['a'], keepMs: 0, containment: 'sweep', fault: 'no such commit' }],
    ],
    true,
    ['checkout fault', 'a not_begun'],
  ],
  [
    'kept',
    [...begun(1, ['a']), ...stage('a', 9, 1, 'failure'), [20, { event: 'kept', forMs: 9 }]],
    false,
    ['checkout success', 'a failure', 'kept for inspection under_way'],
  ],
  [
    'kept, then torn down',
    [
      ...begun(1, ['a']),
      ...stage('a', 9, 1, 'failure'),
      [20, { event: 'kept', forMs: 9 }],
      ...tornDown(30, 1),
    ],
    true,
    ['checkout success', 'a failure', 'kept for inspection over', 'teardown success'],
  ],
  [
    'its process died in a stage and another tore down',
    [
      ...begun(1, ['a', 'b']),
      [9, { event: 'stage.started', name: 'a', containment: CONTAINMENT }],
      [20, PROCESS_STARTED],
      ...tornDown(30, 1),
    ],
    true,
    ['checkout success', 'a cut_off', 'b not_begun', 'teardown success'],
  ],
  [
    'all died in teardown, and nobody came',
    [...begun(1, ['a']), ...stage('a', 9, 1), [30, { event: 'teardown.started', containment: CONTAINMENT }]],
    true,
    ['checkout success', 'a success', 'teardown cut_off'],
  ],
  [
    'cleaned once more',
    [
      ...begun(1, ['a']),
      ...stage('a', 9, 1),
      ...tornDown(30, 1, ['x']),
      [40, PROCESS_STARTED],
      [41, { event: 'teardown.started', containment: CONTAINMENT }],
      [42, { event: 'cleaned', report: { verified: true, ended: 0, ending: null, tookMs: 1, left: [] } }],
    ],
    true,
    ['checkout success', 'a success', 'teardown failure', 'teardown success'],
  ],
])('R-OBS-03 the timeline of a run: %s', (_, lines, over, expected) => {
  const entries = lines.map(([at, body]): Entry => ({ at, mono: at, ...body }))
  expect(timelineOf(entries, over).map(({ name, state }) => `${name} ${state}`)).toEqual(expected)
})
