import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseCommands } from '../../src/model/command.ts'
import { HOUR_MS, REPEAT_MS, timeText } from '../../src/model/rateLimits.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { LIMITS } from '../model/policyWorld.ts'
import { handClock } from '../report/handClock.ts'
import { aCheck } from '../store/samples.ts'
import { commentOf, HEAD, INSTALLATION, pushOf } from './examples.ts'
import { type Scene, startScene } from './scene.ts'

const START = Date.parse('2019-05-15T15:21:00.500Z')

function comment(n: number, body: string, change: object = {}) {
  return commentOf(body, { comment: { id: n, body, ...change } })
}

async function outcomeOf(scene: Scene, n: number, body: string): Promise<string> {
  return (await scene.decided('issue_comment', comment(n, body), `d-${n}`)).outcome
}

async function lastReply(scene: Scene): Promise<string> {
  return (await scene.replies()).at(-1) ?? ''
}

describe('a limit', () => {
  test.each([
    [
      'of a person',
      { perActorPerHour: 2 },
      'You have given 2 of 2 commands within the last hour (`limits.perActorPerHour`).',
    ],
    [
      'of a pull request',
      { perPullRequestPerHour: 2 },
      'This pull request has had 2 of 2 runs within the last hour (`limits.perPullRequestPerHour`).',
    ],
    [
      'of a repository',
      { perRepositoryPerHour: 2 },
      'This repository has had 2 of 2 runs within the last hour (`limits.perRepositoryPerHour`).',
    ],
  ] as const)(
    'R-CMD-09 %s says which it is, how much is used, and the second in which it is free again, which is so however often it was asked meanwhile',
    async (_, limit, used) => {
      const clock = handClock(START)
      await using scene = await startScene({ time: clock, config: { limits: { ...LIMITS, ...limit } } })
      expect(await outcomeOf(scene, 1, '!testme')).toBe('run_queued')
      clock.advance(60_000)
      expect(await outcomeOf(scene, 2, '!testme world')).toBe('run_queued')
      clock.advance(60_000)
      expect(await outcomeOf(scene, 3, '!testme')).toBe('rate_limited')
      const free = timeText(START + HOUR_MS)
      expect(free).toBe('2019-05-15T16:21:01Z')
      expect(await lastReply(scene)).toBe(
        `**rate_limited**: Too many commands or runs within an hour. ${used} It is taken again from ${free} on.`,
      )
      clock.advance(HOUR_MS - 120_000)
      expect(await outcomeOf(scene, 4, '!testme')).toBe('rate_limited')
      clock.advance(500)
      expect(await outcomeOf(scene, 5, '!testme')).toBe('run_queued')
    },
  )

  test('R-CMD-09 that was used up while the clock ran ahead does not hold until that time comes again', async () => {
    const clock = handClock(START + 365 * 24 * HOUR_MS)
    await using scene = await startScene({
      time: clock,
      config: { limits: { ...LIMITS, perActorPerHour: 1 } },
    })
    expect(await outcomeOf(scene, 1, '!testme')).toBe('run_queued')
    expect(await outcomeOf(scene, 2, '!testme world')).toBe('rate_limited')
    clock.jump(-365 * 24 * HOUR_MS)
    expect(await outcomeOf(scene, 3, '!testme world')).toBe('run_queued')
    expect(await outcomeOf(scene, 4, '!testme')).toBe('rate_limited')
  })

  test('R-CMD-09 that is smaller than what is asked for at once says that waiting does not help', async () => {
    await using scene = await startScene({ config: { limits: { ...LIMITS, perRepositoryPerHour: 1 } } })
    expect(await outcomeOf(scene, 1, '!testme hello world')).toBe('rate_limited')
    expect(await lastReply(scene)).toContain(
      'This asks for 2 at once. So many are never taken at once: ask for fewer.',
    )
    expect(await scene.store.queued()).toEqual([])
  })

  test('R-CMD-09 of a repository counts the runs of all of its pull requests, and what a comment starts before it', async () => {
    await using scene = await startScene({ config: { limits: { ...LIMITS, perRepositoryPerHour: 3 } } })
    await scene.decided('issue_comment', commentOf('!testme', { issue: { number: 3 }, comment: { id: 9 } }))
    expect(await outcomeOf(scene, 1, '!testme\n!testme world\n!testme hello size=l')).toBe('run_queued')
    expect(await scene.store.queued()).toHaveLength(3)
    expect(await lastReply(scene)).toContain('has had 3 of 3 runs')
  })
})

