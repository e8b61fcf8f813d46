import { expect, test } from 'vitest'
import type { EventLog } from '../../src/model/events.ts'
import { EMPTY_JOURNAL, type EntryBody, type Journal, withEntry } from '../../src/model/journal.ts'
import type { RunRow } from '../../src/model/ports.ts'
import { KEPT } from '../../src/model/run.ts'
import { tellingTo } from '../../src/model/transitions.ts'
import { aRow, PASSED } from '../store/samples.ts'
import { begun, stage, tornDown } from '../web/scene.ts'

const PROCESS: EntryBody = { event: 'process.started', pid: 9, startTime: '2', boot: 'b', wrapper: 3 }
const STOP: EntryBody = { event: 'stop.requested', stop: { reason: 'cancelled', by: 'octocat', atMs: 1 } }

const GREEN = [
  ...begun(0, ['up', 'check']),
  ...stage('up', 10, 4),
  ...stage('check', 20, 5),
  ...tornDown(30, 6),
]
const CANCELLED = [
  ...begun(0, ['up', 'check']),
  ...stage('up', 10, 4, 'failure'),
  [20, STOP] as const,
  ...tornDown(30, 6, ['a process']),
]
const STOPPED = [
  ...begun(0, ['up']),
  ...stage('up', 10, 4, 'failure').slice(0, 1),
  [12, { event: 'stop.requested', stop: { reason: 'cancelled', by: 'octocat', atMs: 11 } }] as const,
  ...stage('up', 10, 4, 'failure').slice(1),
  [20, PROCESS] as const,
  ...tornDown(30, 6),
]
const KEPT_RED = [
  ...begun(0, ['up']),
  ...stage('up', 10, 4, 'failure'),
  [20, { event: 'kept', forMs: 7 }] as const,
]

function journalOf(lines: readonly (readonly [number, EntryBody])[]): Journal {
  return lines.reduce((journal, [at, body]) => withEntry(journal, { at, mono: at, ...body }), EMPTY_JOURNAL)
}

/** Names of events as they were told, and what was told with them. */
function book() {
  const told: string[] = []
  const data: object[] = []
  const note: EventLog['info'] = (facts, event) => {
    told.push('stage' in facts ? `${event} ${facts.stage}` : event)
    data.push(facts)
  }
  return { told, data, telling: tellingTo({ info: note, warn: note, error: note }) }
}

test('R-OBS-01 each step of a run is told once, in order, however the journal grows between two looks', () => {
  const whole = book()
  whole.telling.tell(aRow('r', { state: 'starting' }), journalOf(GREEN))
  expect(whole.told).toEqual([
    'run.locked',
    'run.prepared',
    'stage.started up',
    'stage.ended up',
    'stage.started check',
    'stage.ended check',
    'teardown.started',
    'teardown.verified',
  ])
  const stepwise = book()
  for (let lines = 0; lines <= GREEN.length; lines += 1)
    for (let look = 0; look < 3; look += 1)
      stepwise.telling.tell(aRow('r', { state: 'starting' }), journalOf(GREEN.slice(0, lines)))
  expect(stepwise.told).toEqual(whole.told)
})

test('R-OBS-01 a stop, and a process that came after one that died, are told where they came', () => {
  const { told, telling } = book()
  telling.tell(aRow('r', { state: 'starting' }), journalOf(STOPPED))
  expect(told.slice(2)).toEqual([
    'stage.started up',
    'run.stopping',
    'stage.ended up',
    'run.recovering',
    'teardown.started',
    'teardown.verified',
  ])
})

test('R-OBS-01 each carries run, recipe, domain and pull request, and what came of it', () => {
  const { told, data, telling } = book()
  const row = aRow('r', { state: 'starting' })
  telling.tell(row, journalOf([...CANCELLED, [40, { event: 'concluded', verdict: PASSED }]]))
  for (const facts of data)
    expect(facts).toMatchObject({ run: 'r', recipe: row.recipe, domain: row.domain, pr: row.pr })
  expect(data[told.indexOf('stage.ended up')]).toMatchObject({ outcome: 'failure', exitCode: 1, tookMs: 4 })
  expect(data[told.indexOf('run.stopping')]).toMatchObject({ reason: 'cancelled' })
  expect(data[told.indexOf('teardown.unverified')]).toMatchObject({
    left: ['a process'],
    ended: 3,
    tookMs: 6,
  })
})

test.each<readonly [string, Partial<RunRow>, readonly (readonly [number, EntryBody])[], readonly string[]]>([
  ['checks out', { state: 'running', stage: 'checkout' }, GREEN.slice(0, 2), ['run.prepared']],
  [
    'is in its first stage, of which it knew nothing',
    { state: 'running', stage: 'checkout' },
    GREEN.slice(0, 3),
    ['run.prepared', 'stage.started up'],
  ],
  ['is in its first stage', { state: 'running', stage: 'up' }, GREEN.slice(0, 3), []],
  [
    'is in its second stage, and knew of the first',
    { state: 'running', stage: 'up' },
    GREEN.slice(0, 5),
    ['stage.ended up', 'stage.started check'],
  ],
  ['is torn down', { state: 'tearing_down', stage: 'teardown' }, GREEN.slice(0, 7), []],
  ['has been torn down', { state: 'tearing_down', stage: 'teardown' }, GREEN, ['teardown.verified']],
  ['is kept', { state: 'running', stage: KEPT }, KEPT_RED, []],
  [
    'is kept, and knew of its stage',
    { state: 'running', stage: 'up' },
    KEPT_RED,
    ['stage.ended up', 'run.kept'],
  ],
  [
    'was stopped',
    { state: 'running', stage: 'up' },
    CANCELLED.slice(0, 5),
    ['run.stopping', 'stage.ended up'],
  ],
  [
    'has another process',
    { state: 'running', stage: 'up' },
    [...GREEN.slice(0, 3), [15, PROCESS]],
    ['run.recovering'],
  ],
])(
  'R-OBS-01 a service that starts tells what the record does not know: the run %s',
  (_, row, lines, expected) => {
    const { told, telling } = book()
    for (let look = 0; look < 2; look += 1) telling.tell(aRow('r', row), journalOf(lines))
    expect(told).toEqual(expected)
  },
)

test('R-OBS-01 a service tells before it records: killed at any line, with the record at that line or any before it, it leaves none untold', () => {
  const all = book()
  all.telling.tell(aRow('r', { state: 'starting' }), journalOf(GREEN))
  for (let seen = 0; seen <= GREEN.length; seen += 1) {
    for (let recorded = 0; recorded <= seen; recorded += 1) {
      const [first, next] = [book(), book()]
      first.telling.tell(aRow('r', { state: 'starting' }), journalOf(GREEN.slice(0, seen)))
      next.telling.tell(recordOf(journalOf(GREEN.slice(0, recorded))), journalOf(GREEN))
      expect(new Set([...first.told, ...next.told]), `${seen} ${recorded}`).toEqual(new Set(all.told))
    }
  }
})

/** The record as the follower writes it. */
function recordOf(journal: Journal): RunRow {
  const { teardownStarted, processes, planned, stages } = journal
  if (teardownStarted) return aRow('r', { state: 'tearing_down', stage: 'teardown' })
  if (processes === 0) return aRow('r', { state: 'starting' })
  const name = planned === null ? 'checkout' : (stages.at(-1)?.name ?? null)
  return aRow('r', { state: 'running', stage: name })
}
