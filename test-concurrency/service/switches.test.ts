import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect } from 'vitest'
import { anAlarm } from '../../src/model/alarm.ts'
import { MECHANISM_NAMES, type Mechanism } from '../../src/model/mechanisms.ts'
import { leaveAlarm } from '../../src/store/alarmFiles.ts'
import { statePaths } from '../../src/store/stateFolder.ts'
import { letAnHourPass } from '../fixtures/clock.ts'
import { killTogether, stopped } from '../fixtures/crash.ts'
import { isAlive } from '../fixtures/kernel.ts'
import { oldRun } from '../fixtures/past.ts'
import { outputOf } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import { warmed, warmPairOf } from '../fixtures/warm.ts'
import { GATE, type RecipeParts, SITE } from '../fixtures/world.ts'
import { page, reload, setting } from './fixtures/reload.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

/** Switches what was switched off in the scene's berth.yml on again, while the service goes on. */
type SwitchOn = () => Promise<void>

/** Each serves, shows that nothing is done while all else goes on, switches it on, and shows that it is done then. */
const STORIES: Readonly<Record<Mechanism, (scene: Scene, switchOn: SwitchOn) => Promise<void>>> = {
  async intake(scene, switchOn) {
    const inside = parked(scene)
    await scene.serve()
    await switchOn()
    const live = await scene.testme(1)
    await inside.reached()
    await switchOff(scene, 'intake')
    const comment = await scene.comment(2, '!testme quick')
    inside.go()
    expect((await live.completed()).conclusion).toBe('success')
    expect(scene.reactions(comment)).toEqual([])
    expect(scene.runs()).toHaveLength(1)
    await switchOn()
    await until('its run', () => scene.runs().length === 2)
    expect((await scene.runs()[1]?.completed())?.conclusion).toBe('success')
  },

  async dispatch(scene, switchOn) {
    const inside = parked(scene)
    await scene.serve()
    await switchOn()
    const live = await scene.testme(1)
    await inside.reached()
    await switchOff(scene, 'dispatch')
    const [next, other] = [await scene.testme(1), await scene.testme(2, 'quick')]
    for (const run of [next, other]) {
      const check = await run.shows('what it waits for', ({ output }) => output.title !== 'Queued')
      expect(check.output.title).toBe('Queued, place 1: the operator to switch dispatching on again')
    }
    const cancelled = await scene.testme(2, 'quick')
    await scene.comment(2, `!testme cancel ${cancelled.id}`)
    expect((await cancelled.completed()).conclusion).toBe('cancelled')
    inside.go()
    expect((await live.completed()).conclusion).toBe('success')
    const byHand = await scene.world.run('quick', '--pr', '2')
    await byHand.cli.endedWith(0)
    for (const run of [next, other]) expect(run.events()).toEqual([])
    await switchOn()
    await inside.reached()
    inside.go()
    for (const run of [next, other]) expect((await run.completed()).conclusion).toBe('success')
  },

  async reap(scene, switchOn) {
    const inside = parked(scene)
    await scene.serve()
    const run = await scene.testme(1)
    await inside.reached()
    const { pid, wrapper } = run.conductor()
    await killTogether(pid, wrapper)
    const check = await run.shows('that nobody has it', ({ output }) =>
      (output.title ?? '').startsWith('Waits for somebody to recover it'),
    )
    expect(check.status).toBe('in_progress')
    await othersPass(scene)
    expect(scene.world.trace().filter((line) => line.startsWith(run.id))).toEqual([`${run.id} up`])
    await switchOn()
    expect((await run.completed()).conclusion).toBe('failure')
    expect(scene.world.trace()).toContain(`${run.id} gone`)
  },

  async retell(scene, switchOn) {
    const inside = parked(scene)
    await scene.serve()
    const live = await scene.testme(1)
    await inside.reached()
    const [first, second, third] = [await scene.testme(1), await scene.testme(1), await scene.testme(1)]
    await third.shows('its place', ({ output }) => (output.title ?? '').startsWith('Queued, place 3'))
    withRecords(scene, "UPDATE reports SET created_at = created_at - 3600000 WHERE kind = 'check'")
    await scene.comment(1, `!testme cancel ${first.id}`)
    await second.shows('its place', ({ output }) => (output.title ?? '').startsWith('Queued, place 1'))
    await reload(scene, (text) => text)
    await othersPass(scene)
    expect(third.check().output.title).toMatch(/^Queued, place 3/)
    await switchOn()
    await third.shows('its place', ({ output }) => (output.title ?? '').startsWith('Queued, place 2'))
    for (const run of [live, second, third]) {
      inside.go()
      expect((await run.completed()).conclusion).toBe('success')
      if (run !== third) await inside.reached()
    }
  },

  async retention(scene, switchOn) {
    scene.recipe('quick')
    await scene.serve()
    await othersPass(scene)
    const old = await oldRun(scene.world, 'quick', 40)
    withRecords(scene, 'UPDATE deliveries SET decided_at = decided_at - 40 * 86400000')
    await reload(scene, (text) => text)
    await othersPass(scene)
    expect(payloads(scene)).toBeGreaterThan(0)
    expect(await outputOf(scene.world.berth('janitor'))).toContain('retention is switched off')
    expect(existsSync(old.folder)).toBe(true)
    await switchOn()
    await until('nothing old', () => payloads(scene) === 0)
    expect(await outputOf(scene.world.berth('janitor'))).toContain(old.id)
    expect(existsSync(old.folder)).toBe(false)
  },

  async ceilings(scene, switchOn) {
    const inside = parked(scene)
    await scene.serve()
    const run = await scene.testme(1)
    await inside.reached()
    const { pid } = run.conductor()
    await stopped(pid)
    letAnHourPass(run)
    await reload(scene, (text) => text)
    await othersPass(scene)
    const janitor = scene.world.berth('janitor')
    await janitor.endedWith(1)
    expect(janitor.output()).toMatch(/past the run's ceiling; ceilings are switched off/)
    expect(isAlive(pid)).toBe(true)
    await switchOn()
    expect((await run.completed()).conclusion).toBe('failure')
    expect(isAlive(pid)).toBe(false)
  },

  async orders(scene, switchOn) {
    scene.setting('trust: { hold: maintain }')
    scene.recipe('app')
    scene.recipe('quick')
    await scene.serve()
    const tells = (text: string) => scene.replies(1).some((reply) => reply.includes(text))
    await scene.comment(1, '!testme hold app-1.ci.localhost for=1h a look')
    await until('a reply', () => scene.replies(1).length > 0)
    await reload(scene, (text) => text)
    await othersPass(scene)
    expect(tells('**held**')).toBe(false)
    expect(scene.world.judge().holders('app-1.ci.localhost')).toEqual([])
    await switchOn()
    await until('the hold', () => tells('**held**'))
    await scene.comment(1, '!testme release app-1.ci.localhost')
    await until('its end', () => tells('**released**'))
  },

  async outbox(scene, switchOn) {
    scene.recipe('quick')
    await scene.serve()
    const comment = await scene.comment(1, '!testme')
    await until('the end of the run', () =>
      scene
        .service()
        .log()
        .some(({ msg }) => msg === 'run.concluded'),
    )
    expect(scene.world.runs().map((run) => run.result()?.conclusion)).toEqual(['success'])
    expect(scene.checks.all()).toEqual([])
    expect(scene.road.travelled().filter(({ asks }) => /^(?:POST|PATCH) \/repos/.test(asks))).toEqual([])
    await switchOn()
    const [run] = await until('its check', () => (scene.runs().length > 0 ? scene.runs() : null))
    expect((await run?.completed())?.conclusion).toBe('success')
    await until('the reaction', () => scene.reactions(comment).includes('eyes'))
  },

  async alarms(scene, switchOn) {
    const heard: string[] = []
    const server = createServer(async (request, response) => {
      heard.push(Buffer.concat(await Array.fromAsync(request)).toString())
      response.writeHead(204).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    scene.setting(
      `notify: { webhook: 'http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}' }`,
    )
    scene.recipe('quick')
    try {
      await scene.serve()
      const leak = { subject: 'a.test', atMs: Date.now(), text: 'held', about: { name: 'a.test' } }
      leaveAlarm(statePaths(scene.world.state), anAlarm({ kind: 'suspected_leak', ...leak }))
      await reload(scene, (text) => text)
      await othersPass(scene)
      expect(heard).toEqual([])
      await switchOn()
      await until('the alarm', () => heard.some((body) => body.includes('suspected_leak')))
    } finally {
      server.closeAllConnections()
      server.close()
    }
  },

  async reconcile(scene, switchOn) {
    const looks = () =>
      scene.road.travelled().filter(({ asks }) => asks === 'GET /repos/acme/site/issues/comments').length
    scene.setting('reconcile: 1s')
    scene.recipe('quick')
    await scene.serve()
    await reload(scene, (text) => text)
    await othersPass(scene)
    expect(looks()).toBe(0)
    await switchOn()
    await until('two looks', () => looks() > 1)
  },

  async warm(scene, switchOn) {
    const inside = parked(scene, { inside: `${GATE} inside` })
    await scene.serve()
    const first = await scene.testme(1)
    await inside.reached()
    const second = await scene.testme(1)
    await second.shows('what it waits for', ({ output }) => (output.title ?? '').includes(first.id))
    await othersPass(scene)
    expect(warmPairOf(second.id)).toBeNull()
    await switchOn()
    const pair = await warmed(second.id)
    await switchOff(scene, 'warm')
    await until('the end of its warm processes', () => !isAlive(pair.process) && !isAlive(pair.wrapper))
    await switchOn()
    await warmed(second.id)
    for (const run of [first, second]) {
      inside.go()
      expect((await run.completed()).conclusion).toBe('success')
      if (run === first) await inside.reached()
    }
  },
}

describe('a background mechanism that the operator has switched off', () => {
  test.for(MECHANISM_NAMES)(
    'R-Q-05 %s: it does nothing and everybody can see that, all else goes on, and once it is on again nothing was lost',
    async (mechanism, { scene }) => {
      scene.setting(`switchedOff: [${mechanism}]`)
      await STORIES[mechanism](scene, async () => {
        await expectShown(scene, mechanism)
        const { msg, switchedOff } = await reload(scene, setting('switchedOff', '[]'))
        expect({ msg, switchedOff }).toEqual({ msg: 'config.reloaded', switchedOff: [] })
        expect(await page(scene, '/metrics')).toContain(`berth_switched_off{mechanism="${mechanism}"} 0\n`)
        expect(await page(scene, '/readyz')).toBe('ready\n')
      })
    },
  )
})

/** In the log from the start, on the page, for programs, in the metrics, and for the doctor. The service is ready for its work all the same. */
async function expectShown(scene: Scene, mechanism: Mechanism): Promise<void> {
  expect(await page(scene, '/readyz')).toBe(`ready\nswitched off: ${mechanism}\n`)
  const told: readonly object[] = scene.service().log()
  expect(told).toContainEqual(expect.objectContaining({ msg: 'service.ready', switchedOff: [mechanism] }))
  expect(await page(scene, '/')).toMatch(
    new RegExp(`Switched off by the operator \\(1\\)[^]*<code>${mechanism}<`),
  )
  expect(JSON.parse(await page(scene, '/api/v1/service'))).toMatchObject({ switchedOff: [{ mechanism }] })
  const metrics = await page(scene, '/metrics')
  expect(metrics.match(/^berth_switched_off\{.*\} 1$/gm)).toEqual([
    `berth_switched_off{mechanism="${mechanism}"} 1`,
  ])
  expect(metrics.match(/^berth_switched_off\{.*\} 0$/gm)).toHaveLength(MECHANISM_NAMES.length - 1)
  const doctor = scene.world.berth('doctor')
  await doctor.ended()
  expect(doctor.output()).toMatch(new RegExp(`note +${mechanism} is off +switchedOff in `))
}

async function switchOff(scene: Scene, mechanism: Mechanism): Promise<void> {
  const { switchedOff } = await reload(scene, setting('switchedOff', `[${mechanism}]`))
  expect(switchedOff).toEqual([mechanism])
}

/** `app` is parked in its stage; `quick` is not. */
function parked(
  scene: Scene,
  stages: RecipeParts['stages'] = { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` },
) {
  const inside = scene.world.gate('inside')
  scene.recipe('app', { stages })
  scene.recipe('quick')
  return inside
}

/** A whole run, from a comment to its end on GitHub: longer than any pass of anything that was woken before. */
async function othersPass(scene: Scene): Promise<void> {
  const run = await scene.testme(2, 'quick')
  expect((await run.completed()).conclusion).toBe('success')
}

function withRecords(scene: Scene, sql: string): void {
  using records = new DatabaseSync(join(scene.world.state, 'berth.db'), { timeout: 5000 })
  expect(records.prepare(sql).run().changes).toBeGreaterThan(0)
}

function payloads(scene: Scene): number {
  using records = new DatabaseSync(join(scene.world.state, 'berth.db'), { readOnly: true, timeout: 5000 })
  const row = records
    .prepare("SELECT count(*) AS count FROM deliveries WHERE payload <> '' AND decided_at < ?")
    .get(Date.now() - 86_400_000)
  return Number(row?.['count'])
}
