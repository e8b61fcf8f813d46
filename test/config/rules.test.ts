import { describe, expect, test } from 'vitest'
import { budgetsOf } from '../../src/model/budgets.ts'
import { parseCommands } from '../../src/model/command.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { HELLO, machine } from './world.ts'

describe('users of stages', () => {
  test.each([
    ['[root]', 'root has uid 0'],
    ['[0]', 'root has uid 0'],
    ['[toor]', 'toor has uid 0'],
    ['[docked]', 'docked is in the group docker, whose members can take over the machine'],
    ['[captain]', 'captain is in the group sudo'],
    ['[berth-1, berth-1]', 'berth-1 is there already; each slot needs a user of its own'],
    ['[berth-1, same]', 'same is there already'],
    ['[berth-1, 2001]', 'berth-1 is there already'],
    ['[4711]', 'there is no user 4711 in /etc/passwd'],
    ['["2001"]', 'there is no user 2001'],
    ['[-1]', 'must be at least 0'],
  ])('R-RUN-20 runAs: %s is refused: %s', (text, expected) => {
    using here = machine()
    here.write('work/berth.yml', `runAs: ${text}`)
    expect(here.faults()).toEqual([expect.stringContaining(expected)])
  })

  test("R-RUN-20 the harness's own user is no user for stages", () => {
    using here = machine()
    here.write('work/berth.yml', 'runAs: [berth-2]')
    expect(here.load({}, 2001).runAs).toEqual([{ uid: 2002, gid: 3002 }])
    expect(here.faults({}, 2002)).toEqual([expect.stringContaining('is the user that berth itself runs as')])
  })
})

describe('run domains', () => {
  test.each([
    ['.*', 'matches ci.example.org itself'],
    ['ci.example.org|[a-z0-9-]+.ci.example.org', 'matches ci.example.org itself'],
    [String.raw`^[a-z]+\.other\.org$`, 'matches no domain that a recipe makes under ci.example.org'],
    ['(', 'does not compile'],
  ])('R-JAN-03 runDomains %s is refused: %s', (source, expected) => {
    using here = machine()
    here.write('work/berth.yml', `baseDomain: ci.example.org\nrunDomains: '${source}'`)
    expect(here.faults()).toEqual([expect.stringContaining(expected)])
  })

  test('R-JAN-03 an expression without anchors is held against the whole name', () => {
    using here = machine()
    const source = String.raw`[a-z0-9-]+\.ci\.example\.org`
    here.write('work/berth.yml', `baseDomain: ci.example.org\nrunDomains: '${source}'`)
    const { runDomains } = here.load()
    expect(runDomains.test('x.ci.example.org')).toBe(true)
    expect(runDomains.test('www.x.ci.example.org')).toBe(false)
    expect(runDomains.test('x.ci.example.org.evil.net')).toBe(false)
  })

  test('R-JAN-03 alternatives beside anchors do not slip out of them', () => {
    using here = machine()
    const source = String.raw`^a\.ci\.localhost|site-[a-z0-9-]+\.ci\.localhost$`
    here.write('work/berth.yml', `runDomains: '${source}'`)
    expect(here.load().runDomains.test('www.site-x.ci.localhost')).toBe(false)
    expect(here.load().runDomains.test('a.ci.localhost.evil.net')).toBe(false)
  })

  test('an expression that only the own recipes meet is right', () => {
    using here = machine()
    const source = String.raw`^test-[a-z0-9-]+\.ci\.localhost$`
    here.write('work/berth.yml', `runDomains: '${source}'`)
    expect(here.faults()).toHaveLength(1)
    here.write('work/recipes/own/recipe.yml', `domain: 'test-{repo}-{pr}.{base}'\n${HELLO}`)
    expect(here.load().runDomains.source).toBe(source)
  })

  test('a base that is no domain is refused', () => {
    using here = machine()
    here.write('work/berth.yml', 'baseDomain: CI.Example.org')
    expect(here.faults()).toEqual([
      expect.stringMatching(/1:1: baseDomain: domain CI\.Example\.org: the part "CI"/),
    ])
  })
})

