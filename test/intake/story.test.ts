import { expect, test } from 'vitest'
import { startStory } from './storyWorld.ts'

test('R-CMD-01 from a comment on GitHub to a run in the queue, with the real Octokit in between', async () => {
  await using story = await startStory()
  const { gitHub, store, after } = story
  const { people } = gitHub
  const head = [...gitHub.memory.pulls.values()].find(({ number }) => number === 1)?.head.sha ?? ''

  expect(await after(() => people.comment(1, 'octocat', 'please\n\n!testme'), 'issue_comment')).toBe(
    'run_queued',
  )
  expect(await after(() => people.comment(1, 'visitor', '!testme'), 'issue_comment')).toBe('not_permitted')
  expect(await after(() => people.comment(1, 'visitor', '> !testme'), 'issue_comment')).toBe('no_command')
  const [run, ...more] = await store.queued()
  expect(more).toEqual([])
  expect(run).toMatchObject({ repository: 'acme/site', pr: 1, sha: head, actor: 'octocat', fork: false })

  const files = { 'greeting.txt': 'Hello again.\n' }
  expect(await after(() => people.push(1, { message: 'Say it again', files }), 'pull_request')).toBe(
    'head_seen',
  )
  expect((await store.run(run?.id ?? ''))?.stop).toMatchObject({ reason: 'superseded', by: 'octocat' })
  expect(await after(() => people.close(1, 'octocat'), 'pull_request')).toBe('pr_closed')
  expect(await after(() => people.comment(1, 'octocat', '!testme'), 'issue_comment')).toBe('pr_closed')
  expect(gitHub.unknownCalls()).toEqual([])
})

test('R-CMD-08 a delivery that GitHub sends again, by hand, changes nothing', async () => {
  await using story = await startStory()
  const { gitHub, store } = story
  await story.after(() => gitHub.people.comment(1, 'octocat', '!testme'), 'issue_comment')
  const [sent] = gitHub.deliveries.records()
  expect(gitHub.deliveries.redeliver(sent?.id ?? 0)).toBe(true)
  await gitHub.deliveries.idle()
  expect(gitHub.deliveries.records()[0]).toMatchObject({
    redelivery: true,
    status: { kind: 'answered', code: 202 },
  })
  expect(await store.queued()).toHaveLength(1)
})
