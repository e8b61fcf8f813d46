import { expect, test } from 'vitest'
import type { Verdict } from '../../src/model/run.ts'
import { noteSweep } from '../../src/store/sweeps.ts'
import { PASSED } from '../store/samples.ts'
import { aQueued, type Scene, startScene } from './scene.ts'

const RED: Verdict = { conclusion: 'failure', reason: 'stage_failed', title: 'check failed', exitCode: 1 }
const STOPPED: Verdict = { conclusion: 'cancelled', reason: 'cancelled', title: 'Cancelled', exitCode: 143 }

async function ended(scene: Scene, verdict: Verdict, tookMs: number, repository = 'acme/site') {
  const run = aQueued({ repository })
  await scene.queue(run)
  await scene.change(run.id, { state: 'starting', startedAtMs: 1_000 })
  await scene.change(run.id, { state: 'concluded', concludedAtMs: 1_000 + tookMs, verdict })
  return run.id
}

test('R-OBS-04 a recipe says how its last runs ended and how long those took that ended by themselves', async () => {
  await using scene = await startScene()
  await ended(scene, PASSED, 3_000)
  await ended(scene, RED, 1_000)
  await ended(scene, STOPPED, 9_000)
  const other = await ended(scene, PASSED, 7_000, 'acme/other')
  await scene.queue(aQueued())
  const told = async (query = '') => JSON.parse((await scene.get(`/api/v1/recipes/hello${query}`)).text)
  const { history, ...recipe } = await told()
  expect(recipe).toMatchObject({ name: 'hello', driver: 'process', repositories: ['acme/*'] })
  expect(history.outcomes).toEqual({ success: 2, failure: 1, cancelled: 1, timed_out: 0 })
  expect(history.durations).toEqual({
    count: 3,
    shortestMs: 1_000,
    middleMs: 3_000,
    p95Ms: 7_000,
    longestMs: 7_000,
  })
  expect(history.runs).toHaveLength(4)
  expect((await told('?repository=acme/other')).history).toMatchObject({
    outcomes: { success: 1, failure: 0 },
    runs: [{ id: other, tookMs: 7_000, verdict: PASSED }],
  })
  expect(JSON.stringify(await told())).not.toMatch(/"run":|"env"|folder/)
  const { status, text } = await scene.get('/api/v1/recipes/helo')
  expect([status, JSON.parse(text).code, JSON.parse(text).detail]).toEqual([
    404,
    'no_such_recipe',
    'There is hello.',
  ])
})

test('R-OBS-04 the queue says what each waits for and about when it starts', async () => {
  await using scene = await startScene()
  await ended(scene, PASSED, 60_000)
  const holder = aQueued()
  await scene.queue(holder)
  await scene.change(holder.id, { state: 'starting', startedAtMs: Date.now() })
  const waiting = aQueued()
  await scene.queue(waiting)
  const { queued } = JSON.parse((await scene.get('/api/v1/queue')).text)
  expect(queued).toMatchObject([{ id: waiting.id, wait: { place: 1, holder: { run: holder.id } } }])
  expect(queued[0].wait.startsAtMs).toBeGreaterThan(Date.now())
  expect(JSON.parse((await scene.get(`/api/v1/runs/${waiting.id}`)).text).wait).toEqual(queued[0].wait)
})

test('R-OBS-04 R-JAN-06 the last sweeps are told newest first, with reasons; one that cannot be read hides none', async () => {
  await using scene = await startScene()
  const finding = { what: 'name', name: 'a.ci.test', action: 'cleaned', why: 'run x: left' }
  const rest = { tookMs: 5, exitCode: 10, findingCount: 1, leakCount: 0, names: null }
  const kept = { runFolders: 1, bytes: 2, limitBytes: 3 }
  for (let n = 1; n <= 22; n += 1)
    noteSweep(scene.state, { startedAtMs: n, findings: [finding], ...rest, ...kept, secret: 'x' })
  noteSweep(scene.state, { startedAtMs: 'of another berth' })
  const { text } = await scene.get('/api/v1/sweeps')
  const { sweeps } = JSON.parse(text)
  expect(sweeps).toHaveLength(19)
  expect(sweeps[0]).toEqual({ startedAtMs: 22, findings: [finding], ...rest, ...kept })
})

test('R-OBS-04 a badge shows how the newest run that has ended did, and nothing that was asked for becomes a part of it', async () => {
  await using scene = await startScene()
  const badge = async (path: string) => scene.get(`/badges/${path}`)
  expect((await badge('acme/site/hello.svg')).text).toContain('<title>hello: no run</title>')
  await ended(scene, PASSED, 1)
  await scene.queue(aQueued())
  const { headers, text } = await badge('acme/site/hello.svg')
  expect(headers.get('content-type')).toBe('image/svg+xml')
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  expect(text).toContain('<title>hello: passed</title>')
  expect(text).not.toMatch(/href|script|style=/)
  expect((await badge('acme/other/hello.svg')).text).toContain('no run')
  for (const path of ['acme/site/hello', 'acme/site/%3Cscript%3E.svg', `acme/site/${'x'.repeat(41)}.svg`])
    expect((await badge(path)).status).toBe(404)
})
