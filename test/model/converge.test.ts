import { describe, expect, test } from 'vitest'
import { judge, NOT_YET_LOOKED, type StackVerdict, type Watching } from '../../src/model/converge.ts'
import type { ServiceLook, StackLook, TaskLook } from '../../src/model/stackLook.ts'

const SERVICE: ServiceLook = {
  id: 's1',
  name: 'a_app',
  kind: 'service',
  wanted: 1,
  update: null,
  updateMessage: '',
  updatedAtMs: 0,
  startPeriodMs: 0,
  restart: 'any',
}

const TASK: TaskLook = {
  id: 't1',
  service: 's1',
  place: '1',
  isCurrent: true,
  state: 'running',
  desired: 'running',
  error: '',
  atMs: 1000,
}

/** Tasks of one place that came one after the other, each of them in this state. */
function history(state: string, moments: readonly number[], error = 'task: non-zero exit (1)'): TaskLook[] {
  return moments.map((atMs) => ({ ...TASK, id: `t${atMs}`, state, desired: 'shutdown', atMs, error }))
}

function look(service: Partial<ServiceLook>, tasks: readonly TaskLook[]): StackLook {
  return { services: [{ ...SERVICE, ...service }], tasks }
}

/** What is said after the same look so many times. */
function verdictOf(one: StackLook, times = 1): StackVerdict {
  let watching: Watching = NOT_YET_LOOKED
  for (let count = 0; count < times; count += 1) watching = judge(watching, one)
  return watching.verdict
}

const FOREVER = 50

describe('R-DKR-02 what is there has to hold', () => {
  test('R-DKR-02 a stack is up at the third look in a row that finds the same running tasks', () => {
    const good = look({}, [TASK])
    expect(verdictOf(good, 2)).toMatchObject({ kind: 'waiting', isGood: true })
    expect(verdictOf(good, 3)).toEqual({ kind: 'converged' })
  })

  test('R-DKR-02 a task that was replaced between two looks begins the count anew', () => {
    const first = look({}, [TASK])
    const second = look({}, [
      { ...TASK, id: 't2' },
      { ...TASK, desired: 'shutdown', state: 'failed' },
    ])
    const before = judge(judge(NOT_YET_LOOKED, first), first)
    const after = judge(before, second)
    expect(after.verdict).toMatchObject({ kind: 'waiting', isGood: true })
    expect(judge(judge(after, second), second).verdict).toEqual({ kind: 'converged' })
  })

  const WAITING: readonly (readonly [string, StackLook])[] = [
    ['no task yet', look({}, [])],
    ['too few', look({ wanted: 2 }, [TASK])],
    ['too many', look({ wanted: 1 }, [TASK, { ...TASK, id: 't2', place: '2' }])],
    ['a task of the spec before', look({}, [{ ...TASK, isCurrent: false }])],
    ['a task that is to go', look({}, [{ ...TASK, desired: 'shutdown' }])],
    ['a health check that has not answered', look({}, [{ ...TASK, state: 'starting' }])],
    ['an update under way', look({ update: 'updating' }, [TASK])],
    ['a rollback under way', look({ update: 'rollback_started' }, [TASK])],
    ['replicas 0 with one that is left', look({ wanted: 0 }, [{ ...TASK, isCurrent: false }])],
    ['no service', { services: [], tasks: [] }],
    ['a job at work', look({ kind: 'job', restart: 'on-failure' }, [TASK])],
  ]
  test.each(WAITING)('R-DKR-02 not up, however often one looks: %s', (_, one) => {
    expect(verdictOf(one, FOREVER)).toMatchObject({ kind: 'waiting', isGood: false })
  })

  const ENDED_WELL = { ...TASK, state: 'complete', desired: 'shutdown' }
  const GREEN: readonly (readonly [string, StackLook])[] = [
    ['replicas 0', look({ wanted: 0 }, [])],
    ['an update that is over', look({ update: 'completed' }, [TASK])],
    ['a job that has ended well', look({ kind: 'job', restart: 'none' }, [ENDED_WELL])],
    ['a task that is to end once, and has', look({ restart: 'none' }, [ENDED_WELL])],
    ['one that is to come back after a failure only', look({ restart: 'on-failure' }, [ENDED_WELL])],
    ['one that failed once and is back', look({}, [TASK, ...history('failed', [500])])],
  ]
  test.each(GREEN)('R-DKR-02 up: %s', (_, one) => {
    expect(verdictOf(one, 3)).toEqual({ kind: 'converged' })
  })
})

