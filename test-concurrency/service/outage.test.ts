import { describe, expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import type { Fate } from './fixtures/road.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

describe.concurrent('GitHub is down while runs go on', () => {
  const DOWN: Readonly<Record<string, Fate>> = {
    'it answers 502': 'fail',
    'connections are reset': 'reset',
    'it does what is asked, and every answer is lost': 'lose',
  }
  for (const [how, fate] of Object.entries(DOWN)) {
    test(`R-REP-03 R-REP-04 R-REP-05 ${how}: when it is back each check shows the end of its run, and there is one for each`, async ({
      scene,
    }) => {
      const inside = scene.world.gate('inside')
      scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
      await scene.serve()
      const first = await scene.testme(1)
      await inside.reached()
      const second = await scene.testme(1)
      await second.shows('what it waits for', ({ output }) => (output.title ?? '').includes(first.id))

      scene.road.decide = () => fate
      for (const run of [first, second]) {
        inside.go()
        expect(await run.concluded()).toMatchObject({ conclusion: 'success' })
        if (run === first) await inside.reached()
      }
      await until('both ends in the store', () => timesTold(scene, 'run.concluded') === 2)
      if (fate !== 'lose')
        expect(scene.checks.all().map(({ conclusion }) => conclusion)).toEqual([null, null])
      const asked = scene.gitHub.people.comment(2, 'octocat', '!testme')
      await until('the comment to be put off', () => timesTold(scene, 'delivery.undecided') > 0)

      const told = toldFromNowOn(scene)
      scene.road.decide = () => 'pass'
      for (const run of [first, second]) {
        expect((await run.completed()).conclusion).toBe('success')
        expect(run.check().output.title).toBe('All 3 stages passed')
      }
      await inside.reached()
      inside.go()
      await until('the reaction', () => scene.reactions(asked).includes('eyes'))
      await until(
        'a third check run',
        () => scene.checks.all().length === 3 && scene.checks.all()[2]?.conclusion,
      )
      expect(told(first).filter((state) => state !== 'success')).toEqual([])
      expect(told(second).filter((state) => state !== 'success')).toEqual([])
    })
  }

  test('R-REP-03 the answer to the creation of a check run is lost, and GitHub stays away until the run is over: no second check run', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    scene.road.decide = ({ asks }) => {
      if (asks === 'POST /repos/acme/site/check-runs') return 'lose'
      return scene.checks.all().length > 0 && !asks.endsWith('/access_tokens') ? 'fail' : 'pass'
    }
    const run = await scene.testme(1)
    expect(await run.concluded()).toMatchObject({ conclusion: 'success' })
    expect(run.check().status).toBe('queued')
    scene.road.decide = () => 'pass'
    expect((await run.completed()).conclusion).toBe('success')
    expect(scene.checks.story(run.id)).toEqual(['queued', 'success'])
    expect(scene.checks.ends(run.id)).toBe(1)
  })
})

/** How often the service's log has the event. */
function timesTold(scene: Scene, event: string): number {
  return scene
    .service()
    .log()
    .filter(({ msg }) => msg === event).length
}

/** What each check is told from now on: `queued`, `in_progress`, or a conclusion. */
function toldFromNowOn({ checks }: Scene): (run: AskedRun) => readonly string[] {
  const told: { readonly run: string; readonly state: string }[] = []
  checks.onTold(({ externalId, status, conclusion }) =>
    told.push({ run: externalId, state: conclusion ?? status }),
  )
  return ({ id }) => told.filter(({ run }) => run === id).map(({ state }) => state)
}
