import { describe, expect, test } from 'vitest'
import { parseCommands } from '../../src/model/command.ts'
import { isolatesCode } from '../../src/model/isolation.ts'
import { decide } from '../../src/model/policy.ts'
import type { PolicyFacts } from '../../src/model/policyFacts.ts'
import type { Recipe, Stage, StageWork } from '../../src/model/recipe.ts'
import { misfitOf } from '../../src/model/stillFits.ts'
import { aConfig, anEnrolment, aRecipe, forkFacts, HEAD, TRUST } from './policyWorld.ts'

const WORKS = {
  deploy: { deploy: { version: 'pr', optional: false } },
  ready: { ready: { tcp: 'app:80', tries: 3, everyMs: 1000 } },
  exec: { exec: { service: 'app', run: 'true' } },
  run: { run: 'true' },
} as const satisfies Readonly<Record<string, StageWork>>

function stageOf(work: keyof typeof WORKS): Stage {
  return { name: work, timeoutMs: 60_000, uninterruptible: false, ...WORKS[work] }
}

function stackRecipe(
  name: string,
  works: readonly (keyof typeof WORKS)[],
  change: Partial<Recipe> = {},
): Recipe {
  return aRecipe(name, { driver: 'swarm', stages: works.map(stageOf), ...change })
}

const ISOLATING = stackRecipe('isolating', ['deploy', 'ready', 'exec'])
const EXPOSING = stackRecipe('exposing', ['deploy', 'run'])
const NO_USERS = aConfig({ runAs: [] })

function factsFor(recipes: readonly Recipe[], change: Partial<PolicyFacts> = {}): PolicyFacts {
  const enrolment = anEnrolment({
    recipes: recipes.map(({ name }) => name),
    default: recipes[0]?.name ?? null,
  })
  return forkFacts({ recipes, enrolment, approved: new Set([HEAD]), ...change })
}

function decideOn(line: string, facts: PolicyFacts, config = NO_USERS) {
  const [command] = parseCommands(line)
  if (command === undefined || !['run', 'approve'].includes(command.kind))
    throw new Error(`${line} asks for nothing`)
  return decide(command as Parameters<typeof decide>[0], facts, config)
}

describe('what of a recipe runs as a process of the host', () => {
  test.each([
    ['a stack whose stages are all in containers', ISOLATING, true],
    ['a stack with a command on the host', EXPOSING, false],
    [
      'a stack whose teardown is a command on the host',
      { ...ISOLATING, teardown: { run: 'make clean', timeoutMs: 1 } },
      false,
    ],
    ['processes', aRecipe('hello'), false],
    ['processes that do nothing', aRecipe('hello', { stages: [] }), false],
  ] as const)('R-RUN-20 %s', (_, recipe, isolates) => {
    expect(isolatesCode(recipe)).toBe(isolates)
  })

  test('R-RUN-20 a kind of stage that nobody has judged isolates nothing', () => {
    const unknown = { name: 'new', timeoutMs: 1, uninterruptible: false, shoot: {} }
    expect(isolatesCode({ ...ISOLATING, stages: [stageOf('deploy'), unknown as unknown as Stage] })).toBe(
      false,
    )
  })
})

describe('a fork’s code where stages have no users of their own', () => {
  test('R-RUN-20 is run by a recipe that does all in containers, once it is approved', () => {
    const facts = factsFor([ISOLATING, EXPOSING])
    expect(decideOn('!testme', facts)).toMatchObject({ kind: 'run', fork: true })
    expect(decideOn('!testme', { ...facts, approved: new Set() })).toMatchObject({
      reason: 'fork_needs_approval',
    })
    expect(decideOn(`!testme ok ${HEAD}`, facts)).toMatchObject({ kind: 'approve' })
  })

  test('R-RUN-20 is refused by name to a recipe with a command on the host, alone or beside another', () => {
    const facts = factsFor([ISOLATING, EXPOSING])
    for (const line of ['!testme exposing', '!testme isolating exposing']) {
      const refusal = decideOn(line, facts)
      expect(refusal).toMatchObject({ reason: 'fork_needs_isolation' })
      expect(JSON.stringify(refusal)).toContain('Stages of `exposing` run on the host')
    }
    expect(decideOn('!testme exposing', facts, aConfig())).toMatchObject({ kind: 'run' })
  })

  test('R-RUN-20 needs no word of a writer where no recipe of its repository may run it', () => {
    const facts = factsFor([EXPOSING], { recipes: [EXPOSING, ISOLATING] })
    expect(decideOn(`!testme ok ${HEAD}`, facts)).toMatchObject({ reason: 'fork_needs_isolation' })
  })

  test('R-RUN-20 is not run at all where the operator has said so', () => {
    const config = aConfig({ runAs: [], trust: { ...TRUST, forks: 'never' } })
    expect(decideOn('!testme', factsFor([ISOLATING]), config)).toMatchObject({ reason: 'fork_refused' })
  })

  test('R-RUN-20 does not start when its recipe has got a command on the host since', () => {
    const config = { ...NO_USERS, baseDomain: 'ci.test', runDomains: /^[a-z0-9-]+\.ci\.test$/ }
    const run = { fork: true, domain: 'a.ci.test', names: ['a.ci.test'], arguments: {} }
    expect(misfitOf(run, ISOLATING, config)).toBeNull()
    expect(misfitOf(run, EXPOSING, config)).toContain('fork_needs_isolation')
  })
})
