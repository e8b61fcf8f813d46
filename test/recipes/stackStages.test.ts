import { describe, expect, test } from 'vitest'
import { loadRecipe } from '../../src/recipes/load.ts'
import { faultsOf, HELLO, machine, STACK } from '../config/world.ts'

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

describe('stages of a stack', () => {
  const withStage = (stage: string) => STACK.replace('stages:\n', `stages:\n  - ${stage}\n`)
  const afterDeploy = (stage: string) => `${STACK}  - { name: x, ${stage} }\n`

  test.each([
    ['deploy: yes', '6:16: stages[1].deploy: must be a map of keys and values, and is "yes"'],
    ['deploy: { version: old }', '6:26: stages[1].deploy.version: must be one of pr, released, and is "old"'],
    ['deploy: { to: app }', '6:26: stages[1].deploy.to: is not known here'],
    ['ready: {}', '6:16: stages[1].ready: needs one of http and tcp, such as http: http://app:8080/'],
    ["ready: { http: 'http://a/', tcp: 'a:1' }", '6:16: stages[1].ready: needs one of http and tcp'],
    [
      "ready: { http: 'https://app/' }",
      '6:25: stages[1].ready.http: must be a URL such as http://app:8080/healthz, whose host is a service',
    ],
    ["ready: { http: 'http://app.example.org/' }", '6:25: stages[1].ready.http: must be a URL'],
    ["ready: { http: 'http://app:0/' }", '6:25: stages[1].ready.http: must be a URL'],
    ["ready: { http: 'http://app:65536/' }", '6:25: stages[1].ready.http: must be a URL'],
    ["ready: { http: 'http://App/' }", '6:25: stages[1].ready.http: must be a URL'],
    ['ready: { http: app }', '6:25: stages[1].ready.http: must be a URL'],
    [
      "ready: { tcp: 'db' }",
      '6:25: stages[1].ready.tcp: must be a service and its port, such as db:5432, and is "db"',
    ],
    ["ready: { tcp: 'db:99999' }", '6:25: stages[1].ready.tcp: must be a service and its port'],
    [
      "ready: { tcp: 'db:5432', status: 200 }",
      '6:41: stages[1].ready.status: is for http: a TCP probe gets no status',
    ],
    ["ready: { http: 'http://app/', status: 99 }", '6:46: stages[1].ready.status: must be at least 100'],
    ["ready: { http: 'http://app/', status: 600 }", '6:46: stages[1].ready.status: must be at most 599'],
    ["ready: { http: 'http://app/', tries: 0 }", '6:46: stages[1].ready.tries: must be at least 1'],
    ["ready: { http: 'http://app/', tries: 101 }", '6:46: stages[1].ready.tries: must be at most 100'],
    [
      "ready: { http: 'http://app/', every: 1 }",
      '6:46: stages[1].ready.every: must be a duration such as 90s',
    ],
    [
      "ready: { http: 'http://app/', retries: 3 }",
      '6:46: stages[1].ready.retries: is not known here. Did you mean tries?',
    ],
    ['screenshot: {}', '6:16: stages[1].screenshot.http: is missing; it must be text'],
    ["screenshot: { http: 'file:///etc/passwd' }", '6:30: stages[1].screenshot.http: must be a URL'],
    ["screenshot: { http: 'http://app/', size: 1 }", '6:51: stages[1].screenshot.size: is not known here'],
    ["exec: 'true'", '6:16: stages[1].exec: must be a map of keys and values, and is "true"'],
    ['exec: { service: app }', '6:16: stages[1].exec.run: is missing; it must be text'],
    ["exec: { run: 'true' }", '6:16: stages[1].exec.service: is missing; it must be text'],
    [
      "exec: { service: 'a b', run: 'true' }",
      '6:24: stages[1].exec.service: must be the name of a service in the compose files, and is "a b"',
    ],
    [
      "exec: { service: app, run: '' }",
      '6:38: stages[1].exec.run: must be a command line; write true for "do nothing"',
    ],
    ["run: 'true', deploy: {}", '6:29: stages[1].deploy: cannot be beside run; each stage does one thing'],
    [
      "deploy: {}, exec: { service: app, run: 'true' }",
      '6:28: stages[1].exec: cannot be beside deploy; each stage does one thing',
    ],
    [
      'timeout: 1m',
      '6:5: stages[1]: does nothing; give it run, or with the drivers compose and swarm deploy, ready, exec, backup, restore or screenshot',
    ],
  ])('R-DKR-07 %s is refused with its line and the way out', (stage, expected) => {
    expect(faultsIn(afterDeploy(stage))).toEqual([expect.stringContaining(expected)])
  })

  test.each(['http://app/', 'http://app', 'http://my_app-2:65535/a/b?c=d', 'http://a:1'])(
    'R-DKR-07 %s can be asked',
    (url) => {
      expect(load(afterDeploy(`ready: { http: '${url}' }`)).stages.at(-1)).toMatchObject({
        ready: { http: url },
      })
    },
  )

  test('R-DKR-14 a screenshot is declared in a line, and skipped where there is no browser unless the recipe says otherwise', () => {
    const shot = "screenshot: { http: 'http://app:8080/' }"
    expect(load(afterDeploy(shot)).stages.at(-1)).toMatchObject({
      screenshot: { http: 'http://app:8080/', required: false },
    })
    expect(faultsIn(withStage(`{ name: look, ${shot} }`))).toEqual([
      expect.stringContaining('stages[0].screenshot: comes before the first deploy, when there is no stack'),
    ])
  })

  test.each([
    ['deploy: {}', 'deploy'],
    ["ready: { http: 'http://app/' }", 'ready'],
    ["exec: { service: app, run: 'true' }", 'exec'],
  ])('R-DKR-11 %s is for no process', (stage, work) => {
    const text = HELLO.replace("run: 'test -f README.md'", stage)
    expect(faultsIn(text)).toEqual([
      expect.stringContaining(
        `4:20: stages[0].${work}: is for the drivers compose and swarm, and the driver is process`,
      ),
    ])
  })

  test.each([
    ["{ name: page, ready: { http: 'http://app/' } }", 'ready'],
    ["{ name: inside, exec: { service: app, run: 'true' } }", 'exec'],
  ])('R-DKR-07 %s before the first deploy is refused: there is nothing to ask', (stage, work) => {
    expect(faultsIn(withStage(stage))).toEqual([
      expect.stringContaining(`stages[0].${work}: comes before the first deploy, when there is no stack`),
    ])
    expect(load(withStage("{ name: build, run: 'true' }")).stages).toHaveLength(2)
  })

  test('R-DKR-07 a recipe whose stages deploy nothing is refused: its runs would be green, and have tested nothing', () => {
    const text = STACK.replace('deploy: {}', "run: 'true'")
    expect(faultsIn(text)).toEqual([
      expect.stringContaining('4:1: stages: deploy nothing; begin with { name: deploy, deploy: {} }'),
    ])
    expect(faultsIn(STACK.replace('deploy: {}', 'deploy: 5'))).toEqual([
      expect.stringContaining('5:21: stages[0].deploy: must be a map'),
    ])
  })

  const RELEASED = '{ name: released, deploy: { version: released } }'

  test.each([
    ['restore: {}', '6:16: stages[1].restore: has nothing to bring back: no backup comes before it'],
    [
      'deploy: { optional: true }',
      "6:26: stages[1].deploy.optional: is for version: released; the pull request's own code is always there",
    ],
    [
      "ready: { http: 'http://app/', tries: 61 }, timeout: 1m",
      '6:59: stages[1].timeout: is 1m, and 61 tries take 1m at least: it can only time out',
    ],
  ])('R-DKR-07 %s can only fail in a run, and is refused before', (stage, expected) => {
    expect(faultsIn(afterDeploy(stage))).toEqual([expect.stringContaining(expected)])
  })

  test('R-DKR-07 a restore after a later backup is refused, one after an earlier backup is not', () => {
    const [backup, restore] = ['  - { name: b, backup: {} }\n', '  - { name: r, restore: {} }\n']
    expect(faultsIn(`${STACK}${restore}${backup}`)).toEqual([
      expect.stringContaining('6:16: stages[1].restore'),
    ])
    expect(load(`${STACK}${backup}${restore}`).stages).toHaveLength(3)
  })

  test('R-DKR-07 a recipe that deploys the last release alone is refused: it would be green, and have tested nothing of the pull request', () => {
    const text = STACK.replace('{ name: deploy, deploy: {} }', RELEASED)
    expect(faultsIn(text)).toEqual([
      expect.stringContaining(
        '5:33: stages[0].deploy.version: is all that is deployed, and the pull request is not tested; add { name: upgrade, deploy: {} }',
      ),
    ])
    expect(load(`${text}  - { name: upgrade, deploy: {} }\n`).stages).toHaveLength(2)
  })

  test('R-DKR-07 tries that fit into the time of their stage are not refused', () => {
    const { stages } = load(afterDeploy("ready: { http: 'http://app/', tries: 60 }, timeout: 1m"))
    expect(stages).toHaveLength(2)
  })
})
