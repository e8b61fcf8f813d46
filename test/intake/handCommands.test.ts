import { describe, expect, test } from 'vitest'
import type { Wait } from '../../src/model/wait.ts'
import { refreshReplies } from '../../src/report/replies.ts'
import { PASSED } from '../store/samples.ts'
import { commentOf, HEAD, WRITER } from './examples.ts'
import { type Scene, startScene } from './scene.ts'

const DOMAIN = 'hello-world-hello-pr2.ci.test'
const OTHER = 'hello-world-world-pr2.ci.test'

function comment(n: number, body: string) {
  return commentOf(body, { comment: { id: n, body } })
}

async function say(scene: Scene, n: number, body: string): Promise<string> {
  return (await scene.decided('issue_comment', comment(n, body))).outcome
}

/** The reply to the n-th comment, as GitHub is to have it by now. */
async function replyTo(scene: Scene, n: number): Promise<string> {
  await refreshReplies(scene.store, () => null)
  const report = (await scene.reports()).find(({ kind, commentId }) => kind === 'reply' && commentId === n)
  return report === undefined ? '' : String(JSON.parse(report.body).body)
}

function asAdmin(scene: Scene): void {
  scene.gitHub.roles.set(WRITER.login, { id: WRITER.id, role: 'admin' })
}

describe('hold and release', () => {
  test('R-JAN-10 a hold is an order, and its reply tells what became of it', async () => {
    await using scene = await startScene()
    asAdmin(scene)
    expect(await say(scene, 1, `!testme hold ${DOMAIN} for=2h a look at it`)).toBe('hold_ordered')
    expect(await replyTo(scene, 1)).toBe(
      `To be held for 2h from when it is free: \`a look at it\`.\n\n- \`${DOMAIN}\`: waits for its turn`,
    )
    const [order] = await scene.store.openOrders()
    expect(order).toMatchObject({
      id: '1:0',
      action: 'hold',
      name: DOMAIN,
      forMs: 7_200_000,
      by: WRITER.login,
      commentId: 1,
      end: null,
    })
    const end = { outcome: 'held', detail: 'until 2030-01-01T00:00:00.000Z', atMs: 5 } as const
    expect(await scene.store.endOrder('1:0', end)).toBe(true)
    expect(await scene.store.endOrder('1:0', { ...end, outcome: 'failed' })).toBe(false)
    expect(await replyTo(scene, 1)).toContain(`- \`${DOMAIN}\`: **held**, \`until 2030-01-01T00:00:00.000Z\``)
    expect(await scene.store.openOrders()).toEqual([])
  })

  test('R-CMD-08 a replayed comment orders nothing again', async () => {
    await using scene = await startScene()
    asAdmin(scene)
    await say(scene, 1, `!testme hold ${DOMAIN}`)
    await scene.store.endOrder('1:0', { outcome: 'held', detail: '', atMs: 5 })
    expect(await scene.decided('issue_comment', comment(1, `!testme hold ${DOMAIN}`), 'again')).toMatchObject(
      {
        isNew: false,
      },
    )
    expect(await scene.store.openOrders()).toEqual([])
  })

  test('R-CMD-06 takes the permission by GitHub’s word: a writer is refused where an admin is asked for', async () => {
    await using scene = await startScene()
    expect(await say(scene, 1, `!testme release ${DOMAIN}`)).toBe('not_permitted')
    expect(await scene.store.openOrders()).toEqual([])
  })

  test('R-CMD-06 the domains are those of this pull request’s recipes', async () => {
    await using scene = await startScene()
    asAdmin(scene)
    expect(await say(scene, 1, '!testme hold')).toBe('ambiguous_domain')
    expect(await replyTo(scene, 1)).toContain(`!testme hold ${DOMAIN} for=1h\n!testme hold ${OTHER} for=1h\n`)
    expect(await say(scene, 2, '!testme hold hello-world-hello-pr3.ci.test')).toBe('unknown_domain')
    expect(await scene.store.openOrders()).toEqual([])
  })
})

