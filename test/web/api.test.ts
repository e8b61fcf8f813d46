import { expect, test } from 'vitest'
import { dropTicket, takeTicket } from '../../src/lock/tickets.ts'
import { newRunId } from '../../src/store/runId.ts'
import { PASSED, SHA } from '../store/samples.ts'
import { aQueued, aRequest, begun, DOMAIN, stage, startScene, tornDown } from './scene.ts'

test('R-OBS-04 the runs are listed newest first, by number, repository, pull request and name', async () => {
  await using scene = await startScene()
  const old = aQueued({ enqueuedAtMs: 1_000, pr: 1 })
  const other = aQueued({ enqueuedAtMs: 2_000, repository: 'acme/other', names: ['r:gpu'] })
  await scene.queue(old, other)
  const ids = async (query: string) => {
    const { text } = await scene.get(`/api/v1/runs${query}`)
    return JSON.parse(text).runs.map((run: { id: string }) => run.id)
  }
  expect(await ids('')).toEqual([other.id, old.id])
  expect(await ids('?limit=1')).toEqual([other.id])
  expect(await ids('?repository=acme/site')).toEqual([old.id])
  expect(await ids('?pr=1')).toEqual([old.id])
  expect(await ids('?name=r:gpu')).toEqual([other.id])
})

test('R-OBS-04 a run of the list says all that is for everybody, and nothing of GitHub’s inner numbers', async () => {
  await using scene = await startScene()
  const run = aQueued({ enqueuedAtMs: 1_000 })
  await scene.queue(run)
  const { headers, text } = await scene.get('/api/v1/runs')
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  expect(JSON.parse(text)).toEqual({
    broken: [],
    next: null,
    runs: [
      {
        id: run.id,
        state: 'queued',
        recipe: 'hello',
        repository: 'acme/site',
        pr: 12,
        pullUrl: 'https://github.test/acme/site/pull/12',
        sha: SHA,
        domain: DOMAIN,
        names: [DOMAIN],
        actor: 'octocat',
        arguments: { size: 's' },
        keepMs: 0,
        ref: 'refs/pull/12/head',
        fork: false,
        waitsFor: null,
        stage: null,
        priority: 0,
        attempts: 0,
        verdict: null,
        stop: null,
        queuedAtMs: 1_000,
        startedAtMs: null,
        concludedAtMs: null,
      },
    ],
  })
})

test.each(['limit=0', 'limit=501', 'limit=x', 'pr=-1', 'pr=1e3'])(
  'the list refuses %s and says why',
  async (query) => {
    await using scene = await startScene()
    const { status, text } = await scene.get(`/api/v1/runs?${query}`)
    expect(status).toBe(400)
    const [field = '', given = ''] = query.split('=')
    expect(JSON.parse(text)).toMatchObject({
      type: '/reasons#bad_input',
      status: 400,
      code: 'bad_input',
      errors: [{ field, detail: expect.stringContaining(`and is ${given}`) }],
    })
  },
)

test('R-OBS-04 one run is told with its timeline, teardown, journal and logs, without its environment', async () => {
  await using scene = await startScene()
  const id = newRunId()
  scene.folder(aRequest(id), [
    ...begun(1_000, ['check']),
    ...stage('check', 4_000, 500),
    ...tornDown(5_000, 10),
    [6_000, { event: 'concluded', verdict: PASSED }],
  ])
  const { text } = await scene.get(`/api/v1/runs/${id}`)
  const told = JSON.parse(text)
  expect(told).toMatchObject({
    id,
    state: 'concluded',
    cleaned: true,
    about: { recipe: 'hello', sha: SHA, pullUrl: 'https://github.test/acme/site/pull/12' },
    verdict: PASSED,
    startedAtMs: 1_000,
    concludedAtMs: 6_000,
    timeline: [
      { kind: 'checkout', state: 'success', startedAtMs: 1_000, endedAtMs: 3_000 },
      { kind: 'stage', name: 'check', state: 'success', startedAtMs: 4_000, endedAtMs: 4_500 },
      { kind: 'teardown', state: 'success' },
    ],
    teardown: { verified: true, ended: 3, tookMs: 10, left: [] },
    logs: [],
    fault: null,
  })
  expect(told.journal.map((entry: { event: string }) => entry.event)).toContain('stage.ended')
  expect(text).not.toMatch(/SECRET_OF_THE_RECIPE|cloneUrl/)
})