describe('R-DKR-02 what is settled and red', () => {
  const RED: readonly (readonly [string, string, StackLook])[] = [
    ['a rollback that is over', 'rolled_back', look({ update: 'rollback_completed' }, [TASK])],
    ['an update that has paused', 'update_paused', look({ update: 'paused' }, [TASK])],
    ['a rollback that has paused', 'update_paused', look({ update: 'rollback_paused' }, [TASK])],
    [
      'a task that its node rejects',
      'rejected',
      look({}, [{ ...TASK, state: 'rejected', error: 'No such image: x' }]),
    ],
  ]
  test.each(RED)('R-DKR-02 red at the first look: %s', (_, fault, one) => {
    expect(verdictOf(one)).toMatchObject({ kind: 'failed', fault, service: { id: 's1', name: 'a_app' } })
  })

  test('R-DKR-02 what a node has rejected of the spec before does not count', () => {
    const old = { ...TASK, id: 't0', state: 'rejected', desired: 'shutdown', isCurrent: false }
    expect(verdictOf(look({}, [TASK, old]), 3)).toEqual({ kind: 'converged' })
  })

  test('R-DKR-02 what an engine rejects while it starts or stops is only waited for, but not for ever', () => {
    const error = 'cannot create a swarm scoped network when swarm is not active'
    expect(verdictOf(look({}, [TASK, ...history('rejected', [500], error)]), 3)).toEqual({
      kind: 'converged',
    })
    const always = look({}, history('rejected', [500, 600, 700], error))
    expect(verdictOf(always)).toMatchObject({ fault: 'crash_loop' })
  })

  test('R-DKR-02 a service that somebody has removed is red', () => {
    const before = judge(NOT_YET_LOOKED, look({}, [TASK]))
    expect(judge(before, { services: [], tasks: [] }).verdict).toMatchObject({ fault: 'service_gone' })
  })

  test('R-DKR-02 a task that failed and is not started again is red once that holds', () => {
    const ended = look({ restart: 'none' }, history('failed', [1000]))
    expect(verdictOf(ended, 2)).toMatchObject({ kind: 'waiting' })
    expect(verdictOf(ended, 3)).toMatchObject({ kind: 'failed', fault: 'not_restarted' })
  })

  test('R-DKR-02 one whose successor waits for its delay is only waited for', () => {
    const next = { ...TASK, id: 't9', state: 'ready', desired: 'ready' }
    expect(verdictOf(look({}, [...history('failed', [1000]), next]), FOREVER)).toMatchObject({
      kind: 'waiting',
    })
  })
})

describe('R-DKR-12 crash loops', () => {
  const THRICE = [1000, 7000, 13_000]

  test('R-DKR-12 a place whose task has failed for the third time is red at once', () => {
    expect(verdictOf(look({}, [TASK, ...history('failed', THRICE)]))).toMatchObject({
      kind: 'failed',
      fault: 'crash_loop',
      detail: 'a_app: failed 3 times: task: non-zero exit (1)',
    })
  })

  test('R-DKR-12 a service whose tasks end well and come back crash-loops, too', () => {
    const ends = history('complete', THRICE, '')
    expect(verdictOf(look({}, ends))).toMatchObject({ fault: 'crash_loop' })
  })

  const SPARED: readonly (readonly [string, StackLook])[] = [
    ['inside its start period', look({ startPeriodMs: 20_000 }, [TASK, ...history('failed', THRICE)])],
    ['in three places', look({ wanted: 1 }, [TASK, ...spread(history('failed', THRICE))])],
    ['over a long time', look({}, [TASK, ...history('failed', [1000, 100_000, 200_000])])],
    ['of the spec before', look({}, [TASK, ...old(history('failed', THRICE))])],
    ['ended by the swarm itself', look({}, [TASK, ...history('shutdown', THRICE)])],
    ['a job that ends well again and again', look({ kind: 'job' }, history('complete', THRICE))],
  ]
  test.each(SPARED)('R-DKR-12 three ends are no crash loop: %s', (_, one) => {
    expect(verdictOf(one)).not.toMatchObject({ kind: 'failed' })
  })

  test('R-DKR-12 failures after the start period count', () => {
    const late = history('failed', [1000, 25_000, 31_000, 37_000])
    expect(verdictOf(look({ startPeriodMs: 20_000 }, [TASK, ...late]))).toMatchObject({ fault: 'crash_loop' })
  })
})

function spread(tasks: readonly TaskLook[]): TaskLook[] {
  return tasks.map((task, index) => ({ ...task, place: String(index + 1) }))
}

function old(tasks: readonly TaskLook[]): TaskLook[] {
  return tasks.map((task) => ({ ...task, isCurrent: false }))
}
