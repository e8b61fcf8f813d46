import { describe, expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { GATE } from '../fixtures/world.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe.concurrent('what GitHub’s webhooks did not tell, since no service was there', () => {
  test('R-CMD-08 R-CMD-01 a comment: the next service finds it, runs it once, and hears its webhook in vain', async ({
    scene,
  }) => {
    scene.setting('reconcile: 1s')
    scene.recipe('app')
    await scene.serve()
    await firstLook(scene)
    await scene.stop()
    const asked = await scene.comment(1, '!testme')
    await scene.serve()
    const [run] = await until('its check', () => (scene.runs().length === 1 ? scene.runs() : null))
    expect((await run?.completed())?.conclusion).toBe('success')
    expect(scene.reactions(asked)).toEqual(['eyes'])
    const missed = scene.gitHub.deliveries
      .records()
      .find(({ event, payload }) => event === 'issue_comment' && JSON.parse(payload).sender.type === 'User')
    scene.gitHub.deliveries.redeliver(missed?.id ?? 0)
    await scene.gitHub.deliveries.idle()
    await until('the webhook to be decided', () =>
      scene
        .service()
        .log()
        .some(
          ({ msg, ...line }) => msg === 'delivery.decided' && JSON.stringify(line).includes('"isNew":false'),
        ),
    )
    expect(scene.runs()).toHaveLength(1)
  })

  test('R-CMD-08 comments from before the first look of all start nothing', async ({ scene }) => {
    scene.setting('reconcile: 1s')
    scene.recipe('app')
    await scene.comment(1, '!testme')
    await scene.serve()
    await firstLook(scene)
    const later = await scene.testme(2)
    expect((await later.completed()).conclusion).toBe('success')
    expect(scene.runs()).toHaveLength(1)
  })

  test('R-CMD-10 R-RUN-04 that the pull request was closed: its live run is stopped and torn down', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.setting('reconcile: 1s')
    scene.recipe('app', { stages: { inside: `${GATE} inside` } })
    await scene.serve()
    const run = await scene.testme(1)
    await inside.reached()
    await scene.service().kill()
    scene.gitHub.people.close(1, 'octocat')
    await scene.gitHub.deliveries.idle()
    await scene.serve()
    expect(await run.completed()).toMatchObject({ conclusion: 'cancelled' })
    expect(run.stop()).toMatchObject({ reason: 'pr_closed' })
  })
})

test('R-REP-01 a check that GitHub shows as in progress although its run has ended is corrected by the next service', async ({
  scene,
}) => {
  scene.setting('reconcile: 1s')
  scene.recipe('app')
  await scene.serve()
  const run = await scene.testme(1)
  const ended = await run.completed()
  await scene.stop()
  const lagging = { ...ended, status: 'in_progress', conclusion: null, completedAtMs: null } as const
  // Past the book of what GitHub was told: nobody has told it that.
  Map.prototype.set.call(scene.gitHub.memory.checkRuns, ended.id, lagging)
  await scene.serve()
  expect((await run.completed()).output).toEqual(ended.output)
  expect(scene.checks.of(run.id)?.conclusion).toBe('success')
})

/** Until the repository has been looked at: the second look begins when the first is on disk. */
async function firstLook(scene: Scene): Promise<void> {
  const asks = 'GET /repos/acme/site/issues/comments'
  await until('two looks', () => scene.road.travelled().filter((one) => one.asks === asks).length > 1)
}