test('R-OBS-04 the queue has places, slots and what is under way', async () => {
  await using scene = await startScene()
  const [first, second, urgent] = [1, 2, 3].map((n) =>
    aQueued({ enqueuedAtMs: n, priority: n === 3 ? 1 : 0 }),
  )
  if (first === undefined || second === undefined || urgent === undefined) throw new Error('three were made')
  await scene.queue(first, second, urgent)
  await scene.change(first.id, { state: 'starting', startedAtMs: 5 })
  scene.hold(DOMAIN, first.id, 5)
  const { slots, queued, live } = JSON.parse((await scene.get('/api/v1/queue')).text)
  expect(slots).toBe(4)
  expect(queued.map((run: { id: string; position: number }) => [run.position, run.id])).toEqual([
    [1, urgent.id],
    [2, second.id],
  ])
  expect(live).toMatchObject([{ id: first.id, state: 'starting', startedAtMs: 5 }])
})

test('R-OBS-04 R-RUN-11 a run that no process has any more is dead, whatever its records say: in each list, alone, and on its page', async () => {
  await using scene = await startScene()
  const [live, dead] = [1, 2].map((n) => aQueued({ enqueuedAtMs: n, names: [`${n}.ci.test`] }))
  if (live === undefined || dead === undefined) throw new Error('two were made')
  await scene.queue(live, dead)
  scene.hold('1.ci.test', live.id, 5)
  for (const { id, names } of [live, dead]) {
    scene.folder(aRequest(id, { names }), begun(1_000))
    for (const state of ['starting', 'running'] as const) await scene.change(id, { state, startedAtMs: 5 })
  }
  const api = async (path: string) => JSON.parse((await scene.get(`/api/v1/${path}`)).text)
  const states = (runs: readonly { readonly id: string; readonly state: string }[]) =>
    new Map(runs.map(({ id, state }) => [id, state]))
  const truth = new Map([
    [live.id, 'running'],
    [dead.id, 'dead'],
  ])
  expect(states((await api('runs')).runs)).toEqual(truth)
  expect(states((await api('queue')).live)).toEqual(truth)
  expect((await api(`runs/${dead.id}`)).state).toBe('dead')
  expect((await scene.get(`/runs/${dead.id}`)).text).toContain('No process has it any more.')
  expect((await scene.get(`/runs/${live.id}`)).text).not.toContain('No process has it any more.')
  expect((await scene.get('/')).text).toContain('data-state="dead"')
})

test('R-OBS-04 the locks are told with holders and waiters, of tickets and of the queue', async () => {
  await using scene = await startScene()
  const [holder, queued] = [newRunId(), aQueued({ names: [DOMAIN, 'r:gpu'] })]
  scene.hold(DOMAIN, holder, 7_000)
  await scene.queue(queued)
  const ticket = takeTicket(scene.state, [DOMAIN], 'hold: repairs')
  const { names } = JSON.parse((await scene.get('/api/v1/locks')).text)
  dropTicket(scene.state, ticket)
  const waiting = { what: `run ${queued.id}`, run: queued.id }
  expect(names).toEqual([
    { name: 'r:gpu', state: 'free', run: null, sinceMs: null, pids: [], hold: null, waiters: [waiting] },
    {
      name: DOMAIN,
      state: 'busy',
      run: holder,
      sinceMs: 7_000,
      pids: [process.pid],
      hold: null,
      waiters: [{ what: 'hold: repairs', run: null }, waiting],
    },
  ])
})

test.each([
  ['/api/v1/runs/0123456789abcdef', 'no_such_run'],
  ['/api/v1/runs/..%2flocks', 'no_such_run'],
  ['/api/v1/nothing', 'no_such_page'],
])('%s is refused as %s, with the way out', async (path, code) => {
  await using scene = await startScene()
  const { status, text } = await scene.get(path)
  expect(status).toBe(404)
  expect(JSON.parse(text)).toEqual({
    type: `/reasons#${code}`,
    title: expect.stringMatching(/^There is no such .*\.$/),
    status: 404,
    code,
    detail: expect.stringContaining('/api/v1/runs'),
  })
})
