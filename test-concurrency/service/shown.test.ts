import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

describe('two comments', () => {
  test('R-QUE-06 R-REP-01 R-LCK-13 on one pull request: the second check is queued and names the run that it waits for; both end green, in order', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
    await scene.serve()
    const first = await scene.testme(1)
    await inside.reached()
    const second = await scene.testme(1)
    const waiting = await second.shows('what it waits for', ({ output }) =>
      (output.title ?? '').includes(first.id),
    )
    expect(waiting).toMatchObject({ status: 'queued', conclusion: null, name: 'berth / app' })
    expect(waiting.output.title).toBe(`Queued, place 1: run ${first.id}, which has app-1.ci.localhost`)
    expect(waiting.output.summary).toContain(first.id)

    inside.go()
    await inside.reached()
    expect((await first.completed()).conclusion).toBe('success')
    await second.shows('its progress', ({ status }) => status === 'in_progress')
    inside.go()
    expect((await second.completed()).conclusion).toBe('success')
    const steps = [first, second].flatMap(({ id }) => [`${id} up`, `${id} down`, `${id} gone`])
    expect(scene.world.trace()).toEqual(steps)
    for (const { id } of [first, second])
      expect(scene.checks.story(id)).toEqual(['queued', 'in_progress', 'success'])
  })

  test('R-DKR-09 on two pull requests, at one moment: their runs go side by side, each waits for the other’s barrier', async ({
    scene,
  }) => {
    for (const pr of [1, 2]) execFileSync('mkfifo', [join(scene.world.gates, `meet-${pr}`)])
    const meet =
      'echo here >"$GATES/meet-$BERTH_PR" & read -r _ <"$GATES/meet-$((3 - BERTH_PR))"; wait; echo met'
    scene.recipe('app', { stages: { up: `${SITE} up`, meet, check: `${SITE} check` } })
    await scene.serve()
    for (const pr of [1, 2]) scene.gitHub.people.comment(pr, 'octocat', '!testme')
    for (const run of await until('two runs', () => (scene.runs().length === 2 ? scene.runs() : null))) {
      expect((await run.completed()).conclusion).toBe('success')
      expect(run.check().output.title).toBe('All 3 stages passed')
    }
  })
})
