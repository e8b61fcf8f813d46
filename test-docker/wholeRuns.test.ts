import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { BERTH_LABELS } from '../src/model/stackObjects.ts'
import { GATE } from '../test-concurrency/fixtures/world.ts'
import { labelled } from './fixtures/raw.ts'
import { OBEDIENT, type StackText } from './fixtures/stackFile.ts'
import { commit, filesOf, stackOf, test } from './fixtures/stacks.ts'

const PAGE = 'echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp'

const SITE_STACK: StackText = {
  services: {
    app: {
      command: PAGE,
      networks: ['inner', 'default'],
      volumes: ['data:/data'],
      configs: ['motd'],
      secrets: ['password'],
    },
    database: { networks: ['inner'] },
  },
  networks: ['inner'],
  volumes: ['data'],
  configs: { motd: 'welcome' },
  secrets: { password: 'hunter2' },
}

describe('a run of a stack by `berth run`', () => {
  test('R-DKR-01 R-DKR-07 R-DKR-10 is green from the deploy to a command on the host, everything that it puts up carries its marks, and nothing is left', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('site')
    const inside = world.gate('inside')
    world.recipe(name)
    stacks.write(name, {
      stages: {
        deploy: { deploy: {} },
        ready: { ready: { http: 'http://app:8080/index.html' } },
        welcome: { exec: { service: 'app', run: 'cat /motd; test -d /data; echo written >/data/it' } },
        check: { run: `test -f compose.yml; ${GATE} inside` },
      },
    })
    commit(world, filesOf(SITE_STACK))
    const run = await world.run(name)
    await inside.reached()
    const stack = stackOf(name)
    const marked = labelled(`${BERTH_LABELS.run}=${run.id}`)
    expect(marked).toEqual(labelled(`${BERTH_LABELS.domain}=${name}-0.ci.localhost`))
    const named = ['service app', 'service database', 'network default', 'network inner', 'volume data']
    const made = [...named, 'config motd', 'secret password']
    for (const object of made) expect(marked).toContain(object.replace(' ', ` ${stack}_`))
    expect(marked.filter((one) => one.startsWith('ps '))).toHaveLength(2)
    inside.go()
    await run.cli.endedWith(0)
    expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
    expect(readFileSync(join(run.folder, 'stages/03-welcome.log'), 'utf8')).toBe('welcome')
    const proof = run.result()?.proof.find((line) => line.startsWith('Teardown '))
    expect(proof).toMatch(
      /; 7 objects of the engine taken down in [\d.]+s; the last of \d+ looks found nothing; verified, nothing is left$/,
    )
    const told = readFileSync(join(run.folder, 'stages/teardown.log'), 'utf8')
    expect(told).toMatch(
      /^\[berth: there: 2 services, 2 tasks, 2 containers, 2 networks, 1 volume, 1 config, 1 secret\]/,
    )
    expect(told).toMatch(
      /\n\[berth: 7 objects of the engine taken down in [\d.]+s; the last of \d+ looks found nothing\]\n$/,
    )
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-02 is red when an update fails and is rolled back, with the last lines of what failed', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('rolled')
    world.recipe(name)
    stacks.write(name, {
      stages: {
        deploy: { deploy: {} },
        change: { run: "sed -i 's/GOOD = GOOD/BAD = GOOD/' compose.yml" },
        again: { deploy: {} },
        never: { run: 'true' },
      },
    })
    const command = `test GOOD = GOOD || { echo it cannot; exit 1; }; ${OBEDIENT}`
    const deploy = { update_config: { failure_action: 'rollback', monitor: '3s' } }
    commit(world, filesOf({ services: { app: { command, deploy } } }))
    const run = await world.run(name)
    await run.cli.endedWith(1)
    expect(run.result()).toMatchObject({ conclusion: 'failure', verified: true })
    expect(run.result()?.title).toMatch(/^Stage again failed: rolled_back: /)
    expect(run.events()).not.toContain('stage.started never')
    expect(readFileSync(join(run.folder, 'stages/03-again.log'), 'utf8')).toContain('it cannot')
    expect(stacks.left()).toEqual([])
  })

  test('R-DKR-09 two recipes run in parallel, each with its own stack, and both are green', async ({
    world,
    stacks,
  }) => {
    const inside = world.gate('inside')
    const names = ['one', 'other'].map((word) => stacks.name(word))
    for (const name of names) {
      world.recipe(name)
      stacks.write(name, { stages: { deploy: { deploy: {} }, inside: { run: `${GATE} inside` } } })
    }
    commit(world, filesOf(SITE_STACK))
    const runs = await Promise.all(names.map((name) => world.run(name)))
    const arrived = [await inside.reached(), await inside.reached()].map(({ run }) => run)
    expect(arrived.toSorted()).toEqual(runs.map(({ id }) => id).toSorted())
    const stacksOf = runs.map(({ id }) => labelled(`${BERTH_LABELS.run}=${id}`))
    for (const [index, objects] of stacksOf.entries()) {
      // Two services with a container each, two networks, a volume, a config, a secret.
      expect(objects).toHaveLength(9)
      const stack = stackOf(names[index] ?? '')
      expect(objects.filter((object) => !object.includes(` ${stack}_`))).toEqual([])
    }
    for (const _ of runs) inside.go()
    for (const run of runs) await run.cli.endedWith(0)
    expect(stacks.left()).toEqual([])
  })
})
