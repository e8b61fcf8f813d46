import { closest } from './closest.ts'
import { formatCommand } from './commandFormat.ts'
import type { HoldCommand, ReleaseCommand } from './commandHold.ts'
import { inCode, toCopy } from './commandText.ts'
import type { Name } from './names.ts'
import type { Decision, PolicyFacts } from './policyFacts.ts'
import { type Refusal, refuse } from './refusal.ts'

/** A conversation rules over the domains of its own pull request; the operator over all names. */
export function holdDecision(
  command: HoldCommand | ReleaseCommand,
  { domains }: Pick<PolicyFacts, 'domains'>,
): Decision {
  const name = nameOf(command, domains)
  if (typeof name !== 'string') return name
  const reason = command.reason === '' ? 'asked for in a comment' : command.reason
  return command.kind === 'hold'
    ? { kind: 'hold', name, forMs: command.forMs, reason }
    : { kind: 'release', name, reason }
}

function nameOf(command: HoldCommand | ReleaseCommand, domains: readonly Name[]): Name | Refusal {
  const { name } = command
  const [only, ...others] = domains
  if (name !== null) return domains.includes(name) ? name : notItsOwn(name, domains)
  if (only === undefined)
    return refuse('unknown_domain', 'Its recipes give each run a domain of its own, and none is under way.')
  if (others.length === 0) return only
  const lines = domains.map((one) => formatCommand({ ...command, name: one }))
  return refuse('ambiguous_domain', `Say which one:\n${toCopy(...lines)}`)
}

function notItsOwn(name: Name, domains: readonly Name[]): Refusal {
  const meant = closest(name, domains)
  const guess = meant === null ? '' : ` Did you mean ${inCode(meant)}?`
  const own = domains.length === 0 ? 'it has none now' : `it has ${domains.map(inCode).join(', ')}`
  return refuse(
    'unknown_domain',
    `${inCode(name)} is none of this pull request's: ${own}.${guess} The operator holds others with ${inCode('berth locks hold')}.`,
  )
}
