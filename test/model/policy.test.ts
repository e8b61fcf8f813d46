import { describe, expect, test } from 'vitest'
import { parseCommands } from '../../src/model/command.ts'
import { PERMISSIONS, type Permission } from '../../src/model/config.ts'
import { decide, doorRefusal, enrolmentOf } from '../../src/model/policy.ts'
import type { ActingCommand, Decision, PolicyConfig, PolicyFacts } from '../../src/model/policyFacts.ts'
import { REFUSALS, type Refusal, type RefusalReason } from '../../src/model/refusal.ts'
import {
  ASKED_AT,
  aConfig,
  anEnrolment,
  aRunRow,
  forkFacts,
  HEAD,
  OLDER,
  someFacts,
  TRUST,
} from './policyWorld.ts'

function commandIn(line: string): ActingCommand {
  const [command] = parseCommands(line)
  if (
    command === undefined ||
    command.kind === 'fault' ||
    command.kind === 'status' ||
    command.kind === 'why' ||
    command.kind === 'help'
  )
    throw new Error(`${line} does not act`)
  return command
}

function decideOn(line: string, facts = someFacts(), config = aConfig()): Decision {
  return decide(commandIn(line), facts, config)
}

function refusalOf(line: string, facts?: PolicyFacts, config?: PolicyConfig): Refusal {
  const decision = decideOn(line, facts, config)
  if (decision.kind !== 'refusal') throw new Error(`${line} is not refused: ${decision.kind}`)
  return decision
}

/** So many uses, one a minute, the newest at the time of asking. */
function uses(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => ASKED_AT - index * 60_000)
}

describe('at the door', () => {
  const enrolled = { enrolment: anEnrolment(), actorUses: uses(0) }

  function reasonAtDoor(line: string, facts: Parameters<typeof doorRefusal>[1]): RefusalReason | null {
    const [command] = parseCommands(line)
    if (command === undefined) throw new Error(`${line} is no command`)
    return doorRefusal(command, facts, aConfig())?.reason ?? null
  }

  test.each([
    ['!testme', enrolled, null],
    ['!testme help', enrolled, null],
    ['!testme Hello', enrolled, 'bad_command'],
    ['!testme size=', enrolled, 'bad_argument'],
    ['!testme', { ...enrolled, enrolment: null }, 'not_enrolled'],
    ['!testme help', { ...enrolled, enrolment: null }, 'not_enrolled'],
    ['!testme Hello', { ...enrolled, enrolment: null }, 'not_enrolled'],
    ['!testme', { ...enrolled, actorUses: uses(19) }, null],
    ['!testme', { ...enrolled, actorUses: uses(20) }, 'rate_limited'],
    ['!testme status', { ...enrolled, actorUses: uses(20) }, 'rate_limited'],
    ['!testme Hello', { ...enrolled, actorUses: uses(20) }, 'rate_limited'],
    ['!testme cancel all', { ...enrolled, actorUses: uses(500) }, null],
    [`!testme revoke ${HEAD}`, { ...enrolled, actorUses: uses(500) }, null],
  ] as const)(
    'R-CMD-04 %j is let in or refused by what is known without GitHub (case %#)',
    (line, facts, reason) => {
      expect(reasonAtDoor(line, facts)).toBe(reason)
    },
  )
})

