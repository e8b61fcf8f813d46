import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { BERTH_LABELS, PROJECT_LABEL } from '../src/model/stackObjects.ts'
import { GATE } from '../test-concurrency/fixtures/world.ts'
import { docker, labelled } from './fixtures/raw.ts'
import { OBEDIENT, type StackText } from './fixtures/stackFile.ts'
import { commit, filesOf, type StackRecipe, stackOf, test } from './fixtures/stacks.ts'

const DRIVER = { driver: 'compose' }
const PAGE = 'echo hello >/tmp/index.html; exec httpd -f -p 8080 -h /tmp'

const SITE: StackText = {
  services: {
    app: {
      command: PAGE,
      networks: ['inner', 'default'],
      volumes: ['data:/data'],
      configs: [{ source: 'motd', target: '/etc/motd' }],
      secrets: ['password'],
      healthcheck: { test: ['CMD', 'test', '-s', '/tmp/index.html'], interval: '1s' },
      depends_on: { setup: { condition: 'service_completed_successfully' } },
    },
    database: { networks: ['inner'], scale: 2 },
    setup: { command: 'echo set up', networks: ['inner'] },
  },
  networks: ['inner'],
  volumes: ['data'],
  configs: { motd: 'welcome' },
  secrets: { password: 'hunter2' },
}

function recipe(stages: StackRecipe['stages'], more: StackRecipe['more'] = {}): StackRecipe {
  return { ...(stages === undefined ? {} : { stages }), more: { ...DRIVER, ...more } }
}

describe('a run of a compose recipe by `berth run`', () => {
  test('R-DKR-11 R-DKR-07 R-DKR-10 is green from the deploy to a command on the host, everything that it puts up carries its marks, and nothing is left', async ({
    world,
    stacks,
  }) => {
    const name = stacks.name('csite')
    const inside = world.gate('inside')
    world.recipe(name)
    stacks.write(
      name,
      recipe({
        deploy: { deploy: {} },
        ready: { ready: { http: 'http://app:8080/index.html' } },
        port: { ready: { tcp: 'app:8080' } },
        welcome: { exec: { service: 'app', run: 'cat /etc/motd /run/secrets/password; test -d /data' } },
        check: { run: `test -f compose.yml; ${GATE} inside` },
      }),
    )
    commit(world, filesOf(SITE))
    const run = await world.run(name)
    await inside.reached()
    const stack = stackOf(name)
    const marked = labelled(`${BERTH_LABELS.run}=${run.id}`)
    expect(marked).toEqual(labelled(`${BERTH_LABELS.domain}=${name}-0.ci.localhost`))
    expect([...labelled(`${PROJECT_LABEL}=${stack}`)].sort()).toEqual([...marked].sort())
    expect(marked.map((one) => one.split(' ')[0])).toEqual([
      ...Array(4).fill('ps'),
      'network',
      'network',
      'volume',
    ])
    inside.go()
    await run.cli.endedWith(0)
    expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
    expect(readFileSync(join(run.folder, 'stages/04-welcome.log'), 'utf8')).toBe('welcomehunter2')
    expect(stacks.left()).toEqual([])
  })
})
