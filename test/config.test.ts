import { mkdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EXIT, InputError } from '../src/errors.ts'
import { HELLO, machine, STACK } from './config/world.ts'
import { LIMITS } from './model/policyWorld.ts'

describe('where the configuration comes from', () => {
  test('without any file the defaults hold', () => {
    using here = machine()
    const config = here.load()
    expect(config).toMatchObject({
      file: null,
      stateDir: '/var/lib/berth',
      baseDomain: 'ci.localhost',
      slots: 4,
      runAs: [],
      repositories: [],
      trust: { run: 'write', cancel: 'write', hold: 'admin', forks: 'approve' },
      limits: LIMITS,
      supersede: 'queued',
      budgets: { deadlineMs: 3_600_000, teardownMs: 600_000, killGraceMs: 10_000 },
      stageLimits: { memoryBytes: null, processes: null, cpus: null },
      retention: { days: 30, sizeBytes: 10e9, imageBytes: 20e9 },
      reconcileMs: 300_000,
      docker: { host: null, certPath: null, configDir: null },
      notify: { webhook: null },
    })
    expect(config.recipesDir).toMatch(/\/recipes$/)
    expect(config.runDomains.test('site-hello-pr1.ci.localhost')).toBe(true)
    expect(config.runDomains.test('a.b.ci.localhost')).toBe(false)
    expect(config.runDomains.test('ci.localhost')).toBe(false)
    expect(config.runDomains.test('a.ci-localhost')).toBe(false)
  })

  test('BERTH_CONFIG goes before the working folder, and that before /etc', () => {
    using here = machine()
    here.write('etc/berth/berth.yml', 'slots: 1')
    expect(here.load()).toMatchObject({ slots: 1, file: here.path('etc/berth/berth.yml') })
    here.write('work/berth.yml', 'slots: 2')
    expect(here.load()).toMatchObject({ slots: 2, file: here.path('work/berth.yml') })
    here.write('work/other/mine.yml', 'slots: 3')
    expect(here.load({ BERTH_CONFIG: 'other/mine.yml' }).slots).toBe(3)
    expect(here.load({ BERTH_CONFIG: '' }).slots).toBe(2)
  })

  test('a BERTH_CONFIG that is not there is a fault, never the defaults', () => {
    using here = machine()
    const [fault] = here.faults({ BERTH_CONFIG: 'gone.yml' })
    expect(fault).toBe(
      `${here.path('work/gone.yml')}: there is no such file; correct the path or unset BERTH_CONFIG`,
    )
  })

  test('a configuration that cannot be read is a fault, never the defaults', () => {
    using here = machine()
    mkdirSync(here.path('work/berth.yml'))
    expect(here.faults()).toEqual([expect.stringContaining('work/berth.yml: cannot be read')])
  })

  test.each([
    [
      'BERTH_STATE_DIR',
      { BERTH_STATE_DIR: '/run/b', XDG_STATE_HOME: '/xdg' },
      'stateDir: /file',
      1000,
      '/run/b',
    ],
    ['the file', { XDG_STATE_HOME: '/xdg' }, 'stateDir: /file', 0, '/file'],
    ['the system', { XDG_STATE_HOME: '/xdg' }, '', 0, '/var/lib/berth'],
    ['XDG_STATE_HOME', { XDG_STATE_HOME: '/xdg', HOME: '/home/me' }, '', 1000, '/xdg/berth'],
    [
      'HOME where XDG_STATE_HOME is relative',
      { XDG_STATE_HOME: 'x', HOME: '/home/me' },
      '',
      1000,
      '/home/me/.local/state/berth',
    ],
  ])('the state folder comes from %s', (_, env, text, uid, expected) => {
    using here = machine()
    here.write('work/berth.yml', text)
    expect(here.load(env, uid).stateDir).toBe(expected)
  })

  test('relative paths count from the folder of the file', () => {
    using here = machine()
    here.write('etc/berth/berth.yml', 'stateDir: state\nrecipesDir: ../my-recipes')
    expect(here.load()).toMatchObject({
      stateDir: here.path('etc/berth/state'),
      recipesDir: here.path('etc/my-recipes'),
    })
  })

  test('recipes beside the file are taken, else those that berth ships', () => {
    using here = machine()
    here.write('work/berth.yml', '')
    expect(here.load().recipesDir).not.toContain(here.root)
    mkdirSync(here.path('work/recipes'))
    expect(here.load().recipesDir).toBe(here.path('work/recipes'))
  })

  test('R-RUN-17 secrets beside the file are taken, if there is a folder of them, or what the file says', () => {
    using here = machine()
    expect(here.load().secretsDir).toBeNull()
    here.write('work/berth.yml', '')
    expect(here.load().secretsDir).toBeNull()
    mkdirSync(here.path('work/secrets'))
    expect(here.load().secretsDir).toBe(here.path('work/secrets'))
    here.write('work/berth.yml', 'secretsDir: ../elsewhere')
    expect(here.load().secretsDir).toBe(here.path('elsewhere'))
  })

  test('the instance stays the same for a machine and state folder, and differs from all others', () => {
    using here = machine()
    const first = here.load().instance
    expect(first).toMatch(/^[0-9a-f]{12}$/)
    expect(here.load().instance).toBe(first)
    expect(here.load({ BERTH_STATE_DIR: '/elsewhere' }).instance).not.toBe(first)
    here.write('etc/machine-id', 'another\n')
    expect(here.load().instance).not.toBe(first)
    here.write('work/berth.yml', 'instance: ci-1')
    expect(here.load().instance).toBe('ci-1')
  })
})

