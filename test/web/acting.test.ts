import { describe, expect, test } from 'vitest'
import { readEvent } from '../../src/intake/event.ts'
import type { GitHubFacts } from '../../src/intake/ports.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import type { Scope } from '../../src/model/access.ts'
import { ACTION_EVENT } from '../../src/model/action.ts'
import { newRunId } from '../../src/store/runId.ts'
import { hashOf, newSecret } from '../../src/web/access/secret.ts'
import { startScene as startDoor } from '../intake/scene.ts'
import { PASSED, SHA } from '../store/samples.ts'
import { aQueued, aRequest, begun, DOMAIN, type Scene, startScene, tornDown } from './scene.ts'

/** What is to come is waited for, however busy the machine is. */
const SOON = { timeout: 15_000 }

const GITHUB: GitHubFacts = {
  permissionOf: async () => 'none',
  pullRequest: async () => ({
    open: true,
    headSha: SHA,
    headRepositoryId: '42',
    headPushedAtMs: 0,
    updatedAtMs: Date.now(),
  }),
}

async function tokenIn({ store }: Scene, scope: Scope, name = 'ci-bot', endsAtMs: number | null = null) {
  const secret = newSecret()
  const token = { name, scope, madeBy: 'root', madeAtMs: Date.now() - 10, endsAtMs }
  expect(await store.addToken(token, hashOf(secret))).toBe(true)
  return secret
}

async function send(scene: Scene, path: string, token: string | null, body: unknown = null, more = {}) {
  const headers = {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...(body === null ? {} : { 'content-type': 'application/json' }),
    ...more,
  }
  const text = body === null ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await fetch(`${scene.url}${path}`, { method: 'POST', headers, ...text })
  return { status: response.status, headers: response.headers, told: JSON.parse(await response.text()) }
}

async function told(scene: Scene, path: string, token: string) {
  const response = await fetch(`${scene.url}${path}`, { headers: { authorization: `Bearer ${token}` } })
  return JSON.parse(await response.text())
}

describe('cancel', () => {
  test('R-OBS-04 a token that acts stops a run as `berth cancel` does, whether GitHub answers or not, and who did it is kept', async () => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    const token = await tokenIn(scene, 'act')
    const answer = await send(scene, `/api/v1/runs/${run.id}/cancel`, token)
    expect([answer.status, answer.told]).toMatchObject([
      200,
      { act: 'cancel', run: run.id, by: 'token ci-bot', end: { code: 'stop_requested', runs: [run.id] } },
    ])
    expect((await scene.store.run(run.id))?.stop).toMatchObject({ reason: 'cancelled', by: 'token ci-bot' })
    const { actions } = await told(scene, '/api/v1/actions', token)
    expect(actions).toEqual([answer.told])
    expect(actions[0].from).toMatch(/^(?:::ffff:)?127\.0\.0\.1$/)
  })

  test('R-OBS-04 a run that is over is no fault, and one that is not there is a problem with its code; both are kept', async () => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    await scene.change(run.id, { state: 'starting', startedAtMs: 1 })
    await scene.change(run.id, { state: 'concluded', concludedAtMs: 2, verdict: PASSED })
    const token = await tokenIn(scene, 'act')
    const over = await send(scene, `/api/v1/runs/${run.id}/cancel`, token)
    expect([over.status, over.told.end.code]).toEqual([200, 'nothing_to_do'])
    const none = await send(scene, `/api/v1/runs/${newRunId()}/cancel`, token)
    expect([none.status, none.told]).toMatchObject([
      404,
      { type: '/reasons#no_such_run', status: 404, code: 'no_such_run', action: expect.any(String) },
    ])
    const { actions } = await told(scene, '/api/v1/actions', token)
    expect(actions.map(({ end }: { end: { code: string } }) => end.code)).toEqual([
      'no_such_run',
      'nothing_to_do',
    ])
  })
})

