import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Aim } from '../../src/model/aim.ts'
import { newRunId } from '../../src/store/runId.ts'
import { DOT } from '../picture.ts'
import { aRequest, begun, type Line, type Scene, startScene } from './scene.ts'

function stageOf(name: string, at: number, aim?: Aim): readonly Line[] {
  const end = { name, outcome: 'success', exitCode: 0, detail: '', ending: null } as const
  return [
    [at, { event: 'stage.started', name, containment: { kind: 'sweep', run: 'r', stage: name } }],
    [at + 1, { event: 'stage.ended', ...end, ...(aim === undefined ? {} : { aim }) }],
  ]
}

function runWith(scene: Scene, ...lines: readonly Line[]) {
  const id = newRunId()
  return { id, run: scene.folder(aRequest(id), [...begun(1, ['look', 'blind']), ...lines]) }
}

test('R-DKR-14 R-OBS-03 the run’s page shows the pictures that its stages have taken, and each is there as it is', async () => {
  await using scene = await startScene()
  const { id, run } = runWith(scene, ...stageOf('look', 3_000, 'screenshot'), ...stageOf('blind', 4_000))
  mkdirSync(join(run.folder, 'screenshots'))
  writeFileSync(join(run.folder, 'screenshots/look.png'), DOT)
  const { text } = await scene.get(`/runs/${id}`)
  expect(text).toContain(
    `<a href="/runs/${id}/screenshots/look.png"><img src="/runs/${id}/screenshots/look.png"`,
  )
  expect(text).not.toContain('blind.png')
  const { status, headers } = await scene.get(`/runs/${id}/screenshots/look.png`)
  expect(status).toBe(200)
  expect(headers.get('content-type')).toBe('image/png')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
  expect(headers.get('content-security-policy')).toContain('sandbox')
  const bytes = await (await fetch(`${scene.url}/runs/${id}/screenshots/look.png`)).arrayBuffer()
  expect(Buffer.from(bytes).equals(DOT)).toBe(true)
})

test('R-DKR-14 R-OBS-04 what is no picture of a run is not found, whatever is asked for', async () => {
  await using scene = await startScene()
  const { id } = runWith(scene)
  const paths = [
    'look.png',
    'look',
    '..%2Frequest.json',
    '%2e%2e%2frequest.png',
    '..%2F..%2Fx.png',
    'LOOK.png',
  ]
  for (const path of paths)
    expect((await scene.get(`/runs/${id}/screenshots/${path}`)).status, path).toBe(404)
  expect((await scene.get('/runs/none/screenshots/look.png')).status).toBe(404)
})