test('the configuration is frozen to its leaves', () => {
  using here = machine()
  here.write('work/berth.yml', 'runAs: [berth-1]')
  const config = here.load()
  expect(() => Object.assign(config.budgets, { deadlineMs: 1 })).toThrow(TypeError)
  expect(() => Object.assign(config.runAs[0] ?? {}, { uid: 0 })).toThrow(TypeError)
})

test("the design's example is read as it means", () => {
  using here = machine()
  here.write('work/recipes/hello/recipe.yml', HELLO)
  here.write('work/recipes/coop-cloud/recipe.yml', STACK)
  here.write(
    'work/berth.yml',
    String.raw`
stateDir: /var/lib/berth
recipesDir: ./recipes
baseDomain: ci.example.org
runDomains: '^[a-z0-9-]+\.ci\.example\.org$'
instance: ci-1
slots: 4
runAs: [berth-1, 2002]
repositories:
  acme/site: { recipes: [hello], default: hello }
  "coop-cloud/*": { recipes: [coop-cloud], supersede: none, priority: -5 }
trust: { run: write, cancel: write, hold: admin, forks: approve }
limits: { perActorPerHour: 30, perRepositoryPerHour: 7, crashPause: 10m }
supersede: all
budgets: { deadline: 60m, teardown: 10m, killGrace: 10s }
stageLimits: { memory: 2GB, processes: 4096, cpus: 2 }
retention: { days: 30, size: 10GB }
reconcile: 10m
docker: { host: 'tcp://engine.example.org:2376', certPath: certs, configDir: /etc/berth/docker }
notify: { webhook: 'https://alarm.example.org/x' }
`,
  )
  expect(here.load()).toMatchObject({
    runDomains: /^[a-z0-9-]+\.ci\.example\.org$/,
    runAs: [
      { uid: 2001, gid: 3001 },
      { uid: 2002, gid: 3002 },
    ],
    repositories: [
      { pattern: 'acme/site', recipes: ['hello'], default: 'hello', supersede: null, priority: 0 },
      { pattern: 'coop-cloud/*', recipes: ['coop-cloud'], default: null, supersede: 'none', priority: -5 },
    ],
    limits: { ...LIMITS, perActorPerHour: 30, perRepositoryPerHour: 7, crashPauseMs: 600_000 },
    supersede: 'all',
    stageLimits: { memoryBytes: 2e9, processes: 4096, cpus: 2 },
    reconcileMs: 600_000,
    docker: {
      host: 'tcp://engine.example.org:2376',
      certPath: here.path('work/certs'),
      configDir: '/etc/berth/docker',
    },
    notify: { webhook: 'https://alarm.example.org/x' },
  })
})