describe('why', () => {
  const WAIT: Wait = {
    place: 2,
    holder: { name: DOMAIN, run: '01other', pr: 7, by: 'hubot', sinceMs: Date.parse('2026-01-02T03:04:05Z') },
    startsAtMs: Date.parse('2026-01-02T03:30:00Z'),
  }

  test('R-CMD-03 R-REP-01 says who has the domain, since when, and when the run is likely to start; anybody may ask', async () => {
    await using scene = await startScene({ world: () => ({ waitOf: async () => WAIT }) })
    await say(scene, 1, '!testme hello')
    const [run] = await scene.store.queued()
    expect(await say(scene, 2, '!testme why')).toBe('why_told')
    expect(await replyTo(scene, 2)).toBe(
      [
        `- run \`${run?.id}\` of \`hello\` is queued, at place 2.`,
        `\`${DOMAIN}\` is with run \`01other\`, of pull request 7, asked by \`hubot\`, since 2026-01-02 03:04 UTC.`,
        'It starts about 2026-01-02 03:30 UTC, if what is ahead of it lasts as long as it did before.',
      ].join(' '),
    )
  })

  test('R-CMD-03 says so where nothing waits, and what is under way where something runs', async () => {
    await using scene = await startScene()
    await say(scene, 1, '!testme why')
    expect(await replyTo(scene, 1)).toBe('Nothing of this pull request waits or runs.')
    await say(scene, 2, '!testme hello')
    const [run] = await scene.store.queued()
    await scene.store.change(run?.id ?? '', 'queued', { state: 'starting', startedAtMs: Date.now() }, [])
    await scene.store.change(run?.id ?? '', 'starting', { state: 'running', stage: 'check' }, [])
    await say(scene, 3, '!testme why')
    expect(await replyTo(scene, 3)).toMatch(/^- run `\w+` of `hello` is under way, in `check`, for \S+\.$/)
  })
})

describe('retry', () => {
  test('R-CMD-03 tests again what failed, at the head as it is now, and the reply names the commit', async () => {
    await using scene = await startScene()
    await say(scene, 1, '!testme hello size=l\n!testme world')
    const queued = await scene.store.queued()
    const [red, green] = ['hello', 'world'].map((name) => queued.find(({ recipe }) => recipe === name))
    for (const [run, verdict] of [
      [red, { ...PASSED, conclusion: 'failure', reason: 'stage_failed', title: 'check: exit 1' }],
      [green, PASSED],
    ] as const) {
      const report = {
        ...(await scene.reports())[0],
        key: `check:${run?.id}:1`,
        kind: 'check',
        body: '{}',
      } as const
      const about = { runId: run?.id ?? '', repository: '', installationId: 7, pr: 2, commentId: null }
      const change = { state: 'concluded', verdict, concludedAtMs: 5 } as const
      await scene.store.change(run?.id ?? '', 'queued', change, [{ ...report, ...about, terminal: true }])
    }
    expect(await say(scene, 2, '!testme retry')).toBe('run_queued')
    const again = await scene.store.queued()
    expect(again.map(({ recipe, arguments: given, sha }) => [recipe, given, sha])).toEqual([
      ['hello', { size: 'l' }, HEAD],
    ])
    expect(await replyTo(scene, 2)).toContain(`Testing ${HEAD}.`)
    expect(await replyTo(scene, 1)).toContain('- `hello size=l`: **failure**, `check: exit 1`')
    expect(await say(scene, 3, '!testme retry')).toBe('nothing_to_do')
  })
})

test('R-CMD-03 help says who may do what here, and that forks are refused where they are', async () => {
  const trust = { run: 'triage', cancel: 'write', hold: 'admin', forks: 'never' } as const
  await using scene = await startScene({ config: { trust } })
  await say(scene, 1, '!testme help')
  const reply = await replyTo(scene, 1)
  expect(reply).toContain('- `!testme` tests the head of this pull request with the default recipe (triage)')
  expect(reply).toContain('ends that, or declares a dirty domain clean (admin)')
  expect(reply).toContain('Code of forks is not run here.')
})
