import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { GATE } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'

describe('a hold by hand', () => {
  test('R-JAN-10 R-LCK-02 ends by itself when its time is over, and the name is simply free; janitors leave it alone until then', async ({
    world,
  }) => {
    world.recipe('app')
    await world.berth('locks', 'hold', NAME, '--reason', 'a look', '--for', '10s').endedWith(0)
    const waits = await world.run('app', '--wait', '5m')
    await waits.cli.says(/waits for/)
    await world.berth('janitor').endedWith(0)
    const [held] = JSON.parse(await outputOf(world.berth('locks', '--json')))
    expect(held).toMatchObject({ name: NAME, state: 'busy', hold: { reason: 'a look' } })
    await waits.cli.endedWith(0)
    const untilMs = held.hold.untilMs
    expect(waits.journal()[0], 'not before its time').toHaveProperty('at')
    expect(
      JSON.parse(readFileSync(join(waits.folder, 'journal.ndjson'), 'utf8').split('\n')[0] ?? '').at,
    ).toBeGreaterThan(untilMs - 100)
    expect(JSON.parse(await outputOf(world.berth('locks', '--json')))[0]?.hold ?? null).toBeNull()
  })

  test('R-JAN-10 R-LCK-10 whose command does not end with its time is a suspected leak, told with its holder, and not ended', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    const hold = world.hold(NAME, 'somebody', `trap '' TERM; ${GATE} inside`, '--for', '100ms')
    await inside.reached()
    const sweep = () => world.berth('janitor', '--json')
    await until('the end of its time and a grace', () => untilMsOf(world.state) + 600 < Date.now())
    const { leaks, findings } = JSON.parse(await outputOf(sweep(), 1))
    expect(leaks).toMatchObject([{ name: NAME, run: null, holders: [{ pid: hold.pid }] }])
    expect(leaks[0].why).toMatch(/^the hold of \S+ \(somebody\) has expired$/)
    expect(leaks[0].holders[0].command).toContain('locks hold')
    expect(findings).toMatchObject([{ what: 'name', name: NAME, action: 'suspected leak' }])
    const metrics = join(world.root, 'berth.prom')
    const quiet = world.berth('janitor', '--quiet', '--metrics', metrics)
    await quiet.endedWith(1)
    expect(quiet.output()).toContain(`held by process ${hold.pid} (`)
    expect(readFileSync(metrics, 'utf8')).toMatch(/^berth_janitor_suspected_leaks 1$/m)
    expect(world.judge().holders(NAME)).toEqual([hold.pid])
    inside.go()
    await hold.ended()
    await world.berth('janitor').endedWith(0)
  })

  test('R-JAN-10 is told in the audit with who, when and why, from before it holds; so is its release; a torn line harms no other', async ({
    world,
  }) => {
    expect(await outputOf(world.berth('locks', 'audit'))).toBe(
      'Nobody has held or released a name by hand.\n',
    )
    await world.berth('locks', 'hold', NAME, '--reason', 'a look\u001b[2J').endedWith(0)
    appendFileSync(join(world.state, 'audit.ndjson'), '{"at":"2026-01-01T00:00:00.0')
    await world.berth('locks', 'release', NAME, '--reason', 'seen').endedWith(0)
    await until('the end of the hold', () => world.judge().holders(NAME).length === 0)
    const audit = JSON.parse(await outputOf(world.berth('locks', 'audit', '--json')))
    expect(audit).toMatchObject([
      { action: 'hold', name: NAME, reason: 'a look\u001b[2J' },
      { action: 'release', name: NAME, reason: 'seen', held: 'a look\u001b[2J', heldBy: audit[0].by },
    ])
    expect(audit[0].untilMs - Date.parse(audit[0].at)).toBeGreaterThan(3_500_000)
    const shown = await outputOf(world.berth('locks', 'audit', '--limit', '1'))
    expect(shown).toContain('seen')
    expect(shown.split('\n')).toHaveLength(3)
    expect(await outputOf(world.berth('locks', 'audit'))).not.toContain('\u001b')
    const nothing = world.berth('locks', 'release', NAME, '--reason', 'nothing there')
    await nothing.endedWith(0)
    expect(JSON.parse(await outputOf(world.berth('locks', 'audit', '--json')))).toHaveLength(2)
  })
})

function untilMsOf(state: string): number {
  return JSON.parse(readFileSync(join(state, 'holds', `${NAME}.json`), 'utf8')).untilMs
}
