import { describe, expect, test } from 'vitest'
import type { NewReport } from '../../src/model/report.ts'
import { LIMITS } from '../model/policyWorld.ts'
import {
  allChecksOf,
  buttonOf,
  commentOf,
  example,
  HEAD,
  INSTALLATION,
  PR,
  pushOf,
  REPOSITORY_ID,
  WRITER,
} from './examples.ts'
import { CONFIG, type Scene, startScene } from './scene.ts'

const REPOSITORY = String(REPOSITORY_ID)
const STRANGER = { login: 'stranger', id: 4, type: 'User' }
const AFTER = '9999999999999999999999999999999999999999'

/** A comment of its own; `n` makes its id. */
function comment(n: number, body: string, change: object = {}) {
  return commentOf(body, { comment: { id: n, body, ...change } })
}

function asFork(scene: Scene): void {
  scene.gitHub.pull = {
    head: { sha: HEAD, repo: { id: 77, pushed_at: '2019-05-15T15:20:32Z' } },
  }
}

async function bodyOf(scene: Scene, key: string): Promise<unknown> {
  const report = (await scene.reports()).find((one) => one.key === key)
  return report === undefined ? null : JSON.parse(report.body)
}

describe('a comment', () => {
  test('R-CMD-01 starts a run of the default recipe at the head, with its first reports', async () => {
    await using scene = await startScene()
    expect(await scene.decided('issue_comment', comment(1, 'Please\n!testme size=l keep=5m'))).toEqual({
      outcome: 'run_queued',
      isNew: true,
    })
    const [run, ...more] = await scene.store.queued()
    expect(more).toEqual([])
    expect(run).toMatchObject({
      state: 'queued',
      repository: 'Codertocat/Hello-World',
      repositoryId: REPOSITORY,
      installationId: 7,
      cloneUrl: 'https://github.com/Codertocat/Hello-World.git',
      pr: PR,
      sha: HEAD,
      ref: 'refs/pull/2/head',
      fork: false,
      recipe: 'hello',
      arguments: { size: 'l' },
      keepMs: 300_000,
      domain: 'hello-world-hello-pr2.ci.test',
      names: ['hello-world-hello-pr2.ci.test'],
      actor: 'Codertocat',
      commentId: 1,
    })
    expect(await bodyOf(scene, 'reaction:1')).toEqual({ content: 'eyes' })
    expect(await bodyOf(scene, `check:${run?.id}:0`)).toMatchObject({
      name: 'berth / hello',
      head_sha: HEAD,
      external_id: run?.id,
      status: 'queued',
    })
    expect(await scene.replies()).toEqual([
      `Testing ${HEAD}.\n\n- \`hello size=l\`: queued (run \`${run?.id}\`)`,
    ])
  })

  test('R-CMD-02 with several commands gets one reply that answers each', async () => {
    await using scene = await startScene()
    await scene.decided(
      'issue_comment',
      comment(1, '!testme world\n!testme nope\n!testme Hello\n!testme status'),
    )
    const [run] = await scene.store.queued()
    const [reply, ...more] = await scene.replies()
    expect(more).toEqual([])
    expect(reply).toBe(
      [
        '**`!testme world`**',
        `Testing ${HEAD}.`,
        `- \`world\`: queued (run \`${run?.id}\`)`,
        '**`!testme nope`**',
        '**unknown_recipe**: There is no such recipe for this repository. There is no `nope`; there is `hello`, `world`.',
        '**`!testme Hello`**',
        "**bad_command**: The line could not be read as a command. `Hello` cannot be a recipe's name. Did you mean `hello`?",
        '**`!testme status`**',
        'There has been no run on this pull request.',
      ].join('\n\n'),
    )
    expect(await scene.reactions()).toEqual(['confused'])
  })

  test('R-CMD-03 for help is answered with the commands and the recipes, without asking GitHub', async () => {
    await using scene = await startScene()
    expect((await scene.decided('issue_comment', comment(1, '!testme help'))).outcome).toBe('help_told')
    const [reply = ''] = await scene.replies()
    expect(reply).toContain('- `!testme cancel [RUN | all]`')
    expect(reply).toContain('- `hello` (default): Says hello; takes `size=s|l`')
    expect(reply).toContain('- `world`: Says world')
    expect(await scene.reactions()).toEqual(['+1'])
    expect(scene.gitHub.asked).toEqual([])
  })

  test('R-CMD-03 for status is answered with the runs of this pull request', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme hello'))
    await scene.decided('issue_comment', comment(2, '!testme status'))
    const [run] = await scene.store.queued()
    expect((await scene.replies()).slice(1)).toEqual([
      `- run \`${run?.id}\` of \`hello\` at \`ec26c3e\`: queued`,
    ])
  })

  test('R-CMD-03 cancels the only run; the run is told who asked', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme hello'))
    expect((await scene.decided('issue_comment', comment(2, '!testme cancel'))).outcome).toBe(
      'stop_requested',
    )
    const [run] = await scene.store.queued()
    expect(run?.stop).toMatchObject({ reason: 'cancelled', by: 'Codertocat' })
    const stopping = `- \`hello size=s\`: stopping (run \`${run?.id}\`)`
    expect((await scene.replies()).at(-1)).toBe(`Stopping; what was put up is taken down.\n\n${stopping}`)
    expect(await scene.reactions()).toEqual(['eyes', '+1'])
  })

  test('R-CMD-06 of somebody without the permission is refused by what GitHub says, not the payload', async () => {
    await using scene = await startScene()
    scene.gitHub.roles.set('stranger', { id: STRANGER.id, role: 'triage' })
    const payload = comment(1, '!testme', { user: STRANGER, author_association: 'OWNER' })
    expect((await scene.decided('issue_comment', { ...payload, sender: STRANGER })).outcome).toBe(
      'not_permitted',
    )
    expect(await scene.replies()).toEqual([
      '**not_permitted**: Your permission on this repository is not enough. This needs `write` here, and you have `triage`.',
    ])
    expect(await scene.store.queued()).toEqual([])
  })

  test.each([
    ['nobody that GitHub knows', null, 'not_permitted'],
    ['another account by now', { id: 5, role: 'admin' }, 'not_permitted'],
    ["in an organisation's own role", { id: 4, role: 'release-manager', permission: 'write' }, 'run_queued'],
    ['a maintainer', { id: 4, role: 'maintain' }, 'run_queued'],
  ] as const)('R-CMD-06 a login that is %s: %s', async (_, account, outcome) => {
    await using scene = await startScene()
    if (account !== null) scene.gitHub.roles.set('stranger', account)
    const payload = { ...comment(1, '!testme', { user: STRANGER }), sender: STRANGER }
    expect((await scene.decided('issue_comment', payload)).outcome).toBe(outcome)
  })

  test('R-CMD-04 in a repository that is not enrolled is answered, not met with silence', async () => {
    await using scene = await startScene({ config: { repositories: [] } })
    expect((await scene.decided('issue_comment', comment(1, '!testme'))).outcome).toBe('not_enrolled')
    expect(await scene.replies()).toEqual([expect.stringContaining('**not_enrolled**')])
    expect(scene.gitHub.asked).toEqual([])
  })

  test('R-CMD-04 on a closed pull request is refused', async () => {
    await using scene = await startScene()
    scene.gitHub.pull = { state: 'closed' }
    expect((await scene.decided('issue_comment', comment(1, '!testme'))).outcome).toBe('pr_closed')
  })

  test('a recipe whose domain cannot be made is refused, and nothing of the command is queued', async () => {
    await using scene = await startScene({ config: { runDomains: /^other-.*\.ci\.test$/ } })
    expect((await scene.decided('issue_comment', comment(1, '!testme hello world'))).outcome).toBe(
      'recipe_unavailable',
    )
    expect(await scene.store.queued()).toEqual([])
  })

  test('R-Q-08 cannot make the reply mention, link or embed anything', async () => {
    await using scene = await startScene()
    await scene.decided(
      'issue_comment',
      comment(1, '!testme @octocat\n!testme hello size=@octocat\n!testme cancel @x'),
    )
    const [reply = ''] = await scene.replies()
    const outside = reply.replaceAll(/`[^`]*`/g, '')
    expect(reply).toContain('`@octocat`')
    expect(outside).not.toMatch(/[@<[\]]/)
  })

  test('R-CMD-08 is acted on once, also under another delivery id', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme'), 'd-1')
    const before = await scene.reports()
    expect(await scene.decided('issue_comment', comment(1, '!testme'), 'd-2')).toMatchObject({ isNew: false })
    expect(await scene.reports()).toEqual(before)
    expect(await scene.store.queued()).toHaveLength(1)
    expect(await scene.store.usesSince('actor:codertocat', 0)).toHaveLength(1)
  })

  test('R-CMD-08 that was refused is not decided anew when it is replayed', async () => {
    await using scene = await startScene()
    scene.gitHub.pull = { state: 'closed' }
    await scene.decided('issue_comment', comment(1, '!testme'), 'd-1')
    scene.gitHub.pull = {}
    expect(await scene.decided('issue_comment', comment(1, '!testme'), 'd-2')).toMatchObject({ isNew: false })
    expect(await scene.store.queued()).toEqual([])
  })

  test('R-CMD-05 that is edited, a bot’s, or on an issue leaves no trace but its delivery', async () => {
    await using scene = await startScene()
    const bot = { login: 'berth[bot]', id: 9, type: 'Bot' }
    const payloads = [
      commentOf('!testme', { action: 'edited' }),
      commentOf('!testme', { comment: { user: bot }, sender: bot }),
      commentOf('!testme', { issue: { pull_request: null } }),
      commentOf('nothing to see'),
    ]
    const outcomes = []
    for (const [index, payload] of payloads.entries())
      outcomes.push((await scene.decided('issue_comment', payload, `d-${index}`)).outcome)
    expect(outcomes).toEqual(['comment_edited', 'bot', 'no_pull_request', 'no_command'])
    expect(await scene.reports()).toEqual([])
    expect(scene.gitHub.asked).toEqual([])
  })
})

describe('limits', () => {
  const limits = { ...LIMITS, perActorPerHour: 2, perPullRequestPerHour: 3 }

  test('R-CMD-09 an actor over the limit is told so; far over it, only a reaction is spent; cancel always works', async () => {
    await using scene = await startScene({ config: { limits } })
    const outcomes = []
    for (const n of [1, 2, 3, 4, 5, 6])
      outcomes.push(
        (await scene.decided('issue_comment', comment(n, n === 6 ? '!testme cancel all' : '!testme')))
          .outcome,
      )
    expect(outcomes).toEqual([
      'run_queued',
      'run_queued',
      'rate_limited',
      'rate_limited',
      'rate_limited',
      'stop_requested',
    ])
    expect(await scene.replies()).toHaveLength(4)
    expect(await scene.reactions()).toHaveLength(6)
    expect((await scene.store.queued()).map((run) => run.stop?.reason)).toEqual(['cancelled', 'cancelled'])
  })

  test('R-CMD-09 each command of a comment counts', async () => {
    await using scene = await startScene({ config: { limits } })
    await scene.decided(
      'issue_comment',
      comment(1, '!testme hello\n!testme world\n!testme hello\n!testme cancel all'),
    )
    const queued = await scene.store.queued()
    expect(
      queued.map((run) => run.stop?.reason),
      'a cancel sees what stands above it',
    ).toEqual(['cancelled', 'cancelled'])
    expect((await scene.replies())[0]).toContain('**rate_limited**')
    expect(await scene.store.usesSince('actor:codertocat', 0)).toHaveLength(3)
    expect(await scene.store.usesSince('refused:codertocat', 0)).toHaveLength(1)
  })

  test('R-CMD-09 who may not cancel, and goes on all the same, is answered by reactions only, in time', async () => {
    await using scene = await startScene({ config: { limits } })
    scene.gitHub.roles.set('stranger', { id: STRANGER.id, role: 'read' })
    const count = 2 * limits.perActorPerHour + 1
    for (let n = 1; n <= count; n += 1)
      await scene.decided('issue_comment', {
        ...comment(n, '!testme cancel all', { user: STRANGER }),
        sender: STRANGER,
      })
    expect(await scene.replies()).toHaveLength(limits.perActorPerHour)
    expect(await scene.reactions()).toHaveLength(count)
  })

  test('R-CMD-02 R-CMD-07 of a fork a commit that is run and taken back in one comment does not run', async () => {
    await using scene = await startScene()
    asFork(scene)
    await scene.decided('issue_comment', comment(1, `!testme ok ${HEAD}\n!testme\n!testme revoke ${HEAD}`))
    expect(await scene.store.queued()).toMatchObject([{ fork: true, stop: { reason: 'cancelled' } }])
  })

  test('R-CMD-09 what somebody may not start does not use up the limit of the pull request', async () => {
    await using scene = await startScene({ config: { limits: { ...limits, perPullRequestPerHour: 1 } } })
    scene.gitHub.roles.set('stranger', { id: STRANGER.id, role: 'read' })
    await scene.decided('issue_comment', { ...comment(1, '!testme', { user: STRANGER }), sender: STRANGER })
    expect((await scene.decided('issue_comment', comment(2, '!testme'))).outcome).toBe('run_queued')
    expect((await scene.decided('issue_comment', comment(3, '!testme'))).outcome).toBe('rate_limited')
  })
})

describe('a fork', () => {
  test('R-CMD-07 is refused with lines to copy, which then approve and run it', async () => {
    await using scene = await startScene()
    asFork(scene)
    expect((await scene.decided('issue_comment', comment(1, '!testme'))).outcome).toBe('fork_needs_approval')
    const [reply = ''] = await scene.replies()
    const lines = /```text\n([^`]*)\n```/.exec(reply)?.[1] ?? ''
    expect(lines).toBe(`!testme ok ${HEAD}\n!testme hello`)
    expect((await scene.decided('issue_comment', comment(2, lines))).outcome).toBe('run_queued')
    expect(await scene.store.queued()).toMatchObject([{ sha: HEAD, fork: true }])
    expect(await scene.store.approval(REPOSITORY, PR, HEAD)).toMatchObject({
      revoked: false,
      actor: 'Codertocat',
    })
    expect((await scene.decided('issue_comment', comment(3, '!testme world'))).outcome).toBe('run_queued')
  })

  test('R-CMD-07 an approval dies with the next push, also when its commit comes back', async () => {
    await using scene = await startScene()
    asFork(scene)
    await scene.decided('issue_comment', comment(1, `!testme ok ${HEAD}`))
    const push = { head: { sha: AFTER }, updated_at: '2019-05-15T15:20:42Z' }
    await scene.decided('pull_request', pushOf({ before: HEAD, pull_request: push }))
    expect(await scene.store.approval(REPOSITORY, PR, HEAD)).toMatchObject({ revoked: true })
    expect(
      (await scene.decided('issue_comment', comment(2, '!testme', { created_at: '2019-05-15T15:20:43Z' })))
        .outcome,
    ).toBe('fork_needs_approval')
  })

  test('R-CMD-07 an approval does not outlive a push of which nothing was told, as on a closed pull request', async () => {
    await using scene = await startScene()
    asFork(scene)
    await scene.decided('issue_comment', comment(1, `!testme ok ${HEAD}`))
    const back = { head: { sha: HEAD }, updated_at: '2019-05-15T15:20:42Z' }
    await scene.decided('pull_request', pushOf({ before: AFTER, pull_request: back }))
    expect(await scene.store.approval(REPOSITORY, PR, HEAD)).toMatchObject({ revoked: true })
  })

  test('R-CMD-07 an approval that is taken back stops the runs of its commit', async () => {
    await using scene = await startScene()
    asFork(scene)
    await scene.decided('issue_comment', comment(1, `!testme ok ${HEAD}\n!testme`))
    expect((await scene.decided('issue_comment', comment(2, `!testme revoke ${HEAD}`))).outcome).toBe(
      'approval_revoked',
    )
    expect(await scene.store.queued()).toMatchObject([{ stop: { reason: 'cancelled', by: 'Codertocat' } }])
    expect((await scene.decided('issue_comment', comment(3, '!testme'))).outcome).toBe('fork_needs_approval')
  })

  test('R-CMD-07 a push that a webhook told of after the comment refuses the run, although it is approved', async () => {
    await using scene = await startScene()
    asFork(scene)
    const later = { pull_request: { updated_at: '2019-05-15T15:20:41Z' } }
    await scene.decided('pull_request', pushOf(later))
    const outcome = await scene.decided('issue_comment', comment(1, `!testme ok ${HEAD}\n!testme`))
    expect(outcome.outcome).toBe('head_moved')
    expect(await scene.store.queued()).toEqual([])
  })

  test('R-RUN-20 is refused where stages have no users of their own', async () => {
    await using scene = await startScene({ config: { runAs: [] } })
    asFork(scene)
    expect((await scene.decided('issue_comment', comment(1, '!testme'))).outcome).toBe('fork_needs_isolation')
  })
})