describe('enrolments', () => {
  function enrolled(recipes: Readonly<Record<string, string>>, repositories: string) {
    const here = machine()
    for (const [name, text] of Object.entries(recipes)) here.write(`work/recipes/${name}/recipe.yml`, text)
    here.write('work/berth.yml', `repositories:\n${repositories}`)
    return here
  }

  const withDomain = (domain: string) => `domain: '${domain}'\n${HELLO}`

  test.each([
    ['  acme/site: { recipes: [hello, shop] }', 'there is no recipe shop. There is: hello'],
    ['  acme/site: { recipes: [hello, hello] }', 'hello is there already'],
    ['  acme/site: { recipes: [] }', 'recipes: must have at least 1 item'],
    ['  acme/site: { recipes: [hello], default: shop }', 'must be one of this repository'],
    ['  acme: { recipes: [hello] }', 'must be owner/name or owner/*, and is "acme"'],
    ['  "*/site": { recipes: [hello] }', 'must be owner/name or owner/*'],
    [
      '  acme/site: { recipes: [hello] }\n  Acme/Site: { recipes: [hello] }',
      'is enrolled already, in other letter case',
    ],
  ])('R-CMD-03 enrolment %s is refused: %s', (repositories, expected) => {
    using here = enrolled({ hello: HELLO }, repositories)
    expect(here.faults()).toEqual([expect.stringContaining(expected)])
  })

  test.each([
    ['fixed.{base}', '  acme/*: { recipes: [r] }', 'the repositories of acme/*'],
    ['pr{pr}.{base}', '  acme/a: { recipes: [r] }\n  acme/b: { recipes: [r] }', 'acme/b and acme/a'],
    ['{repo}-{pr}.{base}', '  acme/a: { recipes: [r] }\n  coop/a: { recipes: [r] }', 'coop/a and acme/a'],
    ['{repo}-{pr}.{base}', '  acme/*: { recipes: [r] }\n  coop/a: { recipes: [r] }', 'coop/a and acme/*'],
    [
      '{repo}-{pr}.{base}',
      '  acme/a.b: { recipes: [r] }\n  acme/a-b: { recipes: [r] }',
      'acme/a-b and acme/a.b',
    ],
    ['{owner}-{repo}.{base}', '  a-b/c: { recipes: [r] }\n  a/b-c: { recipes: [r] }', 'a/b-c and a-b/c'],
  ])('R-LCK-12 the template %s does not tell apart: %s', (domain, repositories, expected) => {
    using here = enrolled({ r: withDomain(domain) }, repositories)
    expect(here.faults()).toEqual([expect.stringContaining(`does not tell ${expected} apart`)])
  })

  test.each([
    ['fixed.{base}', '  acme/a: { recipes: [r] }'],
    ['{repo}-{pr}.{base}', '  acme/a: { recipes: [r] }\n  coop/b: { recipes: [r] }'],
    ['{repo}-{pr}.{base}', '  acme/*: { recipes: [r] }'],
    ['{repo}-{pr}.{base}', '  acme/*: { recipes: [r] }\n  acme/a: { recipes: [r] }'],
    ['{owner}-{repo}.{base}', '  acme/*: { recipes: [r] }\n  coop/*: { recipes: [r] }'],
    ['x-{hash}.{base}', '  acme/*: { recipes: [r] }\n  coop/*: { recipes: [r] }'],
    ['x-{run}.{base}', '  acme/*: { recipes: [r] }\n  coop/*: { recipes: [r] }'],
  ])('R-LCK-12 the template %s tells apart: %s', (domain, repositories) => {
    using here = enrolled({ r: withDomain(domain) }, repositories)
    expect(here.load().repositories).not.toHaveLength(0)
  })

  test('R-JAN-03 an enrolled recipe whose domains no run may use is refused', () => {
    using here = enrolled({ r: withDomain('{repo}.example.org') }, '  acme/site: { recipes: [r] }')
    expect(here.faults()).toEqual([expect.stringContaining('site.example.org is not one that runs may use')])
  })

  test('the faults of an enrolled recipe stop the start; those of another one do not', () => {
    const broken = HELLO.replace('timeout: 1m', 'timeout: 2h')
    using bad = enrolled({ hello: broken }, '  acme/site: { recipes: [hello] }')
    expect(bad.faults()).toEqual([
      expect.stringContaining('hello/recipe.yml:4:46: stages[0].timeout: is 2h; at most 1h'),
    ])
    using good = enrolled({ hello: HELLO, other: broken }, '  acme/site: { recipes: [hello] }')
    expect(good.load().repositories).toHaveLength(1)
  })

  test('R-QUE-13 recipes are held against the budgets of this configuration', () => {
    using here = machine()
    here.write('work/recipes/hello/recipe.yml', HELLO)
    here.write(
      'work/berth.yml',
      'budgets: { deadline: 30s, teardown: 20s }\nrepositories: { acme/site: { recipes: [hello] } }',
    )
    expect(here.faults()).toEqual([
      expect.stringContaining("stages[0].timeout: is 1m; at most 30s, the run's deadline"),
      expect.stringContaining('teardown.timeout: is 1m; at most 20s, budgets.teardown of the configuration'),
    ])
  })

  test('a folder of recipes that is not there is told where repositories need it', () => {
    using here = machine()
    here.write('work/berth.yml', 'recipesDir: gone\nrepositories: { acme/site: { recipes: [hello] } }')
    expect(here.faults()).toEqual([
      expect.stringContaining('there is no recipe hello. There is: none'),
      expect.stringContaining('gone: the folder of recipes cannot be read'),
    ])
    here.write('work/berth.yml', 'recipesDir: gone')
    expect(here.load().recipesDir).toBe(here.path('work/gone'))
  })
})

