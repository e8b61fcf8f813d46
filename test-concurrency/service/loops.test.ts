import { describe, expect } from 'vitest'
import { killTogether } from '../fixtures/crash.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

const LIMITS =
  'limits: { perActorPerHour: 99, perPullRequestPerHour: 99, perRepositoryPerHour: 99, repeatsPerTenMinutes: 99, crashesInARow: 2 }'

describe('a recipe that keeps crashing', () => {
  test('R-QUE-15 R-CMD-09 with one slot: what is queued of it rests and says until when, other pull requests go on, commands for it are refused, and a new service knows it', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
    scene.recipe('quick')
    scene.slots(1)
    scene.setting(LIMITS)
    await scene.serve()
    const crashing = [await scene.testme(1)]
    await inside.reached()
    for (let n = 0; n < 2; n += 1) crashing.push(await scene.testme(1))
    const [first, second, third] = crashing
    if (first === undefined || second === undefined || third === undefined) throw new Error('too few runs')
    for (const run of [first, second]) {
      if (run === second) await inside.reached()
      const { pid, wrapper } = run.conductor()
      await killTogether(pid, wrapper)
      expect((await run.completed()).output.title).toMatch(/^harness: /)
    }
    const rests = await third.shows('that it rests', ({ output }) =>
      (output.title ?? '').includes('crash_loop'),
    )
    expect(rests.status).toBe('queued')
    expect(rests.output.title).toMatch(
      /app has ended in a fault of the harness 2 times in a row at this commit, and rests until 20\d\d-/,
    )
    expect((await (await scene.testme(2, 'quick')).completed()).conclusion).toBe('success')
    await scene.comment(1, '!testme')
    const [reply] = await until('a reply', () => (scene.answers(1).length > 0 ? scene.answers(1) : null))
    expect(reply).toContain('**[crash_loop](')
    expect(third.events(), 'it has not begun').toEqual([])

    await scene.stop()
    await scene.serve()
    const other = await scene.testme(2, 'quick')
    expect((await other.completed()).conclusion, 'a pass of the new service').toBe('success')
    const waitsFor = expect.stringContaining('crash_loop')
    expect(await scene.json('queue')).toMatchObject([{ id: third.id, waitsFor }])
    await scene.comment(1, `!testme cancel ${third.id}`)
    expect(await third.completed()).toMatchObject({ conclusion: 'cancelled' })
    expect(scene.world.trace().filter((line) => line.startsWith(third.id))).toEqual([])
  })
})
