import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import { hangUp, page, reload, setting } from './fixtures/reload.ts'
import { test } from './fixtures/test.ts'

describe('a reload with a fault anywhere is refused as a whole', () => {
  test('R-Q-05 R-OBS-01 the log names every fault, with file and line; the overview, the metrics and /readyz show it; what was in force goes on, until all is mended', async ({
    scene,
  }) => {
    scene.recipe('app', { stages: { up: `${SITE} up` } })
    await scene.serve()
    const root = scene.world.root
    const before = readFileSync(join(root, 'berth.yml'), 'utf8')
    mkdirSync(join(root, 'recipes/broken'))
    writeFileSync(join(root, 'recipes/broken/recipe.yml'), 'description: Broken\n')
    scene.world.recipe('app', { stages: { other: 'exit 1' } })
    const line = await reload(scene, (text) => `${setting('slots', '0')(text)}nosuch: 1\ninstance: another\n`)
    expect(line.msg).toBe('config.refused')
    const lines = before.split('\n').length
    const config = join(root, 'berth.yml')
    expect(line.faults).toEqual([
      `${config}:${lines - 1}:1: slots: must be at least 1`,
      expect.stringMatching(`^${config}:${lines}:1: nosuch: is not known here\\.`),
      expect.stringMatching(
        `^${config}:${lines + 1}:1: instance: is another, and the running service was started with `,
      ),
      expect.stringMatching(/recipes\/broken\/recipe\.yml:1:1: driver: .*is missing$/),
      expect.stringMatching(/recipes\/broken\/recipe\.yml:1:1: stages: is missing/),
    ])
    expect(await page(scene, '/readyz')).toBe(
      'ready\nthe last reload was refused: what was in force before still is\n',
    )
    expect(await page(scene, '/')).toMatch(/The changed configuration is not in force[^]*for 5 faults/)
    expect(await page(scene, '/metrics')).toContain('\nberth_config_last_reload_successful 0\n')
    expect(JSON.parse(await page(scene, '/api/v1/service'))).toMatchObject({ refusedReload: { faults: 5 } })
    const run = await scene.testme(1)
    expect((await run.completed()).conclusion, 'the recipe as it was, too').toBe('success')
    expect(JSON.parse(await page(scene, '/api/v1/queue'))).toMatchObject({ slots: 4 })

    rmSync(join(root, 'recipes/broken'), { recursive: true })
    expect(await reload(scene, () => setting('slots', '2')(before))).toMatchObject({
      msg: 'config.reloaded',
      changed: ['slots', 'recipes'],
      recipes: ['app'],
    })
    expect(await page(scene, '/readyz')).toBe('ready\n')
    expect(await page(scene, '/')).not.toContain('not in force')
    expect(await page(scene, '/metrics')).toContain('\nberth_config_last_reload_successful 1\n')
    expect((await (await scene.testme(1)).completed()).conclusion).toBe('failure')
  })

  test('R-Q-05 the file is not there any more, or ends in the middle of a line: neither another file nor half of it comes into force', async ({
    scene,
  }) => {
    scene.recipe('app')
    scene.slots(16)
    await scene.serve()
    const file = join(scene.world.root, 'berth.yml')
    const text = readFileSync(file, 'utf8')
    for (let end = 0; end < text.length; end += 1) {
      writeFileSync(file, text.slice(0, end))
      if (text[end - 1] === '\n' || end === 0) continue
      const { msg, faults = [] } = await hangUp(scene)
      expect(msg, text.slice(0, end)).toBe('config.refused')
      expect(faults.join('\n')).toMatch(/half written|no valid YAML/)
    }
    renameSync(file, `${file}.old`)
    expect(await hangUp(scene)).toMatchObject({
      msg: 'config.refused',
      faults: [expect.stringContaining('there is no such file')],
    })
    expect(JSON.parse(await page(scene, '/api/v1/queue'))).toMatchObject({ slots: 16 })
    expect((await (await scene.testme(1)).completed()).conclusion).toBe('success')
    renameSync(`${file}.old`, file)
    writeFileSync(file, text)
    expect(await hangUp(scene)).toMatchObject({ msg: 'config.reloaded', changed: [] })
  })
})