describe('budgets', () => {
  const RECIPE = `description: Says hello
driver: process
deadline: 2h
stages:
  - { name: long, run: 'true', timeout: 3h, uninterruptible: true }
teardown: { run: 'true', timeout: 5m }
`

  test('R-QUE-13 those of the configuration and those of its recipes are held against each other, all faults at once, each with file and line', () => {
    using here = machine()
    here.write('work/recipes/hello/recipe.yml', RECIPE)
    here.write(
      'work/berth.yml',
      'budgets:\n  deadline: 1h\n  teardown: 1m\n  killGrace: 2m\nrepositories: { acme/site: { recipes: [hello] } }\n',
    )
    const recipe = here.path('work/recipes/hello/recipe.yml')
    expect(here.faults()).toEqual([
      `${here.path('work/berth.yml')}:4:3: budgets.killGrace: is 2m; at most 1m, budgets.teardown: a teardown has to end what is deaf, too`,
      `${recipe}:3:1: deadline: is 2h; at most 1h, budgets.deadline of the configuration`,
      `${recipe}:5:32: stages[0].timeout: is 3h; at most 2h, the run's deadline`,
      `${recipe}:6:26: teardown.timeout: is 5m; at most 1m, budgets.teardown of the configuration`,
    ])
  })

  test('R-QUE-13 a default counts like what is written; the place is the nearest that is there', () => {
    using here = machine()
    here.write('work/berth.yml', 'slots: 1\nbudgets: { teardown: 5s }\n')
    expect(here.faults()).toEqual([
      expect.stringContaining('berth.yml:2:1: budgets.killGrace: is 10s; at most 5s, budgets.teardown'),
    ])
    here.write('work/berth.yml', 'budgets: { teardown: 5s, killGrace: 5s }\n')
    expect(here.load().budgets).toMatchObject({ teardownMs: 5_000, killGraceMs: 5_000 })
  })

  test('R-QUE-13 one that cannot be read is told alone: nothing is held against what nobody meant', () => {
    using here = machine()
    here.write('work/recipes/hello/recipe.yml', RECIPE)
    for (const [budget, others] of [
      ['deadline: 4 hours', ['stages[0].timeout: is 3h; at most 2h']],
      ['teardown: x', ['deadline: is 2h; at most 1h', 'stages[0].timeout: is 3h; at most 2h']],
    ] as const) {
      here.write(
        'work/berth.yml',
        `budgets: { ${budget} }\nrepositories: { acme/site: { recipes: [hello] } }\n`,
      )
      expect(here.faults()).toEqual([
        expect.stringContaining(`budgets.${budget.split(':')[0]}: must be a duration`),
        ...others.map((text) => expect.stringContaining(text)),
      ])
    }
  })

  test('R-QUE-13 the highest ceiling that can be written, and a run that is kept as long as one may be, stay below what timers count and below the 14 days after which GitHub gives a check up', () => {
    using here = machine()
    const longest = RECIPE.replace('deadline: 2h', 'deadline: 72h').replace('timeout: 3h', 'timeout: 72h')
    here.write('work/recipes/hello/recipe.yml', longest)
    const budgets = 'budgets: { deadline: 72h, teardown: 72h, killGrace: 72h }'
    here.write('work/berth.yml', `${budgets}\nrepositories: { acme/site: { recipes: [hello] } }\n`)
    const config = here.load()
    const { ceilingMs } = budgetsOf(loadRecipe(here.path('work/recipes/hello'), config.budgets), config)
    const [command] = parseCommands('!testme keep=24h')
    const keepMs = command?.kind === 'run' ? command.keepMs : 0
    expect([ceilingMs / 3_600_000, keepMs / 3_600_000]).toEqual([288, 24])
    expect(ceilingMs + keepMs).toBeLessThan(Math.min(2 ** 31 - 1, 14 * 86_400_000))
    here.write('work/berth.yml', budgets.replace('deadline: 72h', 'deadline: 73h'))
    expect(here.faults()).toEqual([
      expect.stringContaining('budgets.deadline: must be more than 0 and at most 72h'),
    ])
  })
})

test('R-Q-05 what is switched off is one of the mechanisms that can be, each once', () => {
  using here = machine()
  here.write('work/berth.yml', 'switchedOff: [warm, reconcile]')
  expect(here.load().switchedOff).toEqual(['warm', 'reconcile'])
  here.write('work/berth.yml', 'switchedOff: [warn, warm, follow, warm]')
  expect(here.faults()).toEqual([
    expect.stringMatching(/1:15: switchedOff\[0\]: must be one of intake, dispatch, .* Did you mean warm\?$/),
    expect.stringContaining('1:27: switchedOff[2]: must be one of'),
    expect.stringContaining('1:35: switchedOff[3]: warm is there already'),
  ])
  here.write('work/berth.yml', '')
  expect(here.load().switchedOff).toEqual([])
})
