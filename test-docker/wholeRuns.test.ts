import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { BERTH_LABELS } from '../src/model/stackObjects.ts'
import { GATE } from '../test-concurrency/fixtures/world.ts'
import { labelled } from './fixtures/raw.ts'
import type { StackText } from './fixtures/stackFile.ts'
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
    expect(readFileSync(join(run.folder, 'stages/03-welcome.log'), 'utf8')).toBe('welcome\n')
    expect(stacks.left()).toEqual([])
  })
})
