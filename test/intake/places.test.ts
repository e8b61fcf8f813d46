import { expect, test } from 'vitest'
import type { NewReport } from '../../src/model/report.ts'
import { githubWriter } from '../../src/report/github.ts'
import { startOutbox } from '../../src/report/outbox.ts'
import { GITHUB_PACE } from '../../src/report/pace.ts'
import { SYSTEM_TIME } from '../../src/report/time.ts'
import { gitHubApp } from '../../src/world/github.ts'
import { SECRET } from './scene.ts'
import { APP_ID, type Story, startStory } from './storyWorld.ts'

interface Ended {
  readonly kind: NewReport['kind']
  /** Null = GitHub has it. */
  readonly error: string | null
}

/** The outbox as in service, which nothing was told by before; resolves when so many reports are sent or given up. */
async function tellAll({ gitHub, store, privateKey }: Story, count: number): Promise<readonly Ended[]> {
  const app = await gitHubApp({
    appId: APP_ID,
    privateKey,
    webhookSecret: SECRET,
    client: null,
    apiUrl: `${gitHub.url}/api/v3`,
    host: '127.0.0.1',
    port: 0,
    publicUrl: 'http://127.0.0.1',
    logLevel: 'silent',
  })
  const ended: Ended[] = []
  const all = Promise.withResolvers<void>()
  await using _outbox = startOutbox({
    store,
    github: githubWriter({ octokitFor: app.clientFor, appId: APP_ID, time: SYSTEM_TIME }),
    time: SYSTEM_TIME,
    pace: GITHUB_PACE,
    page: () => null,
    note(note) {
      if (note.event === 'report.put_off') all.reject(new Error(`is tried again: ${note.error}`))
      if (note.event !== 'report.sent' && note.event !== 'report.failed') return
      ended.push({ kind: note.report.kind, error: note.event === 'report.failed' ? note.error : null })
      if (ended.length === count) all.resolve()
    },
  })
  await all.promise
  return ended.toSorted((one, other) => one.kind.localeCompare(other.kind))
}

function kindsOf(ended: readonly Ended[]): readonly string[] {
  return ended.map(({ kind, error }) => `${kind} ${error === null ? 'sent' : 'failed'}`)
}

async function runOf({ store }: Story) {
  const [run] = await store.queued()
  if (run === undefined) throw new Error('nothing is queued')
  return run
}

test('R-REP-02 R-REP-03 a repository that was renamed without a word to us is reached all the same: GitHub leads reading and writing to its new name', async () => {
  await using story = await startStory({ events: ['issue_comment'] })
  const { gitHub, after, store } = story
  await after(() => gitHub.people.comment(1, 'octocat', '!testme\n!testme help'), 'issue_comment')
  await gitHub.owner.rename('renamed')
  const run = await runOf(story)
  expect(run.repository).toBe('acme/site')
  expect(kindsOf(await tellAll(story, 3))).toEqual(['check sent', 'reaction sent', 'reply sent'])
  const change = { state: 'starting', startedAtMs: 1 } as const
  const body = JSON.stringify({
    name: 'berth / hello',
    head_sha: run.sha,
    external_id: run.id,
    status: 'in_progress',
  })
  const [again] = await store.runs({ limit: 1 })
  await store.change(run.id, 'queued', change, [
    {
      key: `check:${run.id}:${again?.reports ?? 0}`,
      kind: 'check',
      runId: run.id,
      repository: run.repository,
      installationId: run.installationId,
      pr: run.pr,
      commentId: null,
      body,
      terminal: false,
    },
  ])
  expect(kindsOf(await tellAll(story, 1))).toEqual(['check sent'])
  const checks = [...gitHub.memory.checkRuns.values()].filter(({ externalId }) => externalId === run.id)
  expect(checks).toMatchObject([{ repositoryId: gitHub.repository.id, status: 'in_progress' }])
  expect(gitHub.unknownCalls()).toEqual([])
})

