import { describe, expect, test } from 'vitest'
import { type Fields, fieldsOf } from '../../src/model/read.ts'
import { commentOf, example, HEAD, INSTALLATION, PR, pushOf, REPOSITORY_ID } from './examples.ts'
import { CONFIG, type Scene, startScene } from './scene.ts'

const REPOSITORY = String(REPOSITORY_ID)
const repository = commentOf('')['repository']
const OTHER = '9999999999999999999999999999999999999999'
/** A second after the comments. */
const LATER = '2019-05-15T15:20:42Z'

/** Something that happens to the pull request, as GitHub's own example of it has it. */
function happens(action: string, change: Fields = {}): Fields {
  const base = example('pull_request', action === 'merged' ? 'closed' : action, {
    ...INSTALLATION,
    repository,
  })
  const pullRequest = {
    number: PR,
    updated_at: LATER,
    head: { sha: HEAD },
    ...(action === 'merged' ? { merged: true } : {}),
  }
  return merge(base, merge({ pull_request: pullRequest }, change))
}

function merge(base: Fields, change: Fields): Fields {
  const fields = Object.entries(change).map(([key, value]) => {
    const old = base[key]
    const both = isFields(old) && isFields(value)
    return [key, both ? merge(old, value) : value] as const
  })
  return { ...base, ...Object.fromEntries(fields) }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function pushed(sha: string, change: Fields = {}): Fields {
  return merge(pushOf({ before: HEAD, pull_request: { head: { sha }, updated_at: LATER } }), change)
}

/** One run under way and one in the queue, both at the head. */
async function sceneWithRuns(config: Partial<typeof CONFIG> = {}): Promise<Scene> {
  const scene = await startScene({ config })
  await scene.decided('issue_comment', commentOf('!testme hello world', { comment: { id: 1 } }), 'd-1')
  const [first] = await scene.store.queued()
  await scene.store.change(first?.id ?? '', 'queued', { state: 'starting' }, [])
  return scene
}

/** Why each of the two is to stop. */
async function stopsOf({ store }: Scene): Promise<readonly (string | null)[]> {
  const runs = [...(await store.live()), ...(await store.queued())]
  return runs.map(({ stop }) => stop?.reason ?? null)
}

describe('closing', () => {
  test.each(['closed', 'merged'])(
    'R-CMD-10 a pull request that is %s stops its runs, queued or under way',
    async (how) => {
      await using scene = await sceneWithRuns()
      expect((await scene.decided('pull_request', happens(how))).outcome).toBe('pr_closed')
      expect(await stopsOf(scene)).toEqual(['pr_closed', 'pr_closed'])
    },
  )

  test('R-CMD-10 closing stops the runs of a repository that is not enrolled any more, too', async () => {
    await using scene = await sceneWithRuns()
    const gone = {
      ...happens('closed'),
      repository: { ...fieldsOf(repository, 'repository'), full_name: 'else/where' },
    }
    expect((await scene.decided('pull_request', gone)).outcome).toBe('pr_closed')
    expect(await stopsOf(scene)).toEqual(['pr_closed', 'pr_closed'])
  })

  test('R-CMD-10 deleting the head branch closes the pull request, and is no more than that: GitHub keeps the commit', async () => {
    await using scene = await sceneWithRuns()
    await scene.decided('pull_request', happens('closed', { pull_request: { head: { repo: null } } }))
    expect(await stopsOf(scene)).toEqual(['pr_closed', 'pr_closed'])
    expect((await scene.store.queued()).map(({ ref }) => ref)).toEqual([`refs/pull/${PR}/head`])
  })
})

describe('opening', () => {
  test.each([
    ['opened', 'pull_request_opened'],
    ['reopened', 'head_seen'],
  ])(
    'R-CMD-01 a pull request that is %s starts nothing by itself, and stops nothing',
    async (action, outcome) => {
      await using scene = await sceneWithRuns()
      expect((await scene.decided('pull_request', happens(action))).outcome).toBe(outcome)
      expect(await stopsOf(scene)).toEqual([null, null])
    },
  )

  test('R-CMD-10 closed and opened again in the wrong order of their deliveries: what was asked for since goes on', async () => {
    await using scene = await sceneWithRuns()
    await scene.decided(
      'pull_request',
      happens('reopened', { pull_request: { updated_at: '2019-05-15T15:20:50Z' } }),
      'd-2',
    )
    scene.gitHub.pull = { updated_at: '2019-05-15T15:20:55Z' }
    const since = commentOf('!testme hello size=l', {
      comment: { id: 2, created_at: '2019-05-15T15:20:55Z' },
    })
    await scene.decided('issue_comment', since, 'd-3')
    await scene.decided('pull_request', happens('closed'), 'd-4')
    expect(await stopsOf(scene)).toEqual(['pr_closed', 'pr_closed', null])
  })
})

describe('a push', () => {
  test.each([
    ['queued', [null, 'superseded']],
    ['all', ['superseded', 'superseded']],
    ['none', [null, null]],
  ] as const)('R-CMD-10 with `supersede: %s` ends these runs of older commits', async (supersede, stops) => {
    await using scene = await sceneWithRuns({ supersede })
    expect((await scene.decided('pull_request', pushed(OTHER))).outcome).toBe('head_seen')
    expect(await stopsOf(scene)).toEqual(stops)
    const replies = (await scene.replies()).slice(1)
    expect(replies).toHaveLength(supersede === 'none' ? 0 : 1)
    if (supersede === 'all') {
      expect(replies[0]).toContain(`A push to ${OTHER} replaces what was not over yet: run \``)
      expect(replies[0]?.match(/it is stopped and taken down/g)).toHaveLength(1)
    }
  })

  test('R-CMD-10 a repository may have a setting of its own', async () => {
    const [enrolment] = CONFIG.repositories
    if (enrolment === undefined) throw new Error('nothing is enrolled')
    await using scene = await sceneWithRuns({
      repositories: [{ ...enrolment, supersede: 'all' }],
      supersede: 'none',
    })
    await scene.decided('pull_request', pushed(OTHER))
    expect(await stopsOf(scene)).toEqual(['superseded', 'superseded'])
  })

  test('R-CMD-07 R-CMD-10 by force, to a commit that does not follow from the one before, is a push like any other', async () => {
    await using scene = await startScene()
    scene.gitHub.pull = { head: { sha: HEAD, repo: { id: 77, pushed_at: '2019-05-15T15:20:32Z' } } }
    await scene.decided(
      'issue_comment',
      commentOf(`!testme ok ${HEAD}\n!testme`, { comment: { id: 1 } }),
      'd-1',
    )
    await scene.decided('pull_request', pushed(OTHER, { before: '8'.repeat(40), forced: true }), 'd-2')
    expect(await stopsOf(scene)).toEqual(['superseded'])
    expect(await scene.store.approval(REPOSITORY, PR, HEAD)).toMatchObject({ revoked: true })
  })

  test('R-CMD-10 two pushes in the wrong order of their deliveries end no run of the newer commit', async () => {
    await using scene = await startScene()
    const newer = { head: { sha: OTHER }, updated_at: '2019-05-15T15:20:45Z' }
    await scene.decided('pull_request', pushed(OTHER, { pull_request: newer }), 'd-1')
    scene.gitHub.pull = {
      head: { sha: OTHER, repo: { id: REPOSITORY_ID, pushed_at: '2019-05-15T15:20:45Z' } },
      updated_at: '2019-05-15T15:20:50Z',
    }
    const asked = commentOf('!testme', { comment: { id: 1, created_at: '2019-05-15T15:20:50Z' } })
    await scene.decided('issue_comment', asked, 'd-2')
    await scene.decided('pull_request', pushed('8'.repeat(40)), 'd-3')
    expect(await stopsOf(scene)).toEqual([null])
    expect(await scene.store.lastHead(REPOSITORY, PR)).toMatchObject({ sha: OTHER })
  })
})

describe('what changes no commit', () => {
  test.each(['converted_to_draft', 'ready_for_review', 'locked', 'unlocked', 'labeled'])(
    'R-CMD-10 a pull request that is %s goes on as it was: drafts may be tested',
    async (action) => {
      await using scene = await sceneWithRuns()
      expect((await scene.decided('pull_request', happens(action))).outcome).toBe(`pull_request_${action}`)
      expect(await stopsOf(scene)).toEqual([null, null])
      const asked = commentOf('!testme hello size=l', { comment: { id: 2 } })
      expect((await scene.decided('issue_comment', asked, 'd-9')).outcome).toBe('run_queued')
    },
  )

  test('R-CMD-07 R-CMD-10 another base branch stops nothing and ends no approval: a run tests the head, and the approval is for its commit', async () => {
    await using scene = await startScene()
    scene.gitHub.pull = { head: { sha: HEAD, repo: { id: 77, pushed_at: '2019-05-15T15:20:32Z' } } }
    await scene.decided(
      'issue_comment',
      commentOf(`!testme ok ${HEAD}\n!testme`, { comment: { id: 1 } }),
      'd-1',
    )
    const edited = {
      ...happens('opened'),
      action: 'edited',
      changes: { base: { ref: { from: 'main' }, sha: { from: OTHER } } },
    }
    expect((await scene.decided('pull_request', edited, 'd-2')).outcome).toBe('pull_request_edited')
    expect(await stopsOf(scene)).toEqual([null])
    expect(await scene.store.approval(REPOSITORY, PR, HEAD)).toMatchObject({ revoked: false })
  })

  test('R-CMD-05 a comment that is deleted or edited later leaves its run alone', async () => {
    await using scene = await sceneWithRuns()
    for (const action of ['deleted', 'edited'])
      expect(
        (await scene.decided('issue_comment', commentOf('!testme cancel all', { action }), action)).outcome,
      ).toBe(`comment_${action}`)
    expect(await stopsOf(scene)).toEqual([null, null])
  })

  test('R-CMD-07 a fork that is deleted stops no run of its pull request, and lets none start: nobody can tell when it was pushed', async () => {
    await using scene = await sceneWithRuns()
    scene.gitHub.pull = { head: { sha: HEAD, repo: null } }
    const asked = commentOf('!testme', { comment: { id: 2 } })
    expect((await scene.decided('issue_comment', asked, 'd-2')).outcome).toBe('head_moved')
    expect(await stopsOf(scene)).toEqual([null, null])
  })
})

describe('its repository', () => {
  const place = (event: string, action: string, change: Fields = {}) =>
    example(event, action, { ...INSTALLATION, ...change })
  const here = { id: REPOSITORY_ID, updated_at: LATER }

  test.each([
    [
      'archived',
      'repository',
      place('repository', 'renamed', { action: 'archived', repository: here }),
      'repository_gone',
    ],
    [
      'deleted',
      'repository',
      place('repository', 'renamed', { action: 'deleted', repository: here }),
      'repository_gone',
    ],
    [
      'taken from the App',
      'installation_repositories',
      place('installation_repositories', 'removed', {
        repositories_removed: [{ id: REPOSITORY_ID, full_name: 'Codertocat/Hello-World' }],
      }),
      'repository_gone',
    ],
    [
      'on an account that is suspended',
      'installation',
      place('installation', 'suspend'),
      'installation_gone',
    ],
    [
      'on an account that the App is uninstalled from',
      'installation',
      place('installation', 'deleted'),
      'installation_gone',
    ],
  ] as const)(
    'R-CMD-10 that is %s stops its runs, since nobody could be told; a replay, and one of another account, stop nothing',
    async (_, event, payload, reason) => {
      await using scene = await sceneWithRuns()
      const elsewhere = merge(payload, {
        installation: { id: 8 },
        repository: { id: 5 },
        repositories_removed: [{ id: 5, full_name: 'else/where' }],
      })
      expect((await scene.decided(event, elsewhere, 'd-0')).outcome).toBe(reason)
      expect(await stopsOf(scene)).toEqual([null, null])
      expect(await scene.decided(event, payload, 'd-2')).toEqual({ outcome: reason, isNew: true })
      expect(await stopsOf(scene)).toEqual([reason, reason])
      await scene.decided('issue_comment', commentOf('!testme hello size=l', { comment: { id: 2 } }), 'd-3')
      expect(await scene.decided(event, payload, 'd-4')).toMatchObject({ isNew: false })
      expect(await stopsOf(scene)).toEqual([reason, reason, null])
    },
  )

  test.each([
    ['repository', 'publicized'],
    ['repository', 'privatized'],
    ['installation', 'unsuspend'],
    ['installation', 'new_permissions_accepted'],
    ['installation_repositories', 'added'],
  ])('R-CMD-10 %s %s stops nothing', async (event, action) => {
    await using scene = await sceneWithRuns()
    expect((await scene.decided(event, place(event, action, { repository: here }))).outcome).toBe(
      `${event}_${action}`,
    )
    expect(await stopsOf(scene)).toEqual([null, null])
  })

  /** GitHub sends each with what was before, under one key or the other. */
  const MOVES = {
    renamed: { full_name: 'Codertocat/New', changes: { repository: { name: { from: 'Hello-World' } } } },
    transferred: {
      full_name: 'acme/Hello-World',
      changes: { owner: { from: { user: { login: 'Codertocat' } } } },
    },
    'transferred from an organisation': {
      full_name: 'acme/Hello-World',
      changes: { owner: { from: { organization: { login: 'Codertocat' } } } },
    },
  } as const

  function moved(how: keyof typeof MOVES, change: Fields = {}): Fields {
    const { full_name, changes } = MOVES[how]
    const action = how.split(' ')[0] ?? ''
    const repo = {
      id: REPOSITORY_ID,
      updated_at: '2030-01-01T00:00:42Z',
      full_name,
      clone_url: `https://github.com/${full_name}.git`,
      ...change,
    }
    return {
      ...place('repository', 'renamed', { action, installation: { id: 9 }, repository: repo }),
      changes,
    }
  }

  test.each(['renamed', 'transferred', 'transferred from an organisation'] as const)(
    'R-CMD-10 R-REP-02 that is %s takes its runs along, and what GitHub is still to be told',
    async (how) => {
      await using scene = await sceneWithRuns()
      await scene.decided('issue_comment', commentOf('!testme help', { comment: { id: 2 } }), 'd-2')
      expect((await scene.decided('repository', moved(how), 'd-3')).outcome).toBe('repository_moved')
      const { full_name } = MOVES[how]
      const runs = await scene.store.runs({ limit: 9, repository: full_name, pr: PR })
      expect(runs.map(({ cloneUrl, installationId }) => [cloneUrl, installationId])).toEqual(
        Array.from({ length: 2 }, () => [`https://github.com/${full_name}.git`, 9]),
      )
      const reports = await scene.reports()
      expect(reports.map(({ kind }) => kind).toSorted()).toEqual([
        'check',
        'check',
        'reaction',
        'reaction',
        'reply',
        'reply',
      ])
      expect(
        new Set(reports.map(({ repository: name, installationId }) => `${name} ${installationId}`)),
      ).toEqual(new Set([`${full_name} 9`]))
      expect(await stopsOf(scene)).toEqual([null, null])
    },
  )

  test('R-CMD-10 R-CMD-08 that has moved twice ends at its last name, in whatever order and however often GitHub tells', async () => {
    const first = moved('renamed', { updated_at: '2030-01-01T00:00:42Z' })
    const second = {
      ...moved('renamed', { full_name: 'Codertocat/Newest', updated_at: '2030-01-01T00:00:52Z' }),
      changes: { repository: { name: { from: 'New' } } },
    }
    for (const order of [
      [first, second],
      [second, first],
      [second, first, second, first],
    ]) {
      await using scene = await sceneWithRuns()
      for (const [index, payload] of order.entries()) await scene.decided('repository', payload, `m-${index}`)
      const names = [...(await scene.store.live()), ...(await scene.reports())].map((one) => one.repository)
      expect(new Set(names)).toEqual(new Set(['Codertocat/Newest']))
    }
  })

  test('R-CMD-04 that is enrolled under its old name only says so under its new one', async () => {
    await using scene = await startScene()
    const renamed = commentOf('!testme', { repository: { full_name: 'else/where' } })
    expect((await scene.decided('issue_comment', renamed)).outcome).toBe('not_enrolled')
  })
})
