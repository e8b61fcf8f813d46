import { describe, expect } from 'vitest'
import { AN_HOUR_US, detach, inject } from '../fixtures/crash.ts'
import type { Gate } from '../fixtures/gate.ts'
import { HAS_STRACE } from '../fixtures/needs.ts'
import { outputOf } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import { pointOf } from './fixtures/points.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

type Way = (scene: Scene, run: AskedRun) => Promise<unknown>

const WAYS: Readonly<Record<string, Way>> = {
  'a comment': (scene, run) => scene.comment(1, `!testme cancel ${run.id}`),
  'the check’s button': async ({ gitHub }, run) =>
    gitHub.people.requestAction(run.check().id, 'cancel', 'octocat'),
  'berth cancel': async ({ world }, run) => outputOf(world.berth('cancel', run.id)),
}

describe('a queued and a running run are cancelled', () => {
  for (const [name, cancel] of Object.entries(WAYS)) {
    test(`R-CMD-03 R-CMD-12 R-QUE-14 by ${name}: each ends cancelled, the live one is torn down, and the domain is free`, async ({
      scene,
    }) => {
      const { live, queued } = await liveAndQueued(scene)
      await cancel(scene, queued)
      expect((await queued.completed()).conclusion).toBe('cancelled')
      expect(queued.check().output.title).toMatch(/^Cancelled by \S+ while it was queued$/)
      expect(live.check().status).toBe('in_progress')
      await cancel(scene, live)
      await expectCancelled(scene, live, queued)
      await expectFree(scene)
    })
  }

  test('R-OBS-05 R-RUN-22 by berth cancel while no service is there: the live one ends at once, and the next service tells both', async ({
    scene,
  }) => {
    const { live, queued } = await liveAndQueued(scene)
    await scene.service().stop()
    const words = await outputOf(scene.world.berth('cancel', queued.id))
    expect(words).toBe(`Run ${queued.id} is asked to stop: it will not start.\n`)
    await outputOf(scene.world.berth('cancel', live.id))
    expect(await live.concluded()).toMatchObject({ conclusion: 'cancelled' })
    await scene.serve()
    await queued.completed()
    await expectCancelled(scene, live, queued)
    await expectFree(scene)
  })

  test('R-CMD-10 by closing the pull request', async ({ scene }) => {
    const { live, queued } = await liveAndQueued(scene)
    scene.gitHub.people.close(1, 'octocat')
    await queued.completed()
    await expectCancelled(scene, live, queued)
    expect(live.check().output.title).toContain('pull request closed')
    expect(queued.check().output.title).toContain('pull request closed')
  })
})