describe('retry', () => {
  test('R-CMD-12 R-OBS-04 it takes the way of the check’s button: the same recipe and arguments, once, and the operator needs no permission', async () => {
    await using scene = await startScene(undefined, GITHUB)
    const run = aQueued({ arguments: { size: 'l' } })
    await scene.queue(run)
    const token = await tokenIn(scene, 'act')
    const { status, told: action } = await send(scene, `/api/v1/runs/${run.id}/retry`, token)
    expect([status, action.end.code]).toEqual([200, 'run_queued'])
    const [id = ''] = action.end.runs
    expect(await scene.store.run(id)).toMatchObject({
      recipe: 'hello',
      arguments: { size: 'l' },
      sha: SHA,
      pr: 12,
      actor: 'token ci-bot',
      commentId: null,
    })
    const reports = await scene.store.dueReports(Number.MAX_SAFE_INTEGER, 99)
    expect(reports.map(({ kind }) => kind)).not.toContain('reply')
  })

  test('R-CMD-09 R-OBS-04 limits hold for tokens as for people, each with its code, and it is said when the limit is free again', async () => {
    await using scene = await startScene(undefined, GITHUB)
    const run = aQueued({ arguments: { size: 'l' } })
    await scene.queue(run)
    const token = await tokenIn(scene, 'act')
    const codes: string[] = []
    for (let n = 0; n < 6; n += 1) {
      const { told: answer } = await send(scene, `/api/v1/runs/${run.id}/retry`, token)
      codes.push(answer.end?.code ?? answer.code)
    }
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'run_queued'), 'command_loop'])
  })

  test('R-OBS-04 while GitHub does not answer it is stored, and decided later', async () => {
    await using scene = await startScene(undefined, undefined, 100)
    const run = aQueued()
    await scene.queue(run)
    const token = await tokenIn(scene, 'act')
    const { status, told: action } = await send(scene, `/api/v1/runs/${run.id}/retry`, token)
    expect([status, action.end]).toEqual([202, null])
    expect((await scene.store.undecided(Number.MAX_SAFE_INTEGER)).map(({ id }) => id)).toEqual([action.id])
  })
})

describe('hold and release', () => {
  test('R-JAN-10 R-OBS-04 a name is held for others to see, and released again, by orders like those of comments', async () => {
    await using scene = await startScene()
    const token = await tokenIn(scene, 'act')
    const wish = { reason: 'repairs', for: '10m' }
    const { status, told: held } = await send(scene, `/api/v1/locks/${DOMAIN}/hold`, token, wish)
    expect([status, held.end.code]).toEqual([200, 'hold_ordered'])
    await expect
      .poll(async () => (await told(scene, `/api/v1/actions/${held.id}`, token)).order?.outcome, SOON)
      .toBe('held')
    await expect
      .poll(async () => JSON.parse((await scene.get(`/api/v1/locks/${DOMAIN}`)).text).hold, SOON)
      .toMatchObject({ by: 'token ci-bot', reason: 'repairs', order: `${held.id}:0` })
    const released = await send(scene, `/api/v1/locks/${DOMAIN}/release`, token, { reason: 'done' })
    await expect
      .poll(
        async () => (await told(scene, `/api/v1/actions/${released.told.id}`, token)).order?.outcome,
        SOON,
      )
      .toBe('hold_ended')
  })

  test('R-JAN-03 R-OBS-04 a name that runs may not use is not held', async () => {
    await using scene = await startScene()
    const token = await tokenIn(scene, 'act')
    const { status, told: problem } = await send(scene, '/api/v1/locks/www.example.org/hold', token, {
      reason: 'x',
    })
    expect([status, problem.code]).toEqual([404, 'unknown_domain'])
    expect(problem.detail).toContain('www.example.org is not one that runs may use')
    expect(await scene.store.openOrders()).toEqual([])
  })

  test.each([
    [{ reason: 'x', for: '25h' }, 'for'],
    [{ reason: 'x', for: 'long' }, 'for'],
    [{ for: '1h' }, 'reason'],
    [{ reason: '' }, 'reason'],
    [{ reason: 'x'.repeat(501) }, 'reason'],
    [{ reason: 'x', until: 'ever' }, 'until'],
  ])('R-OBS-04 a hold with %j names the field that is wrong', async (wish, field) => {
    await using scene = await startScene()
    const token = await tokenIn(scene, 'act')
    const { status, told: problem } = await send(scene, `/api/v1/locks/${DOMAIN}/hold`, token, wish)
    expect([status, problem.code, problem.errors.map((one: { field: string }) => one.field)]).toEqual([
      400,
      'bad_input',
      [field],
    ])
  })
})

