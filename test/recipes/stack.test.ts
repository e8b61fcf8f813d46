import { describe, expect, test } from 'vitest'
import { DEFAULT_ALLOW } from '../../src/model/enginePolicy/allow.ts'
import { checkRecipes, loadRecipe } from '../../src/recipes/load.ts'
import { faultsOf, HELLO, machine, STACK } from '../config/world.ts'

const WHOLE = `description: Deploys all of it
driver: swarm
stack:
  files: [compose.yml, deploy/compose.ci.yml]
  env: { TZ: UTC }
allow: { external: [proxy, 'secret:smtp'], ports: [8080, 53/udp], capabilities: [NET_ADMIN], forks: true }
stages:
  - { name: build, run: './build.sh' }
  - { name: released, deploy: { version: released }, timeout: 5m }
  - { name: deploy, deploy: {} }
  - { name: page, ready: { http: 'http://app:8080/healthz?x=1', status: 204, tries: 5, every: 500ms } }
  - { name: front, ready: { http: 'http://app' } }
  - { name: port, ready: { tcp: 'db:5432' } }
  - { name: inside, exec: { service: app, run: 'test -s /data/x' }, uninterruptible: true }
teardown: { run: './down.sh' }
`

function load(text: string) {
  using here = machine()
  here.write('recipes/stack/recipe.yml', text)
  return loadRecipe(here.path('recipes/stack'))
}

function faultsIn(text: string): readonly string[] {
  using here = machine()
  const file = here.write('recipes/stack/recipe.yml', text)
  return faultsOf(() => loadRecipe(here.path('recipes/stack'))).map((fault) => fault.replace(`${file}:`, ''))
}

describe('a recipe of a stack', () => {
  test('R-DKR-01 R-DKR-07 is read as it means: what is deployed, what it may have, and what its stages do', () => {
    const { stack, allow, stages, teardown } = load(WHOLE)
    expect(stack).toEqual({
      files: ['compose.yml', 'deploy/compose.ci.yml'],
      coopCloud: false,
      env: { TZ: 'UTC' },
    })
    expect(allow).toEqual({
      ...DEFAULT_ALLOW,
      external: ['proxy', 'secret:smtp'],
      ports: ['8080', '53/udp'],
      capabilities: ['NET_ADMIN'],
      forks: true,
    })
    const hour = { timeoutMs: 3_600_000, uninterruptible: false }
    expect(stages).toEqual([
      { name: 'build', run: './build.sh', ...hour },
      {
        name: 'released',
        deploy: { version: 'released', optional: false },
        timeoutMs: 300_000,
        uninterruptible: false,
      },
      { name: 'deploy', deploy: { version: 'pr', optional: false }, ...hour },
      {
        name: 'page',
        ready: { http: 'http://app:8080/healthz?x=1', status: 204, tries: 5, everyMs: 500 },
        ...hour,
      },
      { name: 'front', ready: { http: 'http://app', status: 200, tries: 3, everyMs: 1000 }, ...hour },
      { name: 'port', ready: { tcp: 'db:5432', tries: 3, everyMs: 1000 }, ...hour },
      {
        name: 'inside',
        exec: { service: 'app', run: 'test -s /data/x' },
        timeoutMs: 3_600_000,
        uninterruptible: true,
      },
    ])
    expect(teardown.run).toBe('./down.sh')
  })

  test('R-DKR-01 R-DKR-15 needs no teardown of its own, and allows what the policy allows by itself', () => {
    const { teardown, allow, stack } = load(STACK)
    expect(teardown).toEqual({ run: 'true', timeoutMs: 600_000 })
    expect(allow).toEqual(DEFAULT_ALLOW)
    expect(stack).toEqual({ files: ['compose.yml'], coopCloud: false, env: {} })
  })

  test('R-DKR-06 of a Co-op Cloud repository says no files: the repository does', () => {
    const text = STACK.replace('files: [compose.yml]', 'coop-cloud: true, env: { COMPOSE_FILE: x.yml }')
    expect(load(text).stack).toEqual({ files: [], coopCloud: true, env: { COMPOSE_FILE: 'x.yml' } })
  })

  test('R-DKR-15 a file says its faults at once, each with its line, one bad value hiding no other', () => {
    const faults = faultsIn(`description: Deploys
driver: swarm
stack:
  files: [/etc/compose.yml, compose.yml]
  coop-cloud: maybe
  env: { DOMAIN: x, PORT: 8080 }
allow:
  external: ['a b']
  replicas: many
stages:
  - { name: early, exec: { service: app, run: 'true' } }
  - { name: deploy, deploy: { version: next } }
  - { name: page, ready: { http: 'https://app/' } }
`)
    const expected = [
      '4:11: stack.files[0]: must be the name of a file in the repository, such as compose.yml',
      '5:3: stack.coop-cloud: must be true or false, and is "maybe"',
      '6:10: stack.env.DOMAIN: is set by berth itself',
      "6:21: stack.env.PORT: must be text, and is 8080; write '8080' in quotes",
      '8:14: allow.external[0]: must be the name of a network, or volume:NAME',
      '9:3: allow.replicas: must be a number, and is "many"',
      '11:20: stages[0].exec: comes before the first deploy, when there is no stack; move it behind it',
      '12:31: stages[1].deploy.version: must be one of pr, released, and is "next"',
      '13:28: stages[2].ready.http: must be a URL such as http://app:8080/healthz, whose host is a service',
    ]
    expect(faults).toEqual(expected.map((text) => expect.stringContaining(text)))
  })
})

