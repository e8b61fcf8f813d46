import { describe, expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe('what comes twice happens once', () => {
  test('R-CMD-08 a replayed delivery, and the same comment under a new delivery id: one run, one reaction, one check', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    const run = await scene.testme(1)
    await run.completed()
    const { deliveries } = scene.gitHub
    const first = deliveries.records().find(isByPerson)
    if (first === undefined) throw new Error('the comment was not delivered')
    expect(deliveries.redeliver(first.id)).toBe(true)
    deliveries.send('issue_comment', 'created', JSON.parse(first.payload))
    await expectNothingMore(scene, run.id)
    expect(scene.gitHub.memory.reactions.size).toBe(1)
    expect(answers(scene)).toEqual(['stored', 'known already', 'stored'])
  })

  test('R-CMD-08 R-CMD-12 the check’s Re-run, delivered twice: one further run, with a check of its own', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    const first = await scene.testme(1)
    const { id } = await first.completed()
    scene.gitHub.people.rerequest(id, 'octocat')
    const { deliveries } = scene.gitHub
    await until('a second run', () => scene.checks.all().length === 2)
    const asked = deliveries.records().find(({ action }) => action === 'rerequested')
    expect(deliveries.redeliver(asked?.id ?? 0)).toBe(true)
    deliveries.send('check_run', 'rerequested', JSON.parse(asked?.payload ?? ''))
    const [, second] = scene.runs()
    expect((await second?.completed())?.conclusion).toBe('success')
    await expectNothingMore(scene, first.id, second?.id ?? '')
  })

  test('R-CMD-12 R-QUE-06 Re-run all checks: one further run of each recipe; pressed again later, one more of each', async ({
    scene,
  }) => {
    for (const name of ['app', 'web']) scene.recipe(name)
    await scene.serve()
    await scene.comment(1, '!testme app web')
    for (const most of [2, 4, 6]) {
      const runs = await until(`${most} runs`, () => (scene.runs().length === most ? scene.runs() : null))
      for (const run of runs) expect((await run.completed()).conclusion).toBe('success')
      const second = Math.floor(Date.now() / 1000)
      await until('the next second, in GitHub’s times', () => Math.floor(Date.now() / 1000) > second)
      if (most < 6) scene.gitHub.people.rerequestAll(1, 'octocat')
    }
    const names = scene.checks.all().map(({ name }) => name)
    expect(names.toSorted()).toEqual([...Array(3).fill('berth / app'), ...Array(3).fill('berth / web')])
  })
})

describe('what is no command starts nothing, and breaks nothing', () => {
  test('R-CMD-02 R-CMD-05 an edited comment, a bot’s, a quoted one, a word that only begins like it, a code block', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    const harmless = await scene.comment(1, 'I think that it works.')
    scene.gitHub.people.editComment(harmless.id, 'octocat', '!testme')
    await scene.comment(1, '> !testme\n\nwhat does that do?')
    await scene.comment(1, '!testmexyz')
    await scene.comment(1, '```\n!testme\n```')
    asBot(scene, harmless.id)
    await expectNothingMore(scene)
    expect(scene.gitHub.memory.reactions.size).toBe(0)
    expect(scene.replies(1)).toEqual([])
  })

  test('R-CMD-05 the service’s own reply, which shows commands, is not taken for one', async ({ scene }) => {
    scene.recipe('app')
    await scene.serve()
    await scene.comment(1, '!testme help')
    await until('the reply', () => scene.replies(1).length === 1)
    expect(scene.replies(1)[0]).toContain('!testme')
    await expectNothingMore(scene)
    expect(scene.replies(1)).toHaveLength(1)
  })
})

/** Not one of the service's own replies, of which GitHub tells as well. */
function isByPerson({ event, payload }: { readonly event: string; readonly payload: string }): boolean {
  return event === 'issue_comment' && JSON.parse(payload).sender?.type === 'User'
}

/** The words in which the comment's deliveries were answered, oldest first. */
function answers({ gitHub }: Scene): readonly string[] {
  const told = gitHub.deliveries.records().filter(isByPerson)
  return told.toReversed().map(({ status }) => {
    if (status.kind !== 'answered') return status.kind
    return JSON.parse(status.response).message
  })
}

/** The comment, said again by a bot. */
function asBot({ gitHub }: Scene, commentId: number): void {
  const told = gitHub.deliveries
    .records()
    .find(({ payload }) => JSON.parse(payload).comment?.id === commentId)
  const payload = JSON.parse(told?.payload ?? '{}')
  const user = { ...payload.comment.user, type: 'Bot', login: 'helper[bot]' }
  const comment = { ...payload.comment, id: commentId + 1000, body: '!testme', user }
  gitHub.deliveries.send('issue_comment', 'created', { ...payload, action: 'created', comment, sender: user })
}

/** Everything that was delivered is decided, and these are all the runs that there are. */
async function expectNothingMore(scene: Scene, ...runs: readonly string[]): Promise<void> {
  await scene.gitHub.deliveries.idle()
  const stored = () =>
    scene
      .service()
      .log()
      .filter(({ msg }) => msg === 'delivery.stored').length
  const decided = () =>
    scene
      .service()
      .log()
      .filter(({ msg }) => msg === 'delivery.decided').length
  await until('every delivery to be decided', () => decided() >= stored() - replays(scene))
  expect(scene.runs().map(({ id }) => id)).toEqual(runs)
  expect(await scene.json('queue')).toEqual([])
  expect(scene.world.runs().map(({ id }) => id)).toEqual(runs)
}

/** Deliveries under an id that is known already are not decided again. */
function replays({ gitHub }: Scene): number {
  return gitHub.deliveries.records().filter(({ redelivery }) => redelivery).length
}
