import { writeFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { newRunId } from '../../src/store/runId.ts'
import { aQueued, aRequest, begun, DOMAIN, stage, startScene } from './scene.ts'

test('R-OBS-04 the description is valid OpenAPI 3.1, and every address in it that reads is there', async () => {
  await using scene = await startScene()
  const run = aQueued()
  await scene.queue(run)
  const { text, headers } = await scene.get('/api/v1/openapi.json')
  expect(headers.get('content-type')).toBe('application/json; charset=utf-8')
  const description = JSON.parse(text)
  expect(description.openapi).toBe('3.1.0')
  expect(await new Validator().validate(description)).toEqual({ valid: true })
  const paths = Object.entries<Record<string, unknown>>(description.paths)
  const read = paths.filter(([, methods]) => 'get' in methods).map(([path]) => path)
  expect(read.length).toBeGreaterThanOrEqual(9)
  for (const path of read) {
    const name = path.startsWith('/recipes') ? 'hello' : DOMAIN
    if (path.startsWith('/actions')) continue
    const answer = await scene.get(`/api/v1${path.replace('{id}', run.id).replace('{name}', name)}`)
    expect([path, answer.status]).toEqual([path, 200])
  }
})

test('R-OBS-04 who has an answer already is told that it has not changed, and gets it when it has', async () => {
  await using scene = await startScene()
  await scene.queue(aQueued())
  for (const path of ['/api/v1/runs', '/api/v1/queue', '/badges/acme/site/hello.svg']) {
    const etag = (await scene.get(path)).headers.get('etag') ?? ''
    const again = () => fetch(`${scene.url}${path}`, { headers: { 'if-none-match': etag } })
    const same = await again()
    expect([path, same.status, await same.text()]).toEqual([path, 304, ''])
  }
  const etag = (await scene.get('/api/v1/runs')).headers.get('etag') ?? ''
  await scene.queue(aQueued())
  const changed = await fetch(`${scene.url}/api/v1/runs`, { headers: { 'if-none-match': etag } })
  expect(changed.status).toBe(200)
})

test('R-OBS-04 an unknown field of a query is named, and so is each that is wrong', async () => {
  await using scene = await startScene()
  const { status, headers, text } = await scene.get('/api/v1/runs?limt=5&pr=x&cursor=abc&state=gone')
  expect(status).toBe(400)
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
  const { errors } = JSON.parse(text)
  expect(errors.map(({ field }: { field: string }) => field).toSorted()).toEqual([
    'cursor',
    'limt',
    'pr',
    'state',
  ])
})

test('R-OBS-04 the pages of a list follow each other, and carry its filter', async () => {
  await using scene = await startScene()
  const runs = Array.from({ length: 5 }, (_, n) => aQueued({ enqueuedAtMs: n, pr: n === 2 ? 99 : 12 }))
  await scene.queue(...runs)
  const seen: string[] = []
  let query = '?pr=12&limit=3'
  for (;;) {
    const { runs: page, next } = JSON.parse((await scene.get(`/api/v1/runs${query}`)).text)
    seen.push(...page.map(({ id }: { id: string }) => id))
    if (next === null) break
    query = `?pr=12&limit=3&cursor=${next}`
  }
  expect(seen).toEqual(
    runs
      .filter(({ pr }) => pr === 12)
      .map(({ id }) => id)
      .toReversed(),
  )
})

test('R-OBS-04 a stage has its log beside it, and the address leads there', async () => {
  await using scene = await startScene()
  const id = newRunId()
  const { stages } = scene.folder(aRequest(id), [...begun(1_000, ['check']), ...stage('check', 4_000, 500)])
  writeFileSync(`${stages}/01-check.log`, 'said\n')
  const { timeline, logs } = JSON.parse((await scene.get(`/api/v1/runs/${id}`)).text)
  expect(logs).toEqual([{ name: '01-check', url: `/runs/${id}/logs/01-check` }])
  expect(timeline.find(({ kind }: { kind: string }) => kind === 'stage').log).toEqual(logs[0])
  expect((await scene.get(logs[0].url)).text).toBe('said\n')
})