describe('who may', () => {
  const lines = ['!testme', '!testme cancel', `!testme ok ${HEAD}`, `!testme revoke ${HEAD}`]

  function permitted(line: string, config: PolicyConfig): readonly Permission[] {
    return PERMISSIONS.filter((permission) => {
      const decision = decideOn(line, forkFacts({ permission }), config)
      return decision.kind !== 'refusal' || decision.reason !== 'not_permitted'
    })
  }

  test.each(lines)('R-CMD-06 %j takes write permission by default', (line) => {
    expect(permitted(line, aConfig())).toEqual(['write', 'maintain', 'admin'])
  })

  test('R-CMD-06 the configuration says who may run and cancel; approving always takes write', () => {
    const open = aConfig({ trust: { ...TRUST, run: 'read', cancel: 'triage' } })
    expect(lines.map((line) => permitted(line, open)[0])).toEqual(['read', 'triage', 'write', 'write'])
    const strict = aConfig({ trust: { ...TRUST, run: 'admin', cancel: 'maintain' } })
    expect(lines.map((line) => permitted(line, strict)[0])).toEqual(['admin', 'maintain', 'admin', 'admin'])
  })

  test('R-CMD-04 the refusal names what it takes and what the actor has', () => {
    expect(refusalOf('!testme', someFacts({ permission: 'triage' }))).toEqual({
      kind: 'refusal',
      reason: 'not_permitted',
      detail: 'This needs `write` here, and you have `triage`.',
    })
  })
})

describe('what is run', () => {
  function planned(line: string, facts?: PolicyFacts): readonly [string, object][] {
    const decision = decideOn(line, facts)
    if (decision.kind !== 'run') throw new Error(`${line} is not run: ${JSON.stringify(decision)}`)
    return decision.plans.map((plan) => [plan.recipe.name, plan.arguments])
  }

  test('R-CMD-01 the head that GitHub names is pinned', () => {
    expect(decideOn('!testme hello keep=5m')).toMatchObject({
      kind: 'run',
      sha: HEAD,
      fork: false,
      plans: [{ keepMs: 300_000 }],
    })
  })

  test.each([
    ['!testme', anEnrolment(), [['hello', { size: 's' }]]],
    ['!testme size=l', anEnrolment(), [['hello', { size: 'l' }]]],
    ['!testme', anEnrolment({ recipes: ['world'], default: null }), [['world', {}]]],
    [
      '!testme world hello',
      anEnrolment(),
      [
        ['world', {}],
        ['hello', { size: 's' }],
      ],
    ],
  ] as const)(
    'R-CMD-03 %j runs the recipes that it names, or the default (case %#)',
    (line, enrolment, plans) => {
      expect(planned(line, someFacts({ enrolment }))).toEqual(plans)
    },
  )

  test.each([
    [
      '!testme',
      anEnrolment({ default: null }),
      'ambiguous_recipe',
      'Say which one: `!testme hello`, `!testme world`.',
    ],
    ['!testme helo', anEnrolment(), 'unknown_recipe', 'Did you mean `!testme hello`?'],
    ['!testme cancle', anEnrolment(), 'unknown_recipe', 'Did you mean `!testme cancel`?'],
    ['!testme xyzzy', anEnrolment(), 'unknown_recipe', 'There is no `xyzzy`; there is `hello`, `world`.'],
    ['!testme hello other', anEnrolment(), 'unknown_recipe', '`other`'],
    [
      '!testme hello colour=red',
      anEnrolment(),
      'bad_argument',
      '`hello`: `there is no argument colour; valid: size`',
    ],
    ['!testme hello sise=l', anEnrolment(), 'bad_argument', 'did you mean size?'],
    ['!testme hello size=xl', anEnrolment(), 'bad_argument', 'valid: s, l'],
    ['!testme hello size=@octocat', anEnrolment(), 'bad_argument', '`size cannot be @octocat'],
    ['!testme hello world size=l', anEnrolment(), 'bad_argument', 'this recipe takes none'],
    ['!testme gone', anEnrolment({ recipes: ['gone'] }), 'recipe_unavailable', '`berth recipes check`'],
  ] as const)(
    'R-CMD-03 %j is refused whole and says what is valid (case %#)',
    (line, enrolment, reason, detail) => {
      expect(refusalOf(line, someFacts({ enrolment }))).toMatchObject({
        reason,
        detail: expect.stringContaining(detail),
      })
    },
  )

  test('R-CMD-04 a closed pull request is not run, and nothing of it approved', () => {
    const closed = { pullRequest: { ...someFacts().pullRequest, open: false } }
    expect(refusalOf('!testme', someFacts(closed)).reason).toBe('pr_closed')
    expect(refusalOf(`!testme ok ${HEAD}`, forkFacts(closed)).reason).toBe('pr_closed')
  })

  test('R-CMD-09 a pull request has so many runs an hour; two at once count as two', () => {
    expect(decideOn('!testme', someFacts({ pullRequestUses: uses(9) })).kind).toBe('run')
    expect(refusalOf('!testme', someFacts({ pullRequestUses: uses(10) })).reason).toBe('rate_limited')
    expect(refusalOf('!testme hello world', someFacts({ pullRequestUses: uses(9) })).reason).toBe(
      'rate_limited',
    )
  })

  test('R-CMD-12 a button stands on one commit: when the head is another one, that is said, for branches too', () => {
    const refusal = refusalOf('!testme hello size=l', someFacts({ namedSha: OLDER }))
    expect(refusal.reason).toBe('head_moved')
    expect(refusal.detail).toContain(`The check is on \`bbbbbbb\`, and the head is now ${HEAD}`)
    expect(refusal.detail).toContain('\n!testme hello size=l\n')
    expect(decideOn('!testme', someFacts({ namedSha: HEAD })).kind).toBe('run')
  })
})

