import { expect, test } from 'vitest'
import { PROBLEMS, problemReasons } from '../../src/model/problem.ts'
import { endReasons, refusalReasons } from '../../src/model/reasons.ts'
import { REFUSALS } from '../../src/model/refusal.ts'
import { END_REASONS } from '../../src/model/run.ts'
import { startScene } from './scene.ts'

test('R-CMD-04 every code that a reply or a check may show has its explanation, at an address of its own', async () => {
  await using scene = await startScene()
  const { status, text } = await scene.get('/reasons')
  expect(status).toBe(200)
  const codes = [...Object.keys(REFUSALS), ...Object.keys(PROBLEMS), ...END_REASONS]
  expect([...text.matchAll(/<dt id="([^"]+)">/g)].map(([, id]) => id).toSorted()).toEqual(codes.toSorted())
  for (const { means, wayOut } of [...refusalReasons(), ...problemReasons(), ...endReasons()]) {
    expect(means).toMatch(/^[A-Zb].*\.$/)
    expect(wayOut).toMatch(/^.{20,}\.$/)
  }
})