describe('cancelling', () => {
  test.skipIf(!HAS_STRACE)(
    'R-RUN-22 case 27a (strace) a run that is starting, when its folder has just been made: it ends cancelled, and no stage has begun',
    async ({ scene, world }) => {
      scene.recipe('quick')
      await scene.serve()
      const strace = await inject(world, scene.service().pid, `mkdir:delay_exit=${AN_HOUR_US}:when=1`)
      scene.gitHub.people.comment(1, 'octocat', '!testme')
      const run = await until('a run folder', () => world.runs()[0])
      await outputOf(world.berth('cancel', run.id))
      await detach(strace)
      expect((await scene.run(run.id).completed()).conclusion).toBe('cancelled')
      expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
      expect(run.events().filter((event) => event.startsWith('stage'))).toEqual([])
    },
  )

  test('R-RUN-22 case 27a a run that is starting, when its process has just said so: it ends cancelled and torn down', async ({
    scene,
  }) => {
    scene.world.gate('never')
    scene.recipe('quick', { stages: { up: `${SITE} up`, inside: `${GATE} never` } })
    await scene.serve()
    const begun = pointOf('its journal appears').reached(scene, 'quick-1.ci.localhost')
    scene.gitHub.people.comment(1, 'octocat', '!testme')
    await begun
    const [run] = scene.world.runs()
    await outputOf(scene.world.berth('cancel', run?.id ?? ''))
    const check = await scene.run(run?.id ?? '').completed()
    expect(check.conclusion).toBe('cancelled')
    expect(run?.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
  })

  test('R-CMD-03 R-CMD-04 a run that is over changes nothing, and says so: by comment, and by berth cancel', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    const run = await scene.testme(1)
    const before = await run.completed()
    await scene.comment(1, `!testme cancel ${run.id}`)
    const [reply] = await until('a reply', () => nonEmpty(scene.answers(1)))
    expect(reply).toContain(`Run \`${run.id}\` is over already`)
    const words = await outputOf(scene.world.berth('cancel', run.id))
    expect(words).toContain(`Run ${run.id} is over: success`)
    expect(run.check()).toEqual(before)
  })

  test('R-CMD-10 a push supersedes the queued run, visibly; the live one goes on at its commit', async ({
    scene,
  }) => {
    const { inside, live, queued } = await liveAndQueued(scene)
    const files = { 'more.txt': 'More.\n' }
    const { head } = await scene.gitHub.people.push(1, { message: 'More', files })
    expect(await queued.completed()).toMatchObject({ conclusion: 'cancelled' })
    expect(queued.check().output.title).toBe('Superseded by octocat while it was queued')
    const [reply] = await until('a reply', () => nonEmpty(scene.answers(1)))
    expect(reply).toContain(queued.id)
    expect(reply).toContain(head.sha)
    const next = await scene.testme(1)
    expect(next.check().sha).toBe(head.sha)
    inside.go()
    await inside.reached()
    inside.go()
    for (const run of [live, next]) expect((await run.completed()).conclusion).toBe('success')
    expect(live.check().sha).not.toBe(head.sha)
  })

  test('R-CMD-10 with `supersede: all` a push stops the live run, too: torn down, verified, and its check says why', async ({
    scene,
  }) => {
    scene.setting('supersede: all')
    const { live, queued } = await liveAndQueued(scene)
    await scene.gitHub.people.push(1, { message: 'More', files: { 'more.txt': 'More.\n' } })
    await queued.completed()
    await expectCancelled(scene, live, queued)
    expect(live.check().output.title).toBe('Superseded by octocat in stage inside')
    const [reply] = await until('a reply', () => nonEmpty(scene.answers(1)))
    expect(reply).toContain('it is stopped and taken down')
    await expectFree(scene)
  })

  test('R-CMD-03 without saying which, where two runs are: refused, with the lines to copy; `cancel all` ends both', async ({
    scene,
  }) => {
    const { live, queued } = await liveAndQueued(scene)
    const asked = await scene.comment(1, '!testme cancel')
    const [reply] = await until('a reply', () => nonEmpty(scene.answers(1)))
    expect(reply).toContain('ambiguous_run')
    for (const { id } of [live, queued]) expect(reply).toContain(`!testme cancel ${id}`)
    await until('a reaction', () => scene.reactions(asked).includes('confused'))
    await scene.comment(1, '!testme cancel all')
    await queued.completed()
    await expectCancelled(scene, live, queued)
  })
})

async function liveAndQueued(
  scene: Scene,
): Promise<{ readonly inside: Gate; readonly live: AskedRun; readonly queued: AskedRun }> {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
  scene.recipe('quick', { domain: 'app-{pr}.{base}' })
  await scene.serve()
  const live = await scene.testme(1)
  await inside.reached()
  const queued = await scene.testme(1)
  await queued.shows('what it waits for', ({ output }) => (output.title ?? '').includes(live.id))
  return { inside, live, queued }
}

async function expectCancelled({ world, checks }: Scene, live: AskedRun, queued: AskedRun): Promise<void> {
  expect((await live.completed()).conclusion).toBe('cancelled')
  expect(queued.check().conclusion).toBe('cancelled')
  expect(live.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
  expect(live.check().output.title).toBe(live.result()?.title)
  expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${live.id} ${step}`))
  expect(checks.story(queued.id)).toEqual(['queued', 'cancelled'])
  expect(checks.story(live.id)).toEqual(['queued', 'in_progress', 'cancelled'])
}

async function expectFree(scene: Scene): Promise<void> {
  const next = await scene.testme(1, 'quick')
  expect((await next.completed()).conclusion).toBe('success')
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list
}
