import { describe, expect, test } from 'vitest'
import { type ContainerLook, NO_PAST, projectLook } from '../../src/model/containerLook.ts'
import { judge, NOT_YET_LOOKED, type StackVerdict } from '../../src/model/converge.ts'

const AT = Date.parse('2026-11-28T12:00:00Z')

function container(more: Partial<ContainerLook> = {}): ContainerLook {
  return {
    id: 'c1',
    service: 'app',
    number: '1',
    state: 'running',
    health: null,
    healthOutput: '',
    exitCode: 0,
    error: '',
    restarts: 0,
    restart: 'none',
    createdAtMs: AT,
    endedAtMs: Number.NaN,
    startPeriodMs: 0,
    ...more,
  }
}

const ONE = new Map([['app', 1]])

/** The verdict after these looks, one after the other. */
function verdictOf(
  looks: readonly (readonly ContainerLook[])[],
  wanted: ReadonlyMap<string, number> = ONE,
): StackVerdict {
  let [past, watching] = [NO_PAST, NOT_YET_LOOKED]
  for (const containers of looks) {
    const seen = projectLook(past, containers, wanted)
    past = seen.past
    watching = judge(watching, seen.look)
  }
  return watching.verdict
}

const thrice = (...containers: readonly ContainerLook[]) => [containers, containers, containers]
const ended = (exitCode: number, more: Partial<ContainerLook> = {}) =>
  container({ state: 'exited', exitCode, endedAtMs: AT + 1000, ...more })

describe('R-DKR-11 R-DKR-02 a project of compose stands', () => {
  test.each([
    ['what runs', container()],
    ['what is healthy', container({ health: 'healthy' })],
    ['what has ended well, and is not to come back', ended(0)],
    ['what has ended well, and would come back only if it had not', ended(0, { restart: 'on-failure' })],
  ])('R-DKR-11 with %s, when three looks have found it alike', (_, one) => {
    expect(verdictOf(thrice(one))).toMatchObject({ kind: 'converged' })
    expect(verdictOf(thrice(one).slice(1))).toMatchObject({ kind: 'waiting', isGood: true })
  })

  test.each([
    ['is only made', container({ state: 'created' })],
    ['has not been checked yet', container({ health: 'starting' })],
    ['is begun anew', container({ state: 'restarting', exitCode: 1, restart: 'any', restarts: 1 })],
    ['is held up', container({ state: 'paused' })],
    ['has ended well, though it is to run', ended(0, { restart: 'any' })],
  ])('R-DKR-11 not with one that %s', (_, one) => {
    expect(verdictOf(thrice(one))).toMatchObject({ kind: 'waiting', isGood: false })
  })

  test('R-DKR-11 with as many of each service as its file says, and services that it does not name are of no concern', () => {
    const two = new Map([['app', 2]])
    const second = container({ id: 'c2', number: '2' })
    expect(verdictOf(thrice(container()), two)).toMatchObject({ detail: 'app: 1 of 2 run' })
    expect(verdictOf(thrice(container(), second), two)).toMatchObject({ kind: 'converged' })
    expect(verdictOf(thrice(container(), second))).toMatchObject({ kind: 'waiting' })
    const orphan = ended(1, { id: 'c3', service: 'gone' })
    expect(verdictOf(thrice(container(), orphan))).toMatchObject({ kind: 'converged' })
    expect(verdictOf(thrice(container()), new Map([['none', 0]]))).toMatchObject({ kind: 'converged' })
  })

  test('R-DKR-02 not while it is begun anew between two looks that find it running', () => {
    const again = [0, 1, 2].map((restarts) => [container({ restart: 'any', restarts, endedAtMs: AT })])
    expect(verdictOf(again)).toMatchObject({ kind: 'waiting' })
  })
})

describe('R-DKR-11 R-DKR-12 a project of compose is red', () => {
  test.each([
    ['with an exit code', ended(3), 'not_restarted', 'app: exit code 3'],
    ['for want of memory', ended(137, { error: 'out of memory' }), 'not_restarted', 'app: out of memory'],
  ])('R-DKR-11 when one has ended %s, and nobody begins it anew', (_, one, fault, detail) => {
    expect(verdictOf(thrice(one))).toMatchObject({ kind: 'failed', fault, detail })
    expect(verdictOf(thrice(one).slice(1))).toMatchObject({ kind: 'waiting' })
  })

  test('R-DKR-11 at once when one is not healthy, with what its check has said', () => {
    const sick = container({ health: 'unhealthy', healthOutput: 'no database' })
    expect(verdictOf([[sick]])).toMatchObject({ fault: 'unhealthy', detail: 'app: unhealthy: no database' })
    const silent = container({ health: 'unhealthy' })
    expect(verdictOf([[silent]])).toMatchObject({ detail: 'app: its health check fails' })
  })

  const crashed = (restarts: number, more: Partial<ContainerLook> = {}) =>
    container({ restart: 'any', restarts, endedAtMs: AT + restarts * 1000, ...more })

  test('R-DKR-12 when it has crashed three times, though every look finds it running', () => {
    expect(verdictOf([[crashed(1)], [crashed(2)]])).toMatchObject({ kind: 'waiting' })
    expect(verdictOf([[crashed(1)], [crashed(2)], [crashed(3)]])).toMatchObject({
      fault: 'crash_loop',
      detail: 'app: failed 3 times: it ends by itself',
    })
    expect(verdictOf([[crashed(3)]])).toMatchObject({ fault: 'crash_loop' })
  })

  test('R-DKR-12 with the exit code, where a look has met it between two starts', () => {
    const between = crashed(3, { state: 'restarting', exitCode: 7 })
    expect(verdictOf([[crashed(1)], [between]])).toMatchObject({ detail: 'app: failed 3 times: exit code 7' })
  })

  test('R-DKR-12 not for what is part of a slow start, nor for crashes that are far from each other', () => {
    const slow = crashed(3, { startPeriodMs: 60_000 })
    expect(verdictOf([[slow]])).toMatchObject({ kind: 'waiting' })
    const rare = [1, 2, 3].map((restarts) => [crashed(restarts, { endedAtMs: AT + restarts * 100_000 })])
    expect(verdictOf(rare)).toMatchObject({ kind: 'waiting' })
  })

  test('R-DKR-11 when a container of it has gone: its client would not make another one', () => {
    expect(verdictOf([[container()], []])).toMatchObject({
      fault: 'service_gone',
      detail: 'app: somebody has removed it',
    })
  })
})
