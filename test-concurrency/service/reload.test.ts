import { chmodSync, cpSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect } from 'vitest'
import type { Config } from '../../src/model/config.ts'
import type { Gate } from '../fixtures/gate.ts'
import { IS_ROOT } from '../fixtures/needs.ts'
import { textOf } from '../fixtures/records.ts'
import { until } from '../fixtures/until.ts'
import { giveUsers, uidsOf } from '../fixtures/users.ts'
import { warmed } from '../fixtures/warm.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import { hangUp, page, reload, setting } from './fixtures/reload.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

/** `traced` is of the environment. What may not change under a service is refused (refused.test.ts); what is switched off has a story for each mechanism (switches.test.ts); `docker` has its story on a real engine (test-docker/reload.test.ts). */
type Follows = Exclude<keyof Config, 'file' | 'stateDir' | 'instance' | 'switchedOff' | 'traced' | 'docker'>

type Story = (scene: Scene, inside: Gate, users: readonly number[]) => Promise<void>

/** The service serves already, `app` stops at the gate, `quick` does not. Each changes a setting, and shows that what comes after goes by it. */
const STORIES: Readonly<Record<Follows, Story>> = {
  async recipesDir(scene) {
    cpSync(join(scene.world.root, 'recipes'), join(scene.world.root, 'others'), { recursive: true })
    scene.world.recipe('../others/quick', { domain: 'quick-{pr}.{base}', stages: { other: 'true' } })
    await change(scene, 'recipesDir', './others', ['recipesDir', 'recipes'])
    expect((await passed(scene)).events()).toContain('stage.started other')
  },

  async secretsDir(scene) {
    scene.world.secret('WORD', 'the first word')
    const [secrets, others] = [join(scene.world.root, 'secrets'), join(scene.world.root, 'others')]
    cpSync(secrets, others, { recursive: true })
    chmodSync(others, 0o700)
    writeFileSync(join(others, 'WORD'), 'the second word')
    const stages = { word: 'grep -q second "$BERTH_SECRETS/WORD"' }
    scene.world.recipe('quick', { secrets: { WORD: {} }, stages })
    await change(scene, 'secretsDir', './secrets', ['secretsDir', 'recipes'])
    const red = await scene.testme(2, 'quick')
    expect((await red.completed()).output.title).toContain('word')
    await change(scene, 'secretsDir', './others', ['secretsDir'])
    await passed(scene)
  },

  async baseDomain(scene) {
    await change(scene, 'baseDomain', 'ci.example.test', ['baseDomain', 'runDomains'])
    expect((await passed(scene)).check().output.summary).toContain('quick-2.ci.example.test')
  },

  async runDomains(scene, inside) {
    const { live, queued } = await oneBehindTheOther(scene, inside)
    await change(scene, 'runDomains', String.raw`'^(app|quick)-1\.ci\.localhost$'`, ['runDomains'])
    const { conclusion, output } = await queued.completed()
    expect(conclusion).toBe('failure')
    expect(output.title).toMatch(/not started: .*app-2\.ci\.localhost/)
    inside.go()
    expect((await live.completed()).conclusion, 'what was accepted under the old one').toBe('success')
  },

  async slots(scene, inside) {
    const live = await scene.testme(1)
    await inside.reached()
    await change(scene, 'slots', '1', ['slots'])
    const next = await scene.testme(2, 'quick')
    await next.shows('that there is one slot', ({ output }) =>
      (output.title ?? '').includes('a free slot (1 at a time)'),
    )
    await change(scene, 'slots', '2', ['slots'])
    expect((await next.completed()).conclusion).toBe('success')
    expect(live.result()).toBeNull()
    expect(JSON.parse(await page(scene, '/api/v1/queue'))).toMatchObject({ slots: 2 })
    inside.go()
    await live.completed()
  },

  async runAs(scene, inside, [uid]) {
    const { live, queued, pid } = await oneBehindTheOther(scene, inside)
    expect(uidsOf(pid)).toEqual([process.getuid?.()])
    await warmed(queued.id)
    await change(scene, 'runAs', `[${uid}]`, ['runAs'])
    inside.go()
    const next = await inside.reached()
    expect(next.run).toBe(queued.id)
    expect(uidsOf(next.pid), 'although its processes were warm, for names without a user').toEqual([uid])
    inside.go()
    for (const run of [live, queued]) expect((await run.completed()).conclusion).toBe('success')
  },

  async repositories(scene) {
    scene.world.recipe('extra')
    await refused(scene, 2, '!testme extra', 'unknown_recipe')
    const enrolled = (text: string) => text.replace('recipes: [app, quick]', 'recipes: [app, quick, extra]')
    expect(await reload(scene, enrolled)).toMatchObject({ changed: ['repositories', 'recipes'] })
    expect((await (await scene.testme(2, 'extra')).completed()).conclusion).toBe('success')
  },

  async trust(scene) {
    await change(scene, 'trust', '{ run: admin }', ['trust'])
    await refused(scene, 2, '!testme quick', 'not_permitted')
  },

  async limits(scene) {
    await passed(scene)
    await change(scene, 'limits', '{ perPullRequestPerHour: 1 }', ['limits'])
    await refused(scene, 2, '!testme quick', 'rate_limited')
    expect(JSON.parse(await page(scene, '/api/v1/limits'))).toMatchObject({
      limits: { perPullRequestPerHour: 1 },
      usedUp: [{ kind: 'pull_request', most: 1 }],
    })
  },

  async supersede(scene, inside) {
    const { live, queued } = await oneBehindTheOther(scene, inside)
    await change(scene, 'supersede', 'none', ['supersede'])
    await scene.gitHub.people.push(2, { message: 'More', files: { 'more.txt': 'More.\n' } })
    await until('the push to be decided', () => scene.service().started.output().includes('"head_seen"'))
    for (const run of [live, queued]) {
      inside.go()
      expect((await run.completed()).conclusion).toBe('success')
      if (run === live) await inside.reached()
    }
  },

  async budgets(scene) {
    const wish = '{ killGrace: 500ms, deadline: 4m, teardown: 1m }'
    await change(scene, 'budgets', wish, ['budgets', 'recipes'])
    const { budgets } = requestOf(await passed(scene))
    expect(budgets).toMatchObject({ deadlineMs: 240_000, teardownMs: 60_000, ceilingMs: 300_500 })
  },

  async stageLimits(scene) {
    await change(scene, 'stageLimits', '{ processes: 400 }', ['stageLimits'])
    expect(requestOf(await passed(scene))['limits']).toMatchObject({ processes: 400 })
  },

  async retention(scene) {
    await passed(scene)
    using records = new DatabaseSync(join(scene.world.state, 'berth.db'), { timeout: 5000 })
    records.exec('UPDATE deliveries SET decided_at = decided_at - 2 * 86400000')
    const old = records.prepare("SELECT count(*) AS n FROM deliveries WHERE payload <> '' AND decided_at < ?")
    const left = () => Number(old.get(Date.now() - 86_400_000)?.['n'])
    await hangUp(scene)
    await passed(scene)
    expect(left()).toBeGreaterThan(0)
    await change(scene, 'retention', '{ days: 1 }', ['retention'])
    await until('nothing that is older than a day', () => left() === 0)
  },

  async reconcileMs(scene) {
    const asks = 'GET /repos/acme/site/issues/comments'
    const looks = () => scene.road.travelled().filter((one) => one.asks === asks).length
    await change(scene, 'reconcile', '1h', ['reconcile'])
    await until('a first look', () => looks() === 1)
    await change(scene, 'reconcile', '1s', ['reconcile'])
    await until('more', () => looks() > 2)
  },

  async web(scene) {
    expect(JSON.parse(await page(scene, '/api/v1/service'))).toMatchObject({ switchedOff: [] })
    await change(scene, 'web', '{ reading: members }', ['web'])
    expect(JSON.parse(await page(scene, '/api/v1/service'))).toMatchObject({ code: 'not_signed_in' })
  },
  async notify(scene) {
    const heard: string[] = []
    const server = createServer((request, response) => {
      heard.push(request.url ?? '')
      request.resume()
      response.writeHead(204).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`
    try {
      await change(scene, 'notify', `{ webhook: '${url}' }`, ['notify'])
      const effect = { kind: 'answer', status: 404 } as const
      scene.gitHub.addFault({ method: 'POST', path: /\/reactions$/, times: 1, effect })
      await passed(scene)
      await until('the alarm of a report that was given up', () => heard.includes('/hook'))
      expect(scene.service().started.output()).not.toContain('/hook')
    } finally {
      server.closeAllConnections()
      server.close()
    }
  },
}

describe('SIGHUP has the service read its configuration anew, and what comes after goes by it:', () => {
  for (const [field, story] of Object.entries(STORIES)) {
    const hasUsers = field === 'runAs'
    test.skipIf(hasUsers && !IS_ROOT)(`R-Q-05 R-RUN-09 ${field}`, async ({ scene }) => {
      const users = hasUsers ? giveUsers(scene.world, 1) : []
      const inside = scene.world.gate('inside')
      scene.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
      scene.recipe('quick')
      await scene.serve()
      await story(scene, inside, users)
    })
  }
})

async function change(scene: Scene, key: string, value: string, changed: readonly string[]): Promise<void> {
  const line = await reload(scene, setting(key, value))
  expect({ msg: line.msg, faults: line.faults, changed: line.changed }).toEqual({
    msg: 'config.reloaded',
    changed,
  })
}

/** A whole run of `quick`. */
async function passed(scene: Scene): Promise<AskedRun> {
  const run = await scene.testme(2, 'quick')
  expect((await run.completed()).conclusion).toBe('success')
  return run
}

async function refused(scene: Scene, pr: number, comment: string, code: string): Promise<void> {
  await scene.comment(pr, comment)
  await until(`a refusal: ${code}`, () => scene.answers(pr).some((text) => text.includes(`[${code}]`)))
}

/** Two runs on one domain; the first is parked in its last stage. */
async function oneBehindTheOther(scene: Scene, inside: Gate) {
  const live = await scene.testme(2)
  const { pid } = await inside.reached()
  const queued = await scene.testme(2)
  await queued.shows('what it waits for', ({ output }) => (output.title ?? '').includes(live.id))
  return { live, queued, pid }
}

function requestOf({ folder }: AskedRun): Readonly<Record<string, unknown>> {
  return JSON.parse(textOf(join(folder, 'request.json')))
}