describe('a loop', () => {
  const limits = { ...LIMITS, repeatsPerTenMinutes: 2 }

  test('R-CMD-09 the same of the same person at the same commit is taken so often within ten minutes, and again after them', async () => {
    const clock = handClock(START)
    await using scene = await startScene({ time: clock, config: { limits } })
    expect(await outcomeOf(scene, 1, '!testme\n!testme\n!testme')).toBe('run_queued')
    expect(await lastReply(scene)).toContain(
      `**command_loop**: The same was asked for too often at the same commit. You have asked for just this 2 of 2 times within 10 minutes, at \`${HEAD.slice(0, 7)}\` (\`limits.repeatsPerTenMinutes\`). It is taken again from ${timeText(START + REPEAT_MS)} on.`,
    )
    expect(await outcomeOf(scene, 2, '!testme world')).toBe('run_queued')
    expect(await outcomeOf(scene, 3, '!testme')).toBe('command_loop')
    clock.advance(REPEAT_MS + 500)
    expect(await outcomeOf(scene, 4, '!testme')).toBe('run_queued')
  })

  test('R-CMD-09 somebody else, and another commit, count for themselves', async () => {
    await using scene = await startScene({ config: { limits: { ...limits, repeatsPerTenMinutes: 1 } } })
    scene.gitHub.roles.set('other', { id: 4, role: 'write' })
    expect(await outcomeOf(scene, 1, '!testme')).toBe('run_queued')
    const user = { login: 'other', id: 4, type: 'User' }
    const theirs = { ...comment(2, '!testme', { user }), sender: user }
    expect((await scene.decided('issue_comment', theirs, 'd-2')).outcome).toBe('run_queued')
    expect(await outcomeOf(scene, 3, '!testme')).toBe('command_loop')
    const head = { sha: '9'.repeat(40), repo: { id: 186853002, pushed_at: '2019-05-15T15:20:32Z' } }
    scene.gitHub.pull = { head }
    expect(await outcomeOf(scene, 4, '!testme')).toBe('run_queued')
  })

  test('R-CMD-05 R-CMD-09 no reply of ours, sent back by whatever program in whatever name, is a command', async () => {
    await using scene = await startScene({ config: { limits: { ...LIMITS, perActorPerHour: 12 } } })
    scene.gitHub.pull = { head: { sha: HEAD, repo: { id: 77, pushed_at: '2019-05-15T15:20:32Z' } } }
    const asked = [
      '',
      ' Hello',
      ' size=',
      ' nope',
      ' help',
      ' status',
      ` ok ${HEAD}`,
      '',
      ' cancel',
      ` revoke ${HEAD}`,
      '',
      '',
      '',
      '',
    ]
    for (const [n, words] of asked.entries()) await outcomeOf(scene, n + 1, `!testme${words}`)
    await scene.decided(
      'pull_request',
      pushOf({
        ...INSTALLATION,
        pull_request: { head: { sha: '9'.repeat(40) }, updated_at: '2030-01-01T00:00:00Z' },
      }),
    )
    const replies = await scene.replies()
    expect(replies.length).toBeGreaterThan(10)
    expect(replies.flatMap((body) => parseCommands(body))).toEqual([])
  })

  test('R-CMD-09 two programs that answer each other, as people to GitHub, come to rest; so do the replies', async () => {
    await using scene = await startScene({ config: { limits: { ...LIMITS, perActorPerHour: 6 } } })
    const people = [1, 2].map((id) => ({ login: `machine-${id}`, id, type: 'User' }))
    for (const { login, id } of people) scene.gitHub.roles.set(login, { id, role: 'write' })
    for (let n = 1; n <= 60; n += 1) {
      const user = people[n % 2]
      await scene.decided(
        'issue_comment',
        { ...comment(n, '!testme\n!testme help', { user }), sender: user },
        `d-${n}`,
      )
    }
    expect(await scene.store.queued()).toHaveLength(6)
    expect(await scene.replies(), 'three each that are answered, and six each that are refused').toHaveLength(
      12,
    )
  })
})