describe('a pull request', () => {
  const NOW = new Date().toISOString()
  const LONG_AGO = new Date(Date.now() - 3_600_000).toISOString()
  const closedAt = (updated_at: string) =>
    example('pull_request', 'closed', {
      ...INSTALLATION,
      repository: commentOf('')['repository'],
      pull_request: { number: PR, updated_at },
    })
  const closed = closedAt(NOW)

  test('R-CMD-10 that is closed stops its queued and its live runs, and no other’s', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme hello world'))
    const [first] = await scene.store.queued()
    await scene.store.change(first?.id ?? '', 'queued', { state: 'starting' }, [])
    await scene.decided('issue_comment', commentOf('!testme', { issue: { number: 3 }, comment: { id: 2 } }))
    expect((await scene.decided('pull_request', closed)).outcome).toBe('pr_closed')
    const runs = await scene.store.runs({ limit: 10 })
    expect(runs.map(({ pr, stop }) => [pr, stop?.reason ?? null])).toEqual([
      [3, null],
      [PR, 'pr_closed'],
      [PR, 'pr_closed'],
    ])
  })

  test('R-CMD-08 a replay of its closing, after it was opened again, stops nothing', async () => {
    await using scene = await startScene()
    await scene.decided('pull_request', closed, 'd-1')
    await scene.decided('issue_comment', comment(1, '!testme'))
    expect(await scene.decided('pull_request', closed, 'd-2')).toMatchObject({ isNew: false })
    expect(await scene.store.queued()).toMatchObject([{ stop: null }])
  })

  test('R-CMD-10 that is pushed to replaces queued runs, not live ones, and says so', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme hello world'))
    const [live, queued] = await scene.store.queued()
    await scene.store.change(live?.id ?? '', 'queued', { state: 'starting' }, [])
    const push = { head: { sha: AFTER }, updated_at: NOW }
    await scene.decided('pull_request', pushOf({ before: HEAD, pull_request: push }))
    expect((await scene.store.run(live?.id ?? ''))?.stop).toBeNull()
    expect((await scene.store.run(queued?.id ?? ''))?.stop).toMatchObject({
      reason: 'superseded',
      by: 'Codertocat',
    })
    const replies = await scene.replies()
    expect(replies).toHaveLength(2)
    expect(replies[1]).toContain(
      `A push to ${AFTER} replaces what was still queued: run \`${queued?.id}\` of`,
    )
    expect(await scene.store.lastHead(REPOSITORY, PR)).toMatchObject({ sha: AFTER })
  })

  test('R-CMD-08 whose closing and push were missed, and are delivered an hour late, loses no run that was asked for since', async () => {
    await using scene = await startScene()
    scene.gitHub.pull = { updated_at: NOW }
    await scene.decided('issue_comment', comment(1, '!testme hello world'))
    await scene.decided('pull_request', closedAt(LONG_AGO))
    await scene.decided('pull_request', pushOf({ pull_request: { updated_at: LONG_AGO } }))
    expect((await scene.store.queued()).map(({ stop }) => stop)).toEqual([null, null])
    expect(await scene.replies()).toHaveLength(1)
  })

  test('that is opened again may have another head: that counts as a push seen', async () => {
    await using scene = await startScene()
    const reopened = example('pull_request', 'reopened', {
      ...INSTALLATION,
      repository: commentOf('')['repository'],
      pull_request: { number: PR, updated_at: '2019-05-15T15:20:50Z' },
    })
    expect((await scene.decided('pull_request', reopened)).outcome).toBe('head_seen')
    expect(await scene.store.lastHead(REPOSITORY, PR)).toMatchObject({
      atMs: Date.parse('2019-05-15T15:20:50Z'),
    })
  })
})

