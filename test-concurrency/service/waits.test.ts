import { describe, expect } from 'vitest'
import { killTogether } from '../fixtures/crash.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe.concurrent('a queued run says what it waits for', () => {
  test('R-REP-01 R-RUN-09 a free slot, also where the live run was begun by an earlier service', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
    scene.slots(1)
    await scene.serve()
    const live = await scene.testme(1)
    await inside.reached()
    await scene.service().stop()
    await scene.serve()
    const other = await scene.testme(2)
    const check = await other.shows('what it waits for', ({ output }) => output.title !== 'Queued')
    expect(check.output.title).toBe('Queued, place 1: a free slot (1 at a time)')
    inside.go()
    await inside.reached()
    expect(live.result()).toMatchObject({ conclusion: 'success' })
    inside.go()
    for (const run of [live, other]) expect((await run.completed()).conclusion).toBe('success')
  })

  test('R-LCK-13 a person’s own run on the domain: it is named, and the queued run starts when it has ended', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
    await scene.serve()
    const own = await scene.world.run('app', '--pr', '1')
    await inside.reached()
    const run = await scene.testme(1)
    const check = await run.shows('what it waits for', ({ output }) => output.title !== 'Queued')
    expect(check.output.title).toBe(`Queued, place 1: run ${own.id}, which has app-1.ci.localhost`)
    expect(check.output.summary).toContain(
      `\`app-1.ci.localhost\` is with run \`${own.id}\`, of pull request 1, asked by `,
    )
    inside.go()
    await inside.reached()
    expect(own.result()).toMatchObject({ conclusion: 'success', verified: true })
    inside.go()
    expect((await run.completed()).conclusion).toBe('success')
    await own.cli.endedWith(0)
  })

  test('R-QUE-09 GitHub’s token: it is asked for again, with pauses, until it is there', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    scene.road.decide = ({ asks, body }) => (isCloneToken(asks, body) ? 'fail' : 'pass')
    const run = await scene.testme(1)
    await run.shows('what it waits for', ({ output }) =>
      (output.title ?? '').includes('GitHub to give a token'),
    )
    await until('a second try', () => tries(scene) > 1)
    const [first, second] = timesOf(scene)
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThan(1000)
    scene.road.decide = () => 'pass'
    expect((await run.completed()).conclusion).toBe('success')
  })

  test('R-QUE-02 R-QUE-09 but not a token that GitHub never gives: its check says so, and it holds up nobody', async ({
    scene,
  }) => {
    scene.recipe('app', { resources: ['gpu'] })
    await scene.serve()
    await scene.comment(1, '!testme help')
    await until('a reply', () => scene.replies(1).length > 0)
    const effect = { kind: 'answer', status: 404 } as const
    scene.gitHub.addFault({ method: 'POST', path: /access_tokens$/, times: 1, effect })
    const run = await scene.testme(1)
    const { conclusion, output } = await run.completed()
    expect(conclusion).toBe('failure')
    expect(output.title).toContain('not started: a token to clone acme/site: HTTP 404')
  })
})

describe.concurrent('the service is stopped', () => {
  test('R-RUN-09 while GitHub does not answer: it ends with 0 all the same', async ({ scene }) => {
    scene.recipe('app')
    await scene.serve()
    scene.road.decide = ({ asks, body }) => (isCloneToken(asks, body) ? 'wait' : 'pass')
    const run = await scene.testme(1)
    await scene.road.waiting()
    await scene.service().stop()
    scene.road.decide = () => 'pass'
    await scene.serve()
    expect((await run.completed()).conclusion).toBe('success')
  })

  test('R-RUN-08 R-RUN-09 while it has a dead run recovered: it ends with 0, the teardown goes on, the next service concludes', async ({
    scene,
  }) => {
    const [inside, down] = [scene.world.gate('inside'), scene.world.gate('down')]
    scene.recipe('app', {
      stages: { up: `${SITE} up`, inside: `${GATE} inside` },
      teardown: `${SITE} down gate`,
    })
    await scene.serve()
    const run = await scene.testme(1)
    await inside.reached()
    const { pid, wrapper } = run.conductor()
    await killTogether(pid, wrapper)
    await down.reached()
    await scene.service().stop()
    expect(run.result()).toBeNull()
    await scene.serve()
    down.go()
    expect((await run.completed()).conclusion).toBe('failure')
    expect(run.count('process.started')).toBe(2)
    expect(run.count('teardown.ended')).toBe(1)
  })
})

describe.concurrent('a stop that has to wait', () => {
  test('R-RUN-13 R-REP-01 in a stage that may not be interrupted: the check says at once that the run is stopping, and by whom', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    const stage = { run: `${GATE} inside`, uninterruptible: true, timeout: '1m' }
    scene.recipe('app', { stages: { up: `${SITE} up`, inside: stage, check: `${SITE} check` } })
    await scene.serve()
    const run = await scene.testme(1)
    await inside.reached()
    await run.shows('its stage', ({ output }) => (output.title ?? '').startsWith('Stage inside'))
    await scene.comment(1, '!testme cancel')
    const check = await run.shows('that it is stopping', ({ output }) =>
      (output.title ?? '').startsWith('Stopping'),
    )
    expect(check.output.title).toBe(
      'Stopping after stage inside, which may not be interrupted: cancelled, asked by octocat',
    )
    inside.go()
    expect((await run.completed()).conclusion).toBe('cancelled')
    expect(run.events()).toContain('stage.ended inside')
    expect(run.events()).not.toContain('stage.started check')
  })
})

function isCloneToken(asks: string, body: string): boolean {
  return asks.endsWith('/access_tokens') && body.includes('repository_ids')
}

function timesOf({ road }: Scene): readonly number[] {
  return road
    .travelled()
    .filter(({ asks, body }) => isCloneToken(asks, body))
    .map(({ atMs }) => atMs)
}

function tries(scene: Scene): number {
  return timesOf(scene).length
}