test('R-DKR-11 a repository of Co-op Cloud is refused for compose by its key, and nothing tells anybody to try', () => {
  const compose = (text: string) => faultsIn(STACK.replace('swarm', 'compose').replace(/^stack:.*\n/m, text))
  expect(compose('stack: { coop-cloud: true }\n')).toEqual([
    '3:10: stack.coop-cloud: is for the driver swarm: recipes of Co-op Cloud have secrets and configs that only a swarm keeps',
  ])
  expect(compose('')).toEqual(['2:1: driver: compose needs stack: { files: [compose.yml] }'])
  const backup = '  - { name: backup, backup: {} }\n'
  expect(faultsIn(`${STACK.replace('swarm', 'compose')}${backup}`)).toEqual([
    '6:21: stages[1].backup: is for the driver swarm: it goes by labels of services, and compose has none',
  ])
})

describe('stack', () => {
  test.each([
    ['', '2:1: driver: swarm needs stack: { files: [compose.yml] }, or coop-cloud: true'],
    [
      'stack: {}',
      '3:1: stack: says of nothing that it is deployed; write files: [compose.yml], or coop-cloud',
    ],
    ['stack: { files: [] }', '3:1: stack: says of nothing that it is deployed'],
    ['stack: { coop-cloud: false }', '3:1: stack: says of nothing that it is deployed'],
    ['stack: compose.yml', '3:1: stack: must be a map of keys and values, and is "compose.yml"'],
    ['stack: { files: compose.yml }', '3:10: stack.files: must be a list, and is "compose.yml"'],
    [
      'stack: { files: [a.yml], fiels: [b.yml] }',
      '3:26: stack.fiels: is not known here. Did you mean files?',
    ],
    [
      'stack: { files: [a.yml], coop_cloud: true }',
      '3:26: stack.coop_cloud: is not known here. Did you mean coop-cloud?',
    ],
    ['stack: { files: [a.yml, b.yml, a.yml] }', '3:32: stack.files[2]: a.yml is there already'],
    ['stack: { files: [../a.yml] }', '3:18: stack.files[0]: must be the name of a file in the repository'],
    [
      'stack: { files: [x/../../a.yml] }',
      '3:18: stack.files[0]: must be the name of a file in the repository',
    ],
    ['stack: { files: [./a.yml] }', '3:18: stack.files[0]: must be the name of a file in the repository'],
    ['stack: { files: [x/] }', '3:18: stack.files[0]: must be the name of a file in the repository'],
    [
      "stack: { files: ['a.yml:b.yml'] }",
      '3:18: stack.files[0]: must be the name of a file in the repository',
    ],
    ["stack: { files: [''] }", '3:18: stack.files[0]: must be the name of a file in the repository'],
    [
      'stack: { files: [a.yml], coop-cloud: true }',
      '3:10: stack.files: cannot be beside coop-cloud: true, where .env.sample selects the files; set COMPOSE_FILE below stack.env',
    ],
    [
      'stack: { files: [a.yml], env: { STACK_NAME: x } }',
      '3:33: stack.env.STACK_NAME: is set by berth itself: each run has its own; leave it out',
    ],
    [
      'stack: { files: [a.yml], env: { A-B: x } }',
      '3:33: stack.env.A-B: must be the name of an environment variable',
    ],
    [
      'stack: { files: [a.yml], env: { A: true } }',
      "3:33: stack.env.A: must be text, and is true; write 'true' in quotes",
    ],
  ])('R-DKR-01 R-DKR-06 %s is refused with its line and the way out', (line, expected) => {
    const text = STACK.replace('stack: { files: [compose.yml] }\n', line === '' ? '' : `${line}\n`)
    expect(faultsIn(text)).toEqual([expect.stringContaining(expected)])
  })

  test.each(['stack: { files: [compose.yml] }', 'allow: { ports: [80] }', 'stack: 5', 'allow: {}'])(
    'R-DKR-11 %s is for no process: the author hears that nothing goes by it',
    (line) => {
      const [key] = line.split(':')
      const faults = faultsIn(HELLO.replace('driver: process', `driver: process\n${line}`))
      expect(faults).toContainEqual(
        expect.stringContaining(
          `3:1: ${key}: is for the drivers compose and swarm, and the driver is process`,
        ),
      )
    },
  )

  test('R-DKR-11 a driver that cannot be read says nothing of what it needs', () => {
    expect(faultsIn(STACK.replace('swarm', 'swram'))).toEqual([
      expect.stringContaining(
        '2:1: driver: must be one of process, compose, swarm, and is "swram". Did you mean swarm?',
      ),
    ])
  })
})