describe('a button', () => {
  async function sceneWithRun(): Promise<{ readonly scene: Scene; readonly runId: string }> {
    const scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme hello size=l'))
    const [run] = await scene.store.queued()
    return { scene, runId: run?.id ?? '' }
  }

  test.each(['native', 'rerun'] as const)(
    'R-CMD-12 Re-run (%s) asks for the same recipe and arguments at the head',
    async (kind) => {
      const { scene, runId } = await sceneWithRun()
      await using _ = scene
      expect((await scene.decided('check_run', buttonOf(runId, kind))).outcome).toBe('run_queued')
      const [, again] = await scene.store.queued()
      expect(again).toMatchObject({
        recipe: 'hello',
        arguments: { size: 'l' },
        sha: HEAD,
        commentId: null,
        actor: WRITER.login,
      })
      expect(await scene.replies()).toHaveLength(1)
    },
  )

  test('R-CMD-12 Cancel stops its run', async () => {
    const { scene, runId } = await sceneWithRun()
    await using _ = scene
    await scene.decided('check_run', buttonOf(runId, 'cancel'))
    expect(await scene.store.run(runId)).toMatchObject({ stop: { reason: 'cancelled', by: WRITER.login } })
  })

  test('R-CMD-12 takes the same permission, and its refusal is a reply that names who pressed what', async () => {
    const { scene, runId } = await sceneWithRun()
    await using _ = scene
    scene.gitHub.roles.set('stranger', { id: STRANGER.id, role: 'read' })
    await scene.decided('check_run', buttonOf(runId, 'cancel', { sender: STRANGER }))
    expect(await scene.store.run(runId)).toMatchObject({ stop: null })
    expect((await scene.replies()).slice(1)).toEqual([
      expect.stringMatching(
        /^`stranger` asked for `!testme cancel \w+` on the check:\n\n\*\*not_permitted\*\*/,
      ),
    ])
  })

  test('R-CMD-12 on a check of an older head is refused, with the line for the new one', async () => {
    const { scene, runId } = await sceneWithRun()
    await using _ = scene
    scene.gitHub.pull = {
      head: { sha: AFTER, repo: { id: REPOSITORY_ID, pushed_at: '2019-05-15T15:20:32Z' } },
    }
    expect((await scene.decided('check_run', buttonOf(runId, 'rerun'))).outcome).toBe('head_moved')
    expect((await scene.replies())[1]).toContain('\n!testme hello size=l\n')
  })

  test('R-CMD-08 pressed once acts once, also under another delivery id; by somebody else it acts again', async () => {
    const { scene, runId } = await sceneWithRun()
    await using _ = scene
    scene.gitHub.roles.set('stranger', { id: STRANGER.id, role: 'admin' })
    await scene.decided('check_run', buttonOf(runId, 'rerun'), 'd-1')
    expect(await scene.decided('check_run', buttonOf(runId, 'rerun'), 'd-2')).toMatchObject({ isNew: false })
    expect(
      await scene.decided('check_run', buttonOf(runId, 'rerun', { sender: STRANGER }), 'd-3'),
    ).toMatchObject({ isNew: true })
    expect(await scene.store.queued()).toHaveLength(3)
  })

  test('R-CMD-12 R-CMD-04 pressed again after a refusal is asked again: each refusal is told, and what is right by then starts', async () => {
    const { scene, runId } = await sceneWithRun()
    await using _ = scene
    scene.gitHub.pull = { state: 'closed' }
    for (const id of ['d-1', 'd-2'])
      expect((await scene.decided('check_run', buttonOf(runId, 'rerun'), id)).outcome).toBe('pr_closed')
    expect(await scene.replies()).toHaveLength(3)
    scene.gitHub.pull = {}
    expect((await scene.decided('check_run', buttonOf(runId, 'rerun'), 'd-3')).outcome).toBe('run_queued')
    expect(await scene.store.queued()).toHaveLength(2)
  })

  test('R-CMD-12 R-QUE-06 two presses in a row, which GitHub signs with another time of the suite, are two asks', async () => {
    const { scene, runId } = await sceneWithRun()
    await using _ = scene
    for (const [id, second] of [
      ['d-1', 1],
      ['d-2', 2],
    ] as const) {
      const suite = { check_run: { check_suite: { updated_at: `2019-05-15T15:21:0${second}Z` } } }
      const pressed = await scene.decided('check_run', buttonOf(runId, 'native', suite), id)
      expect(pressed).toEqual({ outcome: 'run_queued', isNew: true })
    }
    expect(await scene.store.queued()).toHaveLength(3)
  })

  test('of a check that is not ours, or another repository’s, does nothing', async () => {
    const { scene, runId } = await sceneWithRun()
    await using _ = scene
    expect((await scene.decided('check_run', buttonOf('', 'native'))).outcome).toBe('no_such_run')
    const elsewhere = buttonOf(runId, 'cancel', { repository: { id: 1 } })
    expect((await scene.decided('check_run', elsewhere, 'd-9')).outcome).toBe('no_such_run')
    expect(await scene.replies()).toHaveLength(1)
    expect(await scene.store.run(runId)).toMatchObject({ stop: null })
  })
})

