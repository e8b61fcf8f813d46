import { expect, test } from 'vitest'
import type { Aim } from '../../src/model/aim.ts'
import type { Outcome } from '../../src/model/run.ts'
import { PASSED } from '../store/samples.ts'
import { aQueued, aRequest, begun, type Line, type Scene, startScene } from './scene.ts'

/** A run that has ended, whose stages were about these parts of a stack. */
async function ended(scene: Scene, ...stages: readonly (readonly [aim: Aim, outcome: Outcome])[]) {
  const run = aQueued({ repository: 'acme/site' })
  await scene.queue(run)
  const names = stages.map((_, index) => `s${index}`)
  const lines = stages.flatMap(([aim, outcome], index): readonly Line[] => {
    const name = `s${index}`
    const end = { name, outcome, exitCode: null, detail: '', ending: null, aim }
    return [
      [3_000, { event: 'stage.started', name, containment: { kind: 'sweep', run: run.id, stage: name } }],
      [3_001, { event: 'stage.ended', ...end }],
    ]
  })
  scene.folder(aRequest(run.id), [...begun(1, names), ...lines])
  await scene.change(run.id, { state: 'starting', startedAtMs: 1_000 })
  await scene.change(run.id, { state: 'concluded', concludedAtMs: 2_000, verdict: PASSED })
}

test('R-DKR-14 a badge shows how far the stack of the newest run that has ended came', async () => {
  await using scene = await startScene()
  const badge = async (path: string) => scene.get(`/badges/${path}`)
  const level = async () => (await badge('acme/site/hello/level.svg')).text
  expect(await level()).toContain('<title>hello level: unknown</title>')
  await ended(scene)
  expect(await level()).toContain('<title>hello level: unknown</title>')
  await ended(scene, ['deploy', 'success'], ['ready', 'success'])
  const { headers, text } = await badge('acme/site/hello/level.svg')
  expect(headers.get('content-type')).toBe('image/svg+xml')
  expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  expect(text).toContain('<title>hello level: 2 of 5</title>')
  expect(text).toContain('#1a7f37')
  await ended(scene, ['deploy', 'success'], ['ready', 'failure'])
  expect(await level()).toMatch(/hello level: 1 of 5[\s\S]*#b42318/)
  await scene.queue(aQueued({ repository: 'acme/site' }))
  expect(await level()).toContain('1 of 5')
  for (const path of ['acme/site/%3Cscript%3E/level.svg', `acme/site/${'x'.repeat(41)}/level.svg`])
    expect((await badge(path)).status).toBe(404)
})
