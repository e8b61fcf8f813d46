import { expect, test } from 'vitest'
import { LIMITS } from '../model/policyWorld.ts'
import { aCheck, aDecision, aDelivery, aRun } from '../store/samples.ts'
import { startScene } from './scene.ts'

test('R-CMD-09 R-OBS-04 R-OBS-02 whose limit is used up, until when, and what keeps crashing, is on the overview and in the API by name, and in the metrics by number', async () => {
  await using scene = await startScene()
  const nowMs = Date.now()
  const uses = [
    ...Array.from({ length: LIMITS.perActorPerHour }, () => 'actor:octo\u202ecat'),
    ...Array.from({ length: LIMITS.perPullRequestPerHour - 1 }, () => 'pr:42:12'),
  ]
  await scene.store.addDelivery(aDelivery('d1'))
  await scene.store.decide(aDecision('d1', { atMs: nowMs, uses }))
  for (const n of [1, 2, 3]) {
    const id = `crash${n}`
    await scene.store.addDelivery(aDelivery(id))
    await scene.store.decide(aDecision(id, { runs: [aRun(id)], reports: [aCheck(id, 0)] }))
    await scene.store.change(id, 'queued', { state: 'starting', startedAtMs: 1 }, [])
    const verdict = {
      conclusion: 'failure',
      reason: 'not_cleaned',
      title: 'harness: boom',
      exitCode: 70,
    } as const
    const end = { state: 'concluded', concludedAtMs: nowMs - n, verdict } as const
    await scene.store.change(id, 'starting', end, [aCheck(id, 1, { terminal: true })])
  }
  const answer = await scene.get('/api/v1/limits')
  expect(answer.status).toBe(200)
  expect(JSON.parse(answer.text)).toMatchObject({
    limits: LIMITS,
    usedUp: [
      {
        kind: 'actor',
        who: 'octocat',
        limit: 'perActorPerHour',
        used: 20,
        most: 20,
        freeAtMs: nowMs + 3_600_000,
      },
    ],
    crashLoops: [
      {
        repository: 'acme/site',
        pr: 12,
        recipe: 'hello',
        times: 3,
        title: 'harness: boom',
        untilMs: nowMs - 1 + LIMITS.crashPauseMs,
      },
    ],
  })
  expect(answer.text).not.toContain('\u202e')
  const { text } = await scene.get('/')
  expect(text).toMatch(/actor <code>octocat<\/code>[\s\S]*perActorPerHour[\s\S]*20 of 20[\s\S]*<time/)
  expect(text).toMatch(/crash loops \(1\)[\s\S]*hello on acme\/site #12[\s\S]*harness: boom[\s\S]*<time/)
  expect(text).not.toContain('\u202e')
  const metrics = (await scene.get('/metrics')).text
  expect(metrics).toContain('berth_limits_used_up{kind="actor"} 1\n')
  expect(metrics).toContain('berth_limits_used_up{kind="pull_request"} 0\n')
  expect(metrics).toContain('berth_crash_loops 1\n')
})