describe('Re-run all checks', () => {
  test('R-CMD-12 asks again for the newest run of each recipe at that commit, as Re-run of each would', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme hello size=s'), 'd-1')
    await scene.decided('issue_comment', comment(2, '!testme hello size=l'), 'd-2')
    await scene.decided('issue_comment', comment(3, '!testme world'), 'd-3')
    const before = new Set((await scene.store.queued()).map(({ id }) => id))
    expect(await scene.decided('check_suite', allChecksOf(), 'd-4')).toEqual({
      outcome: 'run_queued',
      isNew: true,
    })
    const more = (await scene.store.queued()).filter(({ id }) => !before.has(id))
    const asked = more.map(({ recipe, sha, actor, arguments: { size } }) => [recipe, sha, actor, size])
    expect(asked.toSorted()).toEqual([
      ['hello', HEAD, WRITER.login, 'l'],
      ['world', HEAD, WRITER.login, undefined],
    ])
    expect(await scene.replies()).toHaveLength(3)
  })

  test('R-CMD-08 a replay of it, under whatever id, does nothing', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme'), 'd-1')
    await scene.decided('check_suite', allChecksOf(), 'd-2')
    expect(await scene.decided('check_suite', allChecksOf(), 'd-3')).toMatchObject({ isNew: false })
    expect(await scene.store.queued()).toHaveLength(2)
  })

  test('R-CMD-12 takes the same permission, and its one reply answers for each recipe', async () => {
    await using scene = await startScene()
    await scene.decided('issue_comment', comment(1, '!testme hello world'), 'd-1')
    scene.gitHub.roles.set('stranger', { id: STRANGER.id, role: 'read' })
    const pressed = allChecksOf({ sender: STRANGER })
    expect((await scene.decided('check_suite', pressed, 'd-2')).outcome).toBe('not_permitted')
    const [, reply, ...more] = await scene.replies()
    expect(more).toEqual([])
    expect(reply?.match(/`stranger` asked for `!testme (hello|world)/g)).toHaveLength(2)
    expect(await scene.store.queued()).toHaveLength(2)
  })

  test('at a commit without runs, by a bot, or another of its actions, does nothing', async () => {
    await using scene = await startScene()
    const bot = { login: 'berth[bot]', id: 9, type: 'Bot' }
    const payloads = [allChecksOf(), allChecksOf({ sender: bot }), allChecksOf({ action: 'requested' })]
    const outcomes = []
    for (const [index, payload] of payloads.entries())
      outcomes.push((await scene.decided('check_suite', payload, `d-${index}`)).outcome)
    expect(outcomes).toEqual(['no_such_run', 'bot', 'check_suite_requested'])
    expect(await scene.reports()).toEqual([])
  })
})

test('every key of a report is its own', async () => {
  await using scene = await startScene({ config: CONFIG })
  await scene.decided('issue_comment', comment(1, '!testme hello world\n!testme help'))
  await scene.decided('issue_comment', comment(2, '!testme hello world\n!testme help'))
  const keys = (await scene.reports()).map(({ key }: NewReport) => key)
  expect(keys.filter((key) => !key.startsWith('check:'))).toEqual([
    'reaction:1',
    'reply:1',
    'reaction:2',
    'reply:2',
  ])
  expect(new Set(keys).size).toBe(keys.length)
})