test.each(['0', "'0'"])('R-Q-05 looking for missed webhooks is switched off by `reconcile: %s`', (off) => {
  using here = machine()
  here.write('work/berth.yml', `reconcile: ${off}\n`)
  expect(here.load().reconcileMs).toBe(0)
})

test('every fault is told at once, in the order of the file, with file, line, column and key', () => {
  using here = machine()
  here.write('work/recipes/hello/recipe.yml', HELLO)
  here.write(
    'work/berth.yml',
    `basedomain: x
slots: 0
runAs: [berth-1, nosuch, true]
repositories:
  acme/site: { recipes: [helo], default: x }
trust: { run: wriet }
budgets: { deadline: 100h, teardown: 5 m }
retention: { size: 10gb }
stageLimits: { memory: 2, processes: 0, cpus: 0, cpu: 1 }
notify: { webhook: 'ftp://x' }
reconcile: often
`,
  )
  const faults = here.faults()
  const known = 'stateDir, recipesDir, secretsDir, baseDomain'
  const expected = [
    `1:1: basedomain: is not known here. Did you mean baseDomain? Known: ${known}`,
    '2:1: slots: must be at least 1',
    '3:18: runAs[1]: there is no user nosuch',
    '3:26: runAs[2]: must be the name of a user, or a uid',
    '5:26: repositories.acme/site.recipes[0]: there is no recipe helo. Did you mean hello?',
    "5:33: repositories.acme/site.default: must be one of this repository's recipes (helo), and is x",
    '6:10: trust.run: must be one of none, read, triage, write, maintain, admin, and is "wriet". Did you mean write?',
    '7:12: budgets.deadline: must be more than 0 and at most 72h, and is 100h',
    '7:28: budgets.teardown: must be a duration such as 90s, 10m or 1h30m, and is "5 m"',
    '8:14: retention.size: must be a size such as 10GB or 512MiB, and is "10gb"',
    '9:16: stageLimits.memory: must be a size such as 10GB or 512MiB, and is 2',
    '9:27: stageLimits.processes: must be at least 1',
    '9:41: stageLimits.cpus: must be 0.01 or more',
    '9:50: stageLimits.cpu: is not known here. Did you mean cpus? Known: memory, processes, cpus',
    '10:11: notify.webhook: must be an http or https address',
    '11:1: reconcile: must be 0 (off) or a duration of at most 72h such as 5m, and is "often"',
  ]
  expect(faults).toEqual(
    expected.map((text) => expect.stringContaining(`${here.path('work/berth.yml')}:${text}`)),
  )
})

test('bad input ends with code 2 and a text that holds every fault', () => {
  using here = machine()
  here.write('work/berth.yml', 'slots: none\nlimits: 5\n')
  expect(() => here.load()).toThrow(InputError)
  expect(() => here.load()).toThrow(/slots: must be a number.*\n.*limits: must be a map/)
  expect(new InputError('x', []).exitCode).toBe(EXIT.badInput)
})

test.each([
  ['slots: 1\nslots: 2', '2:1: this is no valid YAML: Map keys must be unique'],
  ['slots: [1', /1:10: this is no valid YAML: Flow sequence/],
  ['slots: !mine 1', 'this is no valid YAML: Unresolved tag: !mine'],
  ['- slots', 'must be a map of keys and values, and is ["slots"]'],
  ['slots: 1\n---\nslots: 2', 'this is no valid YAML'],
  [
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [${'*a,'.repeat(20)}]\nc: [${'*b,'.repeat(20)}]`,
    /Excessive alias count/,
  ],
])('text %j is refused with its place', (text, expected) => {
  using here = machine()
  here.write('work/berth.yml', text)
  expect(here.faults()[0]).toMatch(expected)
  expect(here.faults()[0]).toMatch(/berth\.yml:\d+:\d+: /)
})