describe('a recipe that crashes', () => {
  const crash = {
    conclusion: 'failure',
    reason: 'harness_fault',
    title: 'harness: `boom`',
    exitCode: 70,
  } as const

  /** Runs the newest of the queue to this end. */
  async function end(scene: Scene, n: number, concludedAtMs: number, verdict: object = crash): Promise<void> {
    const [run] = await scene.store.queued()
    const id = run?.id ?? ''
    await scene.store.change(id, 'queued', { state: 'starting', startedAtMs: 1 }, [])
    const change = { state: 'concluded', concludedAtMs, verdict: { ...crash, ...verdict } } as const
    await scene.store.change(id, 'starting', change, [aCheck(id, n, { terminal: true })])
  }

  test('R-CMD-09 R-QUE-15 three times in a row at a commit is suppressed there for an hour, then tried once more; the reply names the cause and the way out', async () => {
    const clock = handClock(START)
    await using scene = await startScene({
      time: clock,
      config: { limits: { ...LIMITS, repeatsPerTenMinutes: 99 } },
    })
    for (const n of [1, 2, 3]) {
      expect(await outcomeOf(scene, n, '!testme')).toBe('run_queued')
      await end(scene, n, clock.now())
    }
    expect(await outcomeOf(scene, 4, '!testme')).toBe('crash_loop')
    const reply = await lastReply(scene)
    expect(reply).toContain(
      '`hello` has ended in a fault of the harness 3 times in a row at `ec26c3e`, last with `` harness: `boom` ``.',
    )
    expect(reply).toContain(`It is not started at this commit before ${timeText(START + HOUR_MS)}.`)
    expect(reply).toContain('`berth doctor`')
    expect(await outcomeOf(scene, 5, '!testme world'), 'another recipe').toBe('run_queued')
    await end(scene, 5, clock.now(), { reason: 'passed' })
    clock.advance(HOUR_MS)
    expect(await outcomeOf(scene, 6, '!testme')).toBe('run_queued')
    await end(scene, 6, clock.now())
    expect(await outcomeOf(scene, 7, '!testme'), 'the fourth in a row').toBe('crash_loop')
  })

  test('R-CMD-09 R-QUE-15 those of a clock that ran ahead suppress nothing once it is set back', async () => {
    const clock = handClock(START + 365 * 24 * HOUR_MS)
    await using scene = await startScene({
      time: clock,
      config: { limits: { ...LIMITS, repeatsPerTenMinutes: 99 } },
    })
    for (const n of [1, 2, 3]) {
      await outcomeOf(scene, n, '!testme')
      await end(scene, n, clock.now())
    }
    expect(await outcomeOf(scene, 4, '!testme')).toBe('crash_loop')
    clock.jump(-365 * 24 * HOUR_MS)
    expect(await outcomeOf(scene, 5, '!testme')).toBe('run_queued')
  })

  test.each([
    ['a red run', { reason: 'stage_failed' }],
    ['a green one', { reason: 'passed', conclusion: 'success' }],
  ])('R-CMD-09 with %s in between is not', async (_, verdict) => {
    await using scene = await startScene({ config: { limits: { ...LIMITS, repeatsPerTenMinutes: 99 } } })
    for (const n of [1, 2, 3, 4]) {
      await outcomeOf(scene, n, '!testme')
      await end(scene, n, Date.now(), n === 3 ? verdict : crash)
    }
    expect(await outcomeOf(scene, 5, '!testme')).toBe('run_queued')
  })

  test('R-CMD-09 is suppressed still when the service starts anew, and so is who has used up a limit', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'berth-limits-'))
    const file = join(folder, 'berth.db')
    try {
      const limits = { ...LIMITS, perActorPerHour: 4 }
      for (const service of [1, 2]) {
        const kept = await openStore(file)
        await using scene = await startScene({ store: () => kept, config: { limits } })
        if (service === 1)
          for (const n of [1, 2, 3]) {
            await outcomeOf(scene, n, '!testme')
            await end(scene, n, Date.now())
          }
        else {
          expect(await outcomeOf(scene, 4, '!testme')).toBe('crash_loop')
          expect(await outcomeOf(scene, 5, '!testme help')).toBe('help_told')
          expect(await outcomeOf(scene, 6, '!testme help')).toBe('rate_limited')
        }
        await scene.intake.close()
        await kept.close()
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