describe('rights', () => {
  test('R-OBS-04 acting needs a token that acts; each other answer says why, and does nothing', async () => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    const path = `/api/v1/runs/${run.id}/cancel`
    const reader = await tokenIn(scene, 'read', 'reader')
    const over = await tokenIn(scene, 'act', 'over', Date.now() - 1)
    const revoked = await tokenIn(scene, 'act', 'revoked')
    expect(await scene.store.revokeToken('revoked', Date.now())).toBe(true)
    const none = await send(scene, path, null)
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="berth"')
    expect([none.status, none.told.code]).toEqual([401, 'not_signed_in'])
    for (const token of [over, revoked, 'berth', hashOf(reader)])
      expect([(await send(scene, path, token)).status, (await send(scene, path, token)).told.code]).toEqual([
        401,
        'bad_token',
      ])
    const reading = await send(scene, path, reader)
    expect([reading.status, reading.told.code]).toEqual([403, 'scope_missing'])
    expect((await scene.store.run(run.id))?.stop).toBeNull()
    expect(await scene.store.actions(9)).toEqual([])
    expect((await scene.get('/api/v1/actions')).status).toBe(401)
    expect(await told(scene, '/api/v1/actions', reader)).toEqual({ actions: [] })
  })

  test('R-OBS-04 a token may act so often in a minute, and whoever tries out texts is made to wait', async () => {
    let nowMs = Date.now()
    await using scene = await startScene((world) => ({ ...world, now: () => nowMs }))
    const token = await tokenIn(scene, 'act')
    const path = `/api/v1/runs/${newRunId()}/cancel`
    const codes = new Set<string>()
    for (let n = 0; n < 60; n += 1) codes.add((await send(scene, path, token)).told.code)
    expect([...codes]).toEqual(['no_such_run'])
    const late = await send(scene, path, token)
    expect([late.status, late.told.code, late.headers.get('retry-after')]).toEqual([
      429,
      'too_many_requests',
      '60',
    ])
    nowMs += 60_000
    expect((await send(scene, path, token)).told.code).toBe('no_such_run')
    for (let n = 0; n < 20; n += 1) await send(scene, path, 'guess')
    expect((await send(scene, path, 'guess')).told.code).toBe('too_many_requests')
    expect((await send(scene, path, token)).told.code).toBe('no_such_run')
  })

  test('R-OBS-04 bodies are bounded and of one type, and what is no JSON is said to be none', async () => {
    await using scene = await startScene()
    const token = await tokenIn(scene, 'act')
    const path = `/api/v1/locks/${DOMAIN}/hold`
    const big = await send(scene, path, token, { reason: 'x'.repeat(17_000) })
    expect([big.status, big.told.code]).toEqual([413, 'too_large'])
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const typed = await send(scene, path, token, 'reason=x', form)
    expect([typed.status, typed.told.code]).toEqual([415, 'wrong_type'])
    const broken = await send(scene, path, token, '{"reason":')
    expect([broken.status, broken.told.code]).toEqual([400, 'bad_input'])
    const put = await fetch(`${scene.url}${path}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
    })
    expect([put.status, JSON.parse(await put.text()).code]).toEqual([405, 'method_not_allowed'])
  })

  test('R-CMD-08 no webhook can pass for an action', async () => {
    await using door = await startDoor()
    const response = await door.deliver(ACTION_EVENT, { id: 'x', act: 'cancel' })
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('x-github-event')])
    expect(readEvent({ event: 'action', payload: '{}' })).toMatchObject({ kind: 'ignored' })
  })
})

test('R-JAN-10 R-OBS-04 what a dead run left is declared clean over the API, and the run’s journal says by whom', async () => {
  await using scene = await startScene()
  const id = newRunId()
  scene.folder(aRequest(id), [...begun(1_000, ['check']), ...tornDown(5_000, 10, ['a process'])])
  addOpenRun(scene.state, { run: id, locks: [DOMAIN], since: 1 })
  const token = await tokenIn(scene, 'act')
  const { told: action } = await send(scene, `/api/v1/locks/${DOMAIN}/release`, token, {
    reason: 'seen to it',
  })
  await expect
    .poll(async () => (await told(scene, `/api/v1/actions/${action.id}`, token)).order, SOON)
    .toEqual({ outcome: 'declared_clean', detail: `run ${id}` })
})