describe('forks', () => {
  const approved = new Set([HEAD])

  function pushedAt(headPushedAtMs: number | null): Partial<PolicyFacts> {
    return { approved, pullRequest: { ...forkFacts().pullRequest, headPushedAtMs } }
  }

  function headSeenAt(atMs: number): Partial<PolicyFacts> {
    return { approved, lastHead: { repositoryId: '42', pr: 12, sha: HEAD, atMs } }
  }

  test('R-CMD-07 a commit that a writer has approved is run, and recorded as a fork', () => {
    expect(decideOn('!testme', forkFacts({ approved }))).toMatchObject({ kind: 'run', sha: HEAD, fork: true })
  })

  test('R-CMD-07 without an approval the refusal offers the lines to copy', () => {
    const refusal = refusalOf('!testme world', forkFacts({ approved: new Set([OLDER]) }))
    expect(refusal.reason).toBe('fork_needs_approval')
    expect(refusal.detail).toContain(`\n!testme ok ${HEAD}\n!testme world\n`)
  })

  test('R-RUN-20 without users of their own for stages, forks are refused whoever approves', () => {
    const config = aConfig({ runAs: [] })
    expect(refusalOf('!testme', forkFacts({ approved }), config).reason).toBe('fork_needs_isolation')
    expect(refusalOf(`!testme ok ${HEAD}`, forkFacts(), config).reason).toBe('fork_needs_isolation')
    expect(decideOn('!testme', someFacts(), config).kind).toBe('run')
  })

  test('R-CMD-07 where forks are never run, no approval helps', () => {
    const config = aConfig({ trust: { ...TRUST, forks: 'never' } })
    expect(refusalOf('!testme', forkFacts({ approved }), config).reason).toBe('fork_refused')
    expect(refusalOf(`!testme ok ${HEAD}`, forkFacts(), config).reason).toBe('fork_refused')
  })

  test.each([
    ['a second before the comment', pushedAt(ASKED_AT - 1000), false],
    ['in the second of the comment', pushedAt(ASKED_AT), true],
    ['after the comment', pushedAt(ASKED_AT + 1000), true],
    ['at an unknown time', pushedAt(null), true],
    ['before the comment, as a webhook told', headSeenAt(ASKED_AT - 1000), false],
    ['in the second of the comment, as a webhook told', headSeenAt(ASKED_AT), true],
    ['after the comment, as a webhook told', headSeenAt(ASKED_AT + 1000), true],
  ] as const)('R-CMD-07 a fork that was pushed %s: moved is %s', (_, change, moved) => {
    const decision = decideOn('!testme', forkFacts(change))
    expect(decision.kind === 'refusal' ? decision.reason : decision.kind).toBe(moved ? 'head_moved' : 'run')
  })

  test('R-CMD-07 a branch of the repository itself may have moved: its writers are trusted', () => {
    const pullRequest = { ...someFacts().pullRequest, headPushedAtMs: ASKED_AT + 1000 }
    expect(decideOn('!testme', someFacts({ pullRequest })).kind).toBe('run')
  })

  test('R-CMD-07 a fork that is gone tells nobody when it was pushed: moved', () => {
    const pullRequest = { ...forkFacts().pullRequest, headRepositoryId: null, headPushedAtMs: null }
    expect(refusalOf('!testme', someFacts({ approved, pullRequest }))).toMatchObject({
      reason: 'head_moved',
      detail: expect.stringContaining('Open a new pull request'),
    })
  })

  test('R-CMD-12 a button on the approved head asks for that commit, whenever anything was pushed', () => {
    const facts = forkFacts({ ...pushedAt(ASKED_AT + 1000), namedSha: HEAD })
    expect(decideOn('!testme', facts).kind).toBe('run')
  })

  test('R-CMD-07 an approval is for the head as it is now, and the refusal offers the line for that', () => {
    expect(decideOn(`!testme ok ${HEAD}`, forkFacts())).toEqual({ kind: 'approve', sha: HEAD })
    const refusal = refusalOf(`!testme ok ${OLDER}`, forkFacts())
    expect(refusal.reason).toBe('head_moved')
    expect(refusal.detail).toContain(`\n!testme ok ${HEAD}\n`)
  })

  test.each([
    ['a second before it', ASKED_AT - 1000, 'approve'],
    ['in its second', ASKED_AT, 'head_moved'],
    ['after it', ASKED_AT + 1000, 'head_moved'],
  ] as const)(
    'R-CMD-07 an approval dies with a push that a webhook told of %s, also when its commit is the head again',
    (_, atMs, end) => {
      const decision = decideOn(`!testme ok ${HEAD}`, forkFacts(headSeenAt(atMs)))
      expect(decision.kind === 'refusal' ? decision.reason : decision.kind).toBe(end)
    },
  )

  test('R-CMD-07 an approval that was taken back after it was written, and is decided later, is refused with the line to give it again', () => {
    const refusal = refusalOf(`!testme ok ${HEAD}`, forkFacts({ takenBack: new Set([HEAD]) }))
    expect(refusal.reason).toBe('fork_needs_approval')
    expect(refusal.detail).toContain(`\n!testme ok ${HEAD}\n`)
    expect(decideOn(`!testme ok ${HEAD}`, forkFacts({ takenBack: new Set([OLDER]) })).kind).toBe('approve')
  })

  test('R-CMD-07 R-CMD-08 what is taken back, and heard of after a later approval, takes back nothing', () => {
    const unfinished = [aRunRow('r1', { fork: true, sha: HEAD })]
    const late = forkFacts({ unfinished, givenAfter: new Set([HEAD]) })
    expect(decideOn(`!testme revoke ${HEAD}`, late)).toMatchObject({ kind: 'note' })
    const other = forkFacts({ unfinished, givenAfter: new Set([OLDER]) })
    expect(decideOn(`!testme revoke ${HEAD}`, other)).toMatchObject({ kind: 'revoke', stops: unfinished })
  })

  test('R-CMD-07 a pull request of the repository itself needs no approval, and says so', () => {
    expect(decideOn(`!testme ok ${HEAD}`)).toMatchObject({ kind: 'note' })
  })

  test('R-CMD-07 what is taken back stops its runs, and no others', () => {
    const unfinished = [
      aRunRow('r1', { fork: true }),
      aRunRow('r2', { fork: true, sha: OLDER }),
      aRunRow('r3', { fork: true, state: 'running' }),
      aRunRow('r4'),
    ]
    const decision = decideOn(`!testme revoke ${HEAD}`, forkFacts({ unfinished }))
    expect(decision).toEqual({ kind: 'revoke', sha: HEAD, stops: [unfinished[0], unfinished[2]] })
  })
})

