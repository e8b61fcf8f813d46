import { afterAll, beforeAll, expect, test } from 'vitest'
import { addPast, aFullRun } from './runShowcase.ts'
import { aQueued, type Scene, startScene } from './scene.ts'

let scene: Scene
let full: string
beforeAll(async () => {
  scene = await startScene()
  await addPast(scene)
  full = await aFullRun(scene)
}, 120_000)
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

test('R-OBS-03 a recipe’s page says how its runs went, which stages are slow, and which are flaky, without a picture', async () => {
  const { text, status } = await scene.get('/recipes/hello')
  expect(status).toBe(200)
  expect(text).toContain('The last 37 runs, oldest on the left')
  expect(text).toMatch(/median 1m\d+s<\/span>[\s\S]*95th percentile [12]m\d+s/)
  expect(text).toMatch(/31 success \(84 %\)<\/li>[\s\S]*6 failure \(16 %\)/)
  const rows = [...text.matchAll(/<tr><td>(check|deploy|teardown)<\/td><td>([^<]*)<\/td>[\s\S]*?<\/tr>/g)]
  expect(rows.map(([, name]) => name)).toEqual(['deploy', 'check', 'teardown'])
  expect(rows[0]?.[0]).toMatch(
    /5 of 36<\/span><\/td>[\s\S]*data-state="flaky"[^>]*>flaky<\/span> \d of \d+ commits/,
  )
  expect(rows[1]?.[0]).toContain('no (0 of')
  expect(text).toContain('<strong>Flaky</strong> is a stage that has both passed and failed')
  expect(text).toContain(`href="/runs/${full}"`)
})

test('R-OBS-03 it is one repository’s history where that is asked for, and the list leads to it', async () => {
  const list = await scene.get('/recipes')
  expect(list.text).toContain('<a href="/recipes/hello">hello</a>')
  const all = (await scene.get('/recipes/hello')).text
  expect(all).toContain('<a href="/recipes/hello?repository=acme%2Fshop">acme/shop</a>')
  const { text } = await scene.get('/recipes/hello?repository=acme%2Fshop')
  expect(text).toContain('The last 8 runs')
  expect(text).not.toContain('hello on acme/site')
})

test('R-OBS-03 a recipe that nobody knows is not there; one that is not in force any more has its history', async () => {
  expect((await scene.get('/recipes/none')).status).toBe(404)
  const gone = aQueued({ recipe: 'gone' })
  await scene.queue(gone)
  await scene.change(gone.id, {
    state: 'concluded',
    concludedAtMs: 5,
    verdict: { conclusion: 'cancelled', reason: 'cancelled', title: '<b>', exitCode: 143 },
  })
  const { text, status } = await scene.get('/recipes/gone')
  expect(status).toBe(200)
  expect(text).toContain('not in force any more')
  expect(text).toContain('&lt;b&gt;')
})

test('R-OBS-03 R-OBS-04 a recipe’s page and the API have one history', async () => {
  const { history } = JSON.parse((await scene.get('/api/v1/recipes/hello?limit=100')).text)
  expect(history.stages.map(({ name }: { name: string }) => name)).toEqual(['deploy', 'check', 'teardown'])
  expect(history.stages[0]).toMatchObject({ durations: { count: 36 }, outcomes: { failure: 5, success: 31 } })
  expect(history.stages[0].flakiness.flaky).toBeGreaterThan(1)
  expect(history.runs[0]).toMatchObject({ id: full, stages: null })
  expect(history.runs[1].stages).toHaveLength(3)
})

test('R-OBS-03 R-DKR-14 a run’s page shows its wait, its level rung by rung, and the names of its artefacts', async () => {
  const { text } = await scene.get(`/runs/${full}`)
  expect(text).toMatch(/<span class="step">waited<\/span>[\s\S]*?class="took">6m40s</)
  // Half as long as the run itself, and marked as cut: else the stages were a line beside the wait.
  expect(text).toMatch(
    /<rect x="0.00%" y="0" width="33\.\d\d%"[^>]*data-state="over"><\/rect><rect class="cut"/,
  )
  expect(text).toContain('Level 1 of 5')
  expect(text).toMatch(/<li data-state="failed"><span>stays up<\/span> <small>failed<\/small>/)
  expect(text).toContain('&lt;img src=x&gt;.png')
  expect(text).toContain('report.xml')
  const told = JSON.parse((await scene.get(`/api/v1/runs/${full}`)).text)
  expect(told.level).toMatchObject({ height: 1, rungs: { 'stays up': 'failed' } })
  expect(told.artefacts.files).toEqual(['<img src=x>.png', 'report.xml'])
})

test('R-OBS-03 a run that waits says who has its name and about when it starts', async () => {
  const holder = aQueued({ domain: 'w.ci.test', names: ['w.ci.test'] })
  await scene.queue(holder)
  await scene.change(holder.id, { state: 'starting', startedAtMs: Date.now() })
  const waiting = aQueued({ domain: 'w.ci.test', names: ['w.ci.test'] })
  await scene.queue(waiting)
  const { text } = await scene.get(`/runs/${waiting.id}`)
  expect(text).toContain(`<code>w.ci.test</code> is held by run <a class="id" href="/runs/${holder.id}">`)
  expect(text).toMatch(/It is likely to start at about <time /)
  expect(text).toMatch(/<span class="step">waiting<\/span> <span class="state" data-state="under_way">/)
})