describe('allow', () => {
  test.each([
    [
      'external: [disk:x]',
      '4:21: allow.external[0]: must be the name of a network, or volume:NAME, secret:NAME or config:NAME',
    ],
    [
      'mounts: [srv]',
      '4:19: allow.mounts[0]: must be a path of the host, /srv/data, or of the checkout, ./site',
    ],
    ['ports: [http]', '4:18: allow.ports[0]: must be a port such as 8080 or 53/udp, or any, and is "http"'],
    ['ports: [0]', '4:18: allow.ports[0]: must be a port such as 8080 or 53/udp, or any'],
    ['ports: 80', '4:10: allow.ports: must be a list, and is 80'],
    [
      'capabilities: [CAP_NET_ADMIN]',
      '4:25: allow.capabilities[0]: must be the name of a capability without CAP_, such as NET_ADMIN',
    ],
    ['namespaces: [mount]', '4:23: allow.namespaces[0]: must be one of cgroup, ipc, network, pid, userns'],
    ["privileged: 'yes'", '4:10: allow.privileged: must be true or false, and is "yes"'],
    ['drivers: [syslog]', '4:20: allow.drivers[0]: must be logging:NAME, volume:NAME or network:NAME'],
    ['keys: [runtime!]', '4:17: allow.keys[0]: must be a key with * for names, such as services.*.runtime'],
    ['replicas: 0', '4:10: allow.replicas: must be at least 1'],
    ['replicas: 1001', '4:10: allow.replicas: must be at most 1000'],
    ['capability: [NET_ADMIN]', '4:10: allow.capability: is not known here. Did you mean capabilities?'],
    ['fork: true', '4:10: allow.fork: is not known here. Did you mean forks?'],
  ])('R-DKR-15 { %s } is refused with its line and the way out', (line, expected) => {
    const text = STACK.replace('stages:', `allow: { ${line} }\nstages:`)
    expect(faultsIn(text)).toEqual([expect.stringContaining(expected)])
  })

  test('R-DKR-15 what a recipe allows it allows whole: an external that is written takes the place of proxy', () => {
    expect(load(STACK.replace('stages:', 'allow: { external: [web] }\nstages:')).allow.external).toEqual([
      'web',
    ])
  })
})

test('R-DKR-11 berth recipes check reads recipes of stacks without an engine, and names the file', () => {
  using here = machine()
  here.write('recipes/good/recipe.yml', STACK)
  const bad = here.write('recipes/bad/recipe.yml', STACK.replace('files: [compose.yml]', 'coop-cloud: 1'))
  expect(checkRecipes(here.path('recipes'))).toEqual([
    expect.stringContaining(`${bad}:3:10: stack.coop-cloud: `),
  ])
})
