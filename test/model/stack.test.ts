import { describe, expect, test } from 'vitest'
import { DEFAULT_ALLOW } from '../../src/model/enginePolicy/allow.ts'
import { readStage } from '../../src/model/readStage.ts'
import type { Stage } from '../../src/model/recipe.ts'
import { makeRequest, type Wish } from '../../src/model/request.ts'
import { readRunRequest } from '../../src/model/run.ts'
import { readStack, type StackRequest } from '../../src/model/stack.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { HELLO, machine, STACK as STACK_TEXT } from '../config/world.ts'

const STACK: StackRequest = {
  files: ['compose.yml', 'compose.ci.yml'],
  coopCloud: false,
  env: { TZ: 'UTC' },
  allow: {
    ...DEFAULT_ALLOW,
    external: ['web', 'secret:smtp'],
    mounts: ['./site:ro'],
    ports: ['8080'],
    namespaces: ['ipc'],
    replicas: 7,
    privileged: true,
    forks: true,
  },
  isFork: true,
  engine: { host: 'tcp://engine:2376', certPath: '/certs', configDir: '/docker' },
}

/** As the file has it. */
function kept(value: unknown): Record<string, unknown> {
  return { stack: JSON.parse(JSON.stringify(value)) }
}

describe('the stack in request.json', () => {
  test('R-DKR-01 R-RUN-19 is read as it was written', () => {
    expect(readStack(kept(STACK), 'stack')).toEqual(STACK)
  })

  test('R-DKR-15 what an older berth did not know of is not allowed', () => {
    const allow = { external: ['web'], forks: true }
    expect(readStack(kept({ ...STACK, allow }), 'stack').allow).toEqual({ ...DEFAULT_ALLOW, ...allow })
  })

  test('R-DKR-16 an engine of which nothing is said is the usual one', () => {
    expect(readStack(kept({ ...STACK, engine: {} }), 'stack').engine).toEqual({
      host: null,
      certPath: null,
      configDir: null,
    })
  })

  test.each([
    ['files', 'compose.yml', 'files must be a list, and is "compose.yml"'],
    ['files', [5], 'files must be text, and is 5'],
    ['coopCloud', 'yes', 'coopCloud must be true or false, and is "yes"'],
    ['env', { TZ: 1 }, 'TZ must be text, and is 1'],
    ['isFork', null, 'isFork must be true or false, and is null'],
    ['isFork', undefined, 'isFork must be true or false, and is missing'],
    ['allow', undefined, 'allow must be an object, and is missing'],
    [
      'allow',
      { namespaces: ['mount'] },
      'value must be one of cgroup, ipc, network, pid, userns, and is "mount"',
    ],
    ['allow', { replicas: '5' }, 'replicas must be a number, and is "5"'],
    ['allow', { forks: 1 }, 'forks must be true or false, and is 1'],
    ['engine', undefined, 'engine must be an object, and is missing'],
    ['engine', { host: 5 }, 'host must be text, and is 5'],
  ])('R-DKR-15 with %s %j nothing is guessed: %s', (key, value, expected) => {
    expect(() => readStack(kept({ ...STACK, [key]: value }), 'stack')).toThrow(expected)
  })

  test('R-DKR-01 that is no map is named', () => {
    expect(() => readStack(kept([]), 'stack')).toThrow('stack must be an object, and is []')
  })
})

describe('what is asked of a run of a stack', () => {
  const WISH: Wish = {
    run: '01m8hcjvsps80dv8',
    domain: 'site-pr7.ci.example.org',
    names: ['site-pr7.ci.example.org'],
    repository: 'acme/site',
    repositoryId: '1',
    cloneUrl: 'https://git.example.org/acme/site',
    pr: 7,
    sha: 'a'.repeat(40),
    ref: null,
    actor: 'octocat',
    arguments: {},
    foreground: false,
    keepMs: 0,
    requestedAtMs: 1,
    fork: false,
  }

  function asked(text: string, fork: boolean) {
    using here = machine()
    here.write('recipes/stack/recipe.yml', text)
    here.write('work/berth.yml', 'docker: { host: tcp://engine:2376, certPath: /certs }')
    const recipe = loadRecipe(here.path('recipes/stack'))
    return makeRequest({ ...WISH, fork }, recipe, here.load(), null)
  }

  test.each([true, false])(
    'R-DKR-15 R-RUN-19 is the recipe’s stack, what it may have, where the engine is, and whether the code is a fork’s: %j',
    (fork) => {
      const text = STACK_TEXT.replace('stages:', 'allow: { ports: [8080] }\nstages:')
      const request = asked(text, fork)
      expect(request.stack).toEqual({
        files: ['compose.yml'],
        coopCloud: false,
        env: {},
        allow: { ...DEFAULT_ALLOW, ports: ['8080'] },
        isFork: fork,
        engine: { host: 'tcp://engine:2376', certPath: '/certs', configDir: null },
      })
      expect(readRunRequest(JSON.parse(JSON.stringify(request)))).toEqual(request)
    },
  )

  test('R-DKR-11 of a process has none, and knows of no engine', () => {
    const request = asked(HELLO, false)
    expect(request).not.toHaveProperty('stack')
    expect(JSON.stringify(request)).not.toContain('engine')
    expect(readRunRequest(JSON.parse(JSON.stringify(request)))).toEqual(request)
  })
})

describe('a stage in request.json', () => {
  const often = { timeoutMs: 60_000, uninterruptible: false }
  const STAGES: readonly Stage[] = [
    { name: 'a', run: 'true', ...often },
    { name: 'b', deploy: { version: 'pr', optional: false }, ...often },
    { name: 'c', deploy: { version: 'released', optional: true }, ...often },
    { name: 'd', ready: { http: 'http://app/', status: 204, tries: 3, everyMs: 1000 }, ...often },
    { name: 'e', ready: { tcp: 'db:5432', tries: 1, everyMs: 50 }, ...often },
    { name: 'f', exec: { service: 'app', run: 'true' }, timeoutMs: 1, uninterruptible: true },
  ]

  test.each(STAGES)('R-DKR-07 R-RUN-19 %j is read as it was written', (stage) => {
    expect(readStage(JSON.parse(JSON.stringify(stage)))).toEqual(stage)
  })

  test.each([
    [{}, 'run must be text, and is missing'],
    [{ deploy: { version: 'next' } }, 'version must be one of pr, released, and is "next"'],
    [{ deploy: 'pr' }, 'deploy must be an object, and is "pr"'],
    [{ ready: { http: 'http://app/', tries: 1, everyMs: 1 } }, 'status must be a number, and is missing'],
    [{ ready: { tries: 1, everyMs: 1 } }, 'http must be text, and is missing'],
    [{ ready: { tcp: 'a:1', everyMs: 1 } }, 'tries must be a number, and is missing'],
    [{ exec: { run: 'true' } }, 'service must be text, and is missing'],
    [{ exec: { service: 'app' } }, 'run must be text, and is missing'],
  ])('R-DKR-07 %j is no stage that anybody can guess', (work, expected) => {
    expect(() => readStage({ name: 'x', ...often, ...work })).toThrow(expected)
  })
})