test('R-Q-05 the same file is read, for the same state folder, whatever the .env file says, which the service reads after its configuration', async ({
  scene,
}) => {
  scene.recipe('app')
  scene.setting('stateDir: ./state')
  writeFileSync(join(scene.world.root, '.env'), 'BERTH_STATE_DIR=/nowhere\nBERTH_CONFIG=/nowhere.yml\n')
  const { BERTH_STATE_DIR: _state, BERTH_CONFIG: _config, ...env } = scene.env
  await scene.begin(env).ready()
  expect(await reload(scene, setting('slots', '2'))).toMatchObject({
    msg: 'config.reloaded',
    changed: ['slots'],
  })
  expect((await (await scene.testme(1)).completed()).conclusion).toBe('success')
})

describe('what was begun under the old configuration', () => {
  test('R-Q-05 R-CMD-06 a decision that waits for GitHub meanwhile goes by the old one to its end, the next by the new one', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    scene.road.decide = ({ asks }) => (asks.endsWith('/collaborators/octocat/permission') ? 'wait' : 'pass')
    const asked = scene.gitHub.people.comment(1, 'octocat', '!testme')
    await scene.road.waiting()
    await reload(scene, setting('trust', '{ run: admin }'))
    scene.road.decide = () => 'pass'
    scene.road.open()
    await until('its run', () => scene.runs().length === 1)
    expect((await scene.runs()[0]?.completed())?.conclusion).toBe('success')
    expect(scene.reactions(asked)).toEqual(['eyes'])
    await scene.comment(1, '!testme')
    await until('a refusal', () => scene.answers(1).some((text) => text.includes('[not_permitted]')))
  })

  test('R-Q-05 R-RUN-19 a start that waits for GitHub’s token meanwhile goes by the old one to its end, the next by the new one', async ({
    scene,
  }) => {
    scene.recipe('app')
    await scene.serve()
    const isToken = (body: string) => body.includes('repository_ids')
    scene.road.decide = ({ asks, body }) =>
      asks.endsWith('/access_tokens') && isToken(body) ? 'wait' : 'pass'
    const run = await scene.testme(1)
    await scene.road.waiting()
    const budgets = '{ killGrace: 500ms, deadline: 3m, teardown: 1m }'
    await reload(scene, setting('budgets', budgets))
    scene.road.decide = () => 'pass'
    scene.road.open()
    await run.completed()
    expect(budgetsOf(run)).toMatchObject({ deadlineMs: 300_000, teardownMs: 120_000 })
    const next = await scene.testme(1)
    await next.completed()
    expect(budgetsOf(next)).toMatchObject({ deadlineMs: 180_000, teardownMs: 60_000 })
  })

  test('R-Q-05 R-QUE-02 runs that are queued and do not fit the recipes any more say so and end; what is under way ends as it was', async ({
    scene,
  }) => {
    const inside = scene.world.gate('inside')
    const stages = { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` }
    scene.recipe('app', { stages })
    scene.recipe('other', { domain: 'app-{pr}.{base}' })
    await scene.serve()
    const live = await scene.testme(1)
    await inside.reached()
    const [changed, removed] = [await scene.testme(1), await scene.testme(1, 'other')]
    await removed.shows('what it waits for', ({ output }) => (output.title ?? '').includes(changed.id))
    scene.world.recipe('app', { stages, resources: ['gpu'] })
    rmSync(scene.world.recipeFolder('other'), { recursive: true })
    const line = await reload(scene, (text) => text.replace('[app, other]', '[app]'))
    expect(line).toMatchObject({ changed: ['repositories', 'recipes'], recipes: ['app', 'other'] })
    expect((await changed.completed()).output.title).toContain(
      'not started: the recipe wants app-1.ci.localhost, r:gpu now',
    )
    expect((await removed.completed()).output.title).toContain(
      'not started: there is no usable recipe other any more',
    )
    inside.go()
    expect((await live.completed()).conclusion).toBe('success')
  })
})

function budgetsOf({ folder }: { readonly folder: string }): unknown {
  return JSON.parse(readFileSync(join(folder, 'request.json'), 'utf8')).budgets
}
