import type { Command, CommandFault, RetryCommand, RunCommand } from './command.ts'
import { inCode } from './commandText.ts'
import { type Enrolment, PERMISSIONS, type Permission } from './config.ts'
import { cancelDecision } from './policyCancel.ts'
import type { ActingCommand, Decision, DoorFacts, PolicyConfig, PolicyFacts } from './policyFacts.ts'
import { approvalRefusal, forkRefusal, isFork } from './policyFork.ts'
import { holdDecision } from './policyHold.ts'
import { actorRefusal, runLimitRefusal } from './policyLimits.ts'
import { plansOf } from './policyRecipe.ts'
import { retryPlans } from './policyRetry.ts'
import { type Refusal, refuse } from './refusal.ts'

/** What is refused before GitHub is asked anything; what stops or takes back is never refused for its number. */
export function doorRefusal(
  command: Command | CommandFault,
  facts: DoorFacts,
  config: PolicyConfig,
): Refusal | null {
  const isFree = command.kind === 'cancel' || command.kind === 'revoke'
  const refusal = isFree ? null : actorRefusal(facts, config)
  if (refusal !== null) return refusal
  if (facts.enrolment === null)
    return refuse('not_enrolled', 'The operator adds it under `repositories` in `berth.yml`.')
  return command.kind === 'fault' ? refuse(command.reason, sentence(command.message)) : null
}

/** What a command of somebody, on a pull request, leads to. */
export function decide(command: ActingCommand, facts: PolicyFacts, config: PolicyConfig): Decision {
  const least = leastPermission(command, config)
  if (!isAtLeast(facts.permission, least))
    return refuse(
      'not_permitted',
      `This needs ${inCode(least)} here, and you have ${inCode(facts.permission)}.`,
    )
  switch (command.kind) {
    case 'run':
      return decideRun(command, plansOf(command, facts), facts, config)
    case 'retry':
      return decideRun(command, retryPlans(facts), facts, config)
    case 'approve':
      return decideApproval(command.sha, facts, config)
    case 'revoke':
      return revokeDecision(command.sha, facts)
    case 'cancel':
      return cancelDecision(command, facts)
    case 'hold':
    case 'release':
      return holdDecision(command, facts)
  }
}

/** One that is heard of late takes nothing back of what was said after it. */
function revokeDecision(sha: string, { givenAfter, unfinished }: PolicyFacts): Decision {
  if (givenAfter.has(sha))
    return { kind: 'note', detail: `Commit ${inCode(sha)} was approved again after this: it stays so.` }
  return { kind: 'revoke', sha, stops: unfinished.filter((run) => run.fork && run.sha === sha) }
}

/** The enrolment of a repository: its own, or that of all of its owner's. GitHub's names differ by more than letter case. */
export function enrolmentOf(enrolments: readonly Enrolment[], fullName: string): Enrolment | null {
  const name = fullName.toLowerCase()
  const ofOwner = `${name.slice(0, name.indexOf('/'))}/*`
  const wanted = [name, ofOwner].map((pattern) =>
    enrolments.find((one) => one.pattern.toLowerCase() === pattern),
  )
  return wanted.find((enrolment) => enrolment !== undefined) ?? null
}

function leastPermission(command: ActingCommand, { trust }: PolicyConfig): Permission {
  if (command.kind === 'run' || command.kind === 'retry') return trust.run
  if (command.kind === 'hold' || command.kind === 'release') return trust.hold
  if (command.kind === 'cancel') return trust.cancel
  return isAtLeast(trust.run, 'write') ? trust.run : 'write'
}

function isAtLeast(permission: Permission, least: Permission): boolean {
  return PERMISSIONS.indexOf(permission) >= PERMISSIONS.indexOf(least)
}

function decideRun(
  command: RunCommand | RetryCommand,
  planned: ReturnType<typeof plansOf>,
  facts: PolicyFacts,
  config: PolicyConfig,
): Decision {
  if (!facts.pullRequest.open) return refuse('pr_closed', 'Reopen it to test it.')
  if (planned.kind === 'refusal') return planned
  if (planned.plans.length === 0) return { kind: 'note', detail: NOTHING_FAILED }
  const refusal =
    forkRefusal(facts, config, planned.plans) ?? runLimitRefusal(command, facts, config, planned.plans)
  if (refusal !== null) return refusal
  const { headSha: sha, updatedAtMs: pinnedAtMs } = facts.pullRequest
  return { kind: 'run', plans: planned.plans, sha, fork: isFork(facts), pinnedAtMs }
}

const NOTHING_FAILED =
  'There is nothing to retry: of each recipe, the newest run of this pull request passed, or is not over.'

function decideApproval(sha: string, facts: PolicyFacts, config: PolicyConfig): Decision {
  if (!facts.pullRequest.open) return refuse('pr_closed', 'Reopen it to approve its head.')
  if (!isFork(facts))
    return {
      kind: 'note',
      detail: 'This pull request comes from the repository itself and needs no approval.',
    }
  return approvalRefusal(sha, facts, config) ?? { kind: 'approve', sha }
}

/** A message as the sentence that it is read as. */
function sentence(message: string): string {
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}`
  return /[.?!]$/.test(text) ? text : `${text}.`
}
