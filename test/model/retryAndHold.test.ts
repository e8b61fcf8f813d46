import { describe, expect, test } from 'vitest'
import { parseCommands } from '../../src/model/command.ts'
import { PERMISSIONS } from '../../src/model/config.ts'
import { decide } from '../../src/model/policy.ts'
import type { Decision, PolicyFacts } from '../../src/model/policyFacts.ts'
import type { RunRow } from '../../src/model/ports.ts'
import type { Verdict } from '../../src/model/run.ts'
import { aConfig, aRunRow, forkFacts, HEAD, OLDER, someFacts, TRUST } from './policyWorld.ts'

const GREEN: Verdict = { conclusion: 'success', reason: 'passed', title: 'All green', exitCode: 0 }
const RED: Verdict = { conclusion: 'failure', reason: 'stage_failed', title: 'check: exit 1', exitCode: 1 }
const CUT: Verdict = { conclusion: 'cancelled', reason: 'cancelled', title: 'Cancelled', exitCode: 143 }

function over(id: string, recipe: string, verdict: Verdict, given: RunRow['arguments'] = {}): RunRow {
  return aRunRow(id, { recipe, arguments: given, state: 'concluded', verdict, sha: OLDER })
}

function decideOn(line: string, facts: PolicyFacts): Decision {
  const [command] = parseCommands(line)
  if (command === undefined || command.kind === 'fault' || command.kind === 'help') throw new Error(line)
  if (command.kind === 'status' || command.kind === 'why') throw new Error(line)
  return decide(command, facts, aConfig({ trust: { ...TRUST, hold: 'maintain' } }))
}

describe('retry', () => {
  function retried(facts: Partial<PolicyFacts>) {
    const decision = decideOn('!testme retry', someFacts(facts))
    if (decision.kind !== 'run') return decision
    return { sha: decision.sha, plans: decision.plans.map(({ recipe, given }) => [recipe.name, given]) }
  }

  test('R-CMD-03 asks again, at the head as it is now, for what ended red, timed out or was cancelled', () => {
    const ended = [
      over('r3', 'world', CUT),
      over('r2', 'hello', RED, { size: 'l' }),
      over('r1', 'hello', GREEN),
    ]
    expect(retried({ over: ended })).toEqual({
      sha: HEAD,
      plans: [
        ['hello', { size: 'l' }],
        ['world', {}],
      ],
    })
  })

  test('R-CMD-03 of a recipe with the same arguments only the newest run counts: one that passed since, or is not over, is left', () => {
    const ended = [
      over('r3', 'hello', GREEN, { size: 's' }),
      over('r2', 'hello', RED, { size: 's' }),
      over('r1', 'world', RED),
    ]
    expect(
      retried({ over: ended, unfinished: [aRunRow('r4', { recipe: 'world', arguments: {} })] }),
    ).toMatchObject({
      kind: 'note',
      detail: expect.stringContaining('nothing to retry'),
    })
  })

  test('R-CMD-07 of a fork’s commit that nobody has approved is refused, with the lines that would run it', () => {
    const decision = decideOn('!testme retry', forkFacts({ over: [over('r1', 'hello', RED, { size: 'l' })] }))
    expect(decision).toMatchObject({ kind: 'refusal', reason: 'fork_needs_approval' })
    expect(decision).toMatchObject({ detail: expect.stringContaining('!testme hello size=l') })
  })

  test('R-CMD-04 of a recipe that is enrolled no more is refused by name', () => {
    expect(retried({ over: [over('r1', 'gone', RED)] })).toMatchObject({
      reason: 'unknown_recipe',
      detail: expect.stringContaining('`gone`'),
    })
  })
})

describe('hold and release', () => {
  const OWN = 'site-hello-pr12.ci.test'
  const OTHER = 'site-world-pr12.ci.test'

  test('R-JAN-10 R-CMD-06 take the permission that is configured for them, of any line', () => {
    for (const line of ['!testme hold', '!testme release']) {
      const permitted = PERMISSIONS.filter(
        (permission) => decideOn(line, someFacts({ permission, domains: [OWN] })).kind !== 'refusal',
      )
      expect(permitted).toEqual(['maintain', 'admin'])
    }
  })

  test('R-JAN-10 without a domain mean the only one, and a reason is always there', () => {
    const facts = someFacts({ permission: 'admin', domains: [OWN] })
    expect(decideOn('!testme hold for=2h a look', facts)).toEqual({
      kind: 'hold',
      name: OWN,
      forMs: 7_200_000,
      reason: 'a look',
    })
    expect(decideOn('!testme release', facts)).toMatchObject({ name: OWN, reason: 'asked for in a comment' })
  })

  test('R-CMD-04 with several domains ask which, with lines to copy', () => {
    const facts = someFacts({ permission: 'admin', domains: [OWN, OTHER] })
    expect(decideOn('!testme hold for=2h', facts)).toMatchObject({
      reason: 'ambiguous_domain',
      detail: expect.stringContaining(`\n!testme hold ${OWN} for=2h\n!testme hold ${OTHER} for=2h\n`),
    })
  })

  test('R-CMD-06 another pull request’s domain is not theirs to hold or release, whoever asks', () => {
    const facts = someFacts({ permission: 'admin', domains: [OWN] })
    for (const line of ['!testme hold site-hello-pr13.ci.test', '!testme release cloud.example.org'])
      expect(decideOn(line, facts)).toMatchObject({ kind: 'refusal', reason: 'unknown_domain' })
    expect(decideOn('!testme hold site-hello-pr1.ci.test', facts)).toMatchObject({
      detail: expect.stringContaining(`Did you mean \`${OWN}\`?`),
    })
    expect(decideOn('!testme hold', someFacts({ permission: 'admin' }))).toMatchObject({
      reason: 'unknown_domain',
    })
  })
})