describe('cancel', () => {
  test('R-CMD-08 that is heard of late stops nothing that was asked for after it, unless it is named', () => {
    const [before, same, after] = [7, 8, 9].map((commentId) => aRunRow(`run-${commentId}`, { commentId }))
    const unfinished = [before, same, after].flatMap((run) => run ?? [])
    const facts = (change = {}) => someFacts({ unfinished, askedIn: 8, ...change })
    expect(decideOn('!testme cancel all', facts())).toMatchObject({ kind: 'stop', runs: [before, same] })
    expect(decideOn('!testme cancel run-9', facts())).toMatchObject({ kind: 'stop', runs: [after] })
    expect(decideOn('!testme cancel', facts({ askedIn: 6 }))).toMatchObject({
      kind: 'note',
      detail: 'There is nothing to cancel: what runs was asked for after this.',
    })
    expect(decideOn('!testme cancel all', facts({ askedIn: null }))).toMatchObject({ runs: unfinished })
  })

  const one = aRunRow('run-1', { state: 'running' })
  const two = aRunRow('run-2')
  const ended = aRunRow('run-0', {
    state: 'concluded',
    verdict: { conclusion: 'success', reason: 'passed', title: 'The `stage` passed', exitCode: 0 },
  })

  test.each([
    ['!testme cancel', [one], [one]],
    ['!testme cancel all', [one, two], [one, two]],
    ['!testme cancel run-2', [one, two], [two]],
  ] as const)('R-CMD-03 %j stops what it names (case %#)', (line, unfinished, runs) => {
    expect(decideOn(line, someFacts({ unfinished, over: [ended] }))).toEqual({ kind: 'stop', runs })
  })

  test.each([
    [
      '!testme cancel',
      [one, two],
      'ambiguous_run',
      '\n!testme cancel all\n!testme cancel run-1\n!testme cancel run-2\n',
    ],
    ['!testme cancel run-3', [one, two], 'no_such_run', 'Did you mean `run-1`?'],
    ['!testme cancel elsewhere', [one], 'no_such_run', 'It has no run `elsewhere`.'],
  ] as const)('R-CMD-03 %j cannot tell which, and says so (case %#)', (line, unfinished, reason, detail) => {
    expect(refusalOf(line, someFacts({ unfinished }))).toMatchObject({
      reason,
      detail: expect.stringContaining(detail),
    })
  })

  test('a run that is over is no fault: what was wanted is so already', () => {
    const facts = someFacts({ over: [ended] })
    expect(decideOn('!testme cancel run-0', facts)).toEqual({
      kind: 'note',
      detail: 'Run `run-0` is over already: ``The `stage` passed``.',
    })
    expect(decideOn('!testme cancel', facts).kind).toBe('note')
    expect(decideOn('!testme cancel all', facts).kind).toBe('note')
  })
})

describe('enrolments', () => {
  const enrolments = [
    anEnrolment({ pattern: 'acme/*', recipes: ['any'] }),
    anEnrolment({ pattern: 'acme/site', recipes: ['site'] }),
    anEnrolment({ pattern: 'Coop-Cloud/*', recipes: ['coop'] }),
  ]

  test.each([
    ['acme/site', 'site'],
    ['ACME/Site', 'site'],
    ['acme/other', 'any'],
    ['coop-cloud/gitea', 'coop'],
    ['acme-2/site', undefined],
    ['other/acme', undefined],
  ])('%s is enrolled with %s: its own entry comes before its owner’s', (fullName, recipe) => {
    expect(enrolmentOf(enrolments, fullName)?.recipes[0]).toBe(recipe)
  })
})

test('R-CMD-04 every reason has one sentence of its own', () => {
  const sentences = Object.values(REFUSALS)
  expect(sentences.filter((text) => !/^[A-Z][^\n]*[^.]\.$/.test(text))).toEqual([])
  expect(new Set(sentences).size).toBe(sentences.length)
})
