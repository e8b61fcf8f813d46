import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { letPass } from '../fixtures/clock.ts'
import { outputOf } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import { SITE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

const NAME = 'app-1.ci.localhost'
const MORE_THAN_A_MINUTE_MS = 61_000
const MORE_THAN_FIVE_MS = 301_000

describe('a domain that cannot be cleaned', () => {
  test('R-LCK-11 R-REP-01 R-JAN-10 R-QUE-15 case 28: after three cleanings its waiters’ checks say domain_dirty, other pull requests go on, and when a person has released it the next run is green', async ({
    scene,
  }) => {
    const stuck = join(scene.world.gates, 'stuck-1')
    const teardown = `test ! -e "$GATES/stuck-$BERTH_PR"; ${SITE} down`
    scene.recipe('app', { stages: { up: `${SITE} up`, check: `${SITE} check` }, teardown })
    writeFileSync(stuck, '')
    await scene.serve()
    const dirty = await scene.testme(1)
    expect(await dirty.completed()).toMatchObject({ conclusion: 'failure' })
    const first = await scene.testme(1)
    const waits = await first.shows('why it waits', ({ output }) => (output.title ?? '').includes('cleaned'))
    expect(waits.output.title).toMatch(
      new RegExp(`^Queued, place 1: run ${dirty.id} to be cleaned \\(the teardown`),
    )
    const second = await scene.testme(1)
    await second.shows('what it waits for', ({ output }) => (output.title ?? '').includes(first.id))
    await until('the first cleaning', () => dirty.count('cleaned') === 1)
    letPass(dirty, MORE_THAN_A_MINUTE_MS)
    await until('the second cleaning', () => dirty.count('cleaned') === 2)
    expect((await first.shows('that it waits still', () => true)).status).toBe('queued')
    letPass(dirty, MORE_THAN_FIVE_MS)
    for (const run of [first, second]) {
      const { conclusion, output } = await run.completed()
      expect(conclusion).toBe('failure')
      expect(output.title).toMatch(
        new RegExp(`^domain_dirty: run ${dirty.id} cannot be cleaned: the teardown`),
      )
    }
    expect(dirty.count('cleaned')).toBe(3)
    expect(await scene.json('locks')).toMatchObject([{ name: NAME, state: 'blocked', run: dirty.id }])
    expect(await outputOf(scene.world.berth('locks'))).toMatch(new RegExp(`^${NAME} +blocked `, 'm'))
    expect((await (await scene.testme(2)).completed()).conclusion, 'another pull request').toBe('success')

    rmSync(stuck)
    rmSync(join(scene.world.sites, NAME), { recursive: true })
    await scene.world.berth('locks', 'release', NAME, '--reason', 'removed by hand').endedWith(0)
    const next = await scene.testme(1)
    expect((await next.completed()).conclusion).toBe('success')
    expect(dirty.check()).toMatchObject({ conclusion: 'failure' })
    expect(scene.checks.ends(dirty.id)).toBe(1)
    const own = scene.world.trace().filter((line) => line.startsWith(dirty.id))
    expect(own).toEqual([`${dirty.id} up`])
    for (const run of [first, second])
      expect(scene.world.trace().filter((line) => line.startsWith(run.id))).toEqual([])
  })
})