test('R-CMD-10 R-REP-02 a repository whose renaming GitHub tells of is reached under its new name, and asked under it', async () => {
  await using story = await startStory()
  const { gitHub, after, store } = story
  await after(() => gitHub.people.comment(1, 'octocat', '!testme'), 'issue_comment')
  expect(await after(() => gitHub.owner.rename('renamed'), 'repository')).toBe('repository_moved')
  gitHub.memory.formerNames.clear()
  expect((await runOf(story)).repository).toBe('acme/renamed')
  expect(kindsOf(await tellAll(story, 3))).toEqual(['check sent', 'reaction sent', 'reply sent'])
  expect(await after(() => gitHub.people.comment(1, 'octocat', '!testme cancel'), 'issue_comment')).toBe(
    'stop_requested',
  )
  expect(
    (await store.runs({ limit: 9, repository: 'acme/renamed', pr: 1 })).map(({ stop }) => stop?.reason),
  ).toEqual(['cancelled'])
})

test('R-REP-04 R-CMD-04 in a locked conversation the check still tells; what GitHub refuses there is given up at once, and shown', async () => {
  await using story = await startStory()
  const { gitHub, after, store } = story
  await after(() => gitHub.people.comment(1, 'octocat', '!testme\n!testme help'), 'issue_comment')
  const pull = [...gitHub.memory.pulls.values()].find(({ number }) => number === 1)
  if (pull !== undefined) gitHub.owner.lock(pull)
  expect(kindsOf(await tellAll(story, 3))).toEqual(['check sent', 'reaction failed', 'reply failed'])
  const { newest } = await store.failedReports(9)
  expect(newest.map(({ error }) => error).toSorted()).toEqual([
    expect.stringContaining('HTTP 403: Unable to create comment because issue is locked.'),
    expect.stringContaining('HTTP 403: Unable to create reaction because issue is locked.'),
  ])
  expect((await runOf(story)).stop).toBeNull()
})

test('R-CMD-05 R-REP-04 a comment that is gone before it is answered stops nothing: its reaction is given up, its run goes on', async () => {
  await using story = await startStory()
  const { gitHub, after } = story
  await after(() => gitHub.people.comment(1, 'octocat', '!testme\n!testme help'), 'issue_comment')
  const { commentId } = await runOf(story)
  expect(await after(() => gitHub.people.deleteComment(commentId ?? 0, 'octocat'), 'issue_comment')).toBe(
    'comment_deleted',
  )
  expect(await tellAll(story, 3)).toMatchObject([
    { kind: 'check', error: null },
    { kind: 'reaction', error: expect.stringContaining('HTTP 404') },
    { kind: 'reply', error: null },
  ])
  expect((await runOf(story)).stop).toBeNull()
})

test.each([
  ['archived', 'repository', 'repository_gone', 'HTTP 403: Repository was archived so is read-only.'],
  ['suspended', 'installation', 'installation_gone', 'HTTP 403: This installation has been suspended'],
  ['uninstalled', 'installation', 'installation_gone', 'HTTP 404: Not Found'],
] as const)(
  'R-CMD-10 R-REP-04 what is %s has its runs stopped, and its reports end as failed at the first try, in GitHub’s words',
  async (how, event, reason, error) => {
    await using story = await startStory()
    const { gitHub, after, store } = story
    await after(() => gitHub.people.comment(1, 'octocat', '!testme'), 'issue_comment')
    const acts = {
      archived: gitHub.owner.archive,
      suspended: gitHub.owner.suspend,
      uninstalled: gitHub.owner.uninstall,
    }
    expect(await after(acts[how], event)).toBe(reason)
    expect((await runOf(story)).stop).toMatchObject({ reason, by: expect.stringContaining('octocat') })
    expect(kindsOf(await tellAll(story, 3))).toEqual(['check failed', 'reaction failed', 'reply failed'])
    const { count, newest } = await store.failedReports(9)
    expect([count, await store.pendingReports()]).toEqual([3, 0])
    expect(newest.map((report) => [report.attempts, report.error])).toEqual(
      Array.from({ length: 3 }, () => [1, expect.stringContaining(error)]),
    )
  },
)

test('R-CMD-10 an account that lets the App in again is served again', async () => {
  await using story = await startStory()
  const { gitHub, after } = story
  expect(await after(gitHub.owner.suspend, 'installation')).toBe('installation_gone')
  expect(await after(gitHub.owner.unsuspend, 'installation')).toBe('installation_unsuspend')
  expect(await after(() => gitHub.people.comment(1, 'octocat', '!testme'), 'issue_comment')).toBe(
    'run_queued',
  )
  expect((await runOf(story)).stop).toBeNull()
  expect(kindsOf(await tellAll(story, 3))).toEqual(['check sent', 'reaction sent', 'reply sent'])
})
