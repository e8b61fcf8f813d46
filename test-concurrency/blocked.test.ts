import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { letPass } from './fixtures/clock.ts'
import { lookedAgain } from './fixtures/looks.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { SITE } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
const A_MINUTE_MS = 60_000
/** More than the test itself takes between a cleaning and the next. */
const MARGIN_MS = 30_000

describe('a name that cannot be cleaned', () => {
  test('R-LCK-11 R-LCK-13 R-JAN-02 R-JAN-06 case 28: it is tried at once, after 1 and after 5 minutes, never earlier, then it is blocked: the waiter ends with 69, other names go on, and a sweep clears it once the cause is gone', async ({
    world,
  }) => {
    const stuck = join(world.gates, 'stuck-0')
    world.recipe('app', {
      stages: { up: `${SITE} up` },
      teardown: `test ! -e "$GATES/stuck-$BERTH_PR"; ${SITE} down`,
    })
    writeFileSync(stuck, '')
    const dirty = await world.run('app')
    await dirty.cli.endedWith(4)
    const waiter = await world.run('app', '--wait', '5m')
    await waiter.cli.says(new RegExp(`waits for run ${dirty.id} to be cleaned`))
    expect(dirty.count('cleaned')).toBe(1)
    for (const [pauseMs, cleanings] of [
      [A_MINUTE_MS, 2],
      [5 * A_MINUTE_MS, 3],
    ] as const) {
      letPass(dirty, pauseMs - MARGIN_MS)
      await lookedAgain(waiter.cli.pid)
      const others = world
        .judge()
        .holders(NAME)
        .filter((pid) => pid !== waiter.cli.pid)
      expect(others, 'nobody cleans yet').toEqual([])
      expect(dirty.count('cleaned')).toBe(cleanings - 1)
      letPass(dirty, MARGIN_MS)
      await until('the next cleaning', () => dirty.count('cleaned') === cleanings)
    }
    await waiter.cli.endedWith(69)
    expect(waiter.cli.output()).toContain(`domain_dirty: run ${dirty.id} cannot be cleaned`)

    const [look] = JSON.parse(await outputOf(world.berth('locks', '--json')))
    expect(look).toMatchObject({ name: NAME, state: 'blocked', run: dirty.id, pids: [], waiters: [] })
    letPass(dirty, 60 * A_MINUTE_MS)
    await world.berth('run', 'app', '--wait', '5m').endedWith(69)
    expect(dirty.count('cleaned'), 'a blocked name is no waiter’s to clean').toBe(3)
    await world.berth('run', 'app', '--pr', '1').endedWith(0)

    const { findings } = JSON.parse(await outputOf(world.berth('janitor', '--json'), 1))
    expect(findings).toContainEqual(expect.objectContaining({ name: NAME, action: 'left' }))
    expect(dirty.count('cleaned')).toBe(4)
    rmSync(stuck)
    await world.berth('janitor').endedWith(10)
    expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    await world.berth('run', 'app').endedWith(0)
    expect(dirty.result()).toMatchObject({ conclusion: 'failure', reason: 'teardown_unverified' })
    expect(dirty.count('concluded')).toBe(1)
    const own = world.trace().filter((line) => line.startsWith(dirty.id))
    expect(own).toEqual(['up', 'down', 'gone'].map((step) => `${dirty.id} ${step}`))
  })
})
