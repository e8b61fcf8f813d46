import { personWords } from '../model/access.ts'
import type { NewAction } from '../model/action.ts'
import type { Command } from '../model/command.ts'
import { inCode } from '../model/commandText.ts'
import { runDomainFault } from '../model/domain.ts'
import { isResource, type Name, nameFault } from '../model/names.ts'
import type { Outcome } from '../model/outcomes.ts'
import { cancelDecision } from '../model/policyCancel.ts'
import type { Decided, RunRow } from '../model/ports.ts'
import { REFUSALS, type RefusalReason } from '../model/refusal.ts'
import { isOver } from '../model/run.ts'
import type { Asked } from './asked.ts'
import { decideAsked } from './decideAsked.ts'
import { emptyDecided } from './decided.ts'
import type { Actor, Repository } from './event.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'

/**
 * What an action on a page or over the API leads to: what a comment of the same person on the same pull request would, said elsewhere. A token's word is
 * the operator's: it stops runs, and holds and releases any name, as `berth cancel` and `berth locks` do, whether GitHub answers or not.
 */
export async function decideAction(
  delivery: DeliveryHead,
  action: NewAction,
  world: IntakeWorld,
): Promise<Decided> {
  const run = action.run === null ? null : await world.store.run(action.run)
  if (action.by.kind === 'token' && action.act !== 'retry') return decideByHand(delivery, action, run, world)
  if (run === null) return refused(delivery, 'no_such_run', REFUSALS.no_such_run, world)
  return decideAsked(delivery, askedByAction(action, run), world)
}

/** Its end, where it could not be decided. */
export async function decideActionNot(
  delivery: DeliveryHead,
  reason: RefusalReason,
  world: IntakeWorld,
): Promise<Decided> {
  return refused(delivery, reason, 'Nothing was done. Ask again.', world)
}

function askedByAction(action: NewAction, run: RunRow): Asked {
  const { id, by, askedAtMs } = action
  return {
    repository: repositoryOfRun(run),
    pr: run.pr,
    actor: actorOf(action),
    commands: [commandOf(action, run)],
    askedAtMs,
    namedSha: run.sha,
    commentId: null,
    subject: id,
    repeatable: false,
    topic: id,
    unsaid: true,
    ...(by.kind === 'token' ? { isOperator: true } : {}),
  }
}

/** Its repository, as it is called now. */
export function repositoryOfRun({
  repositoryId: id,
  repository: fullName,
  cloneUrl,
  installationId,
}: RunRow): Repository {
  const [owner = '', name = ''] = fullName.split('/')
  return { id, fullName, owner, name, cloneUrl, installationId }
}

/** What limits count: no login of GitHub's is like a token's words, and no account has the number 0. */
function actorOf({ by }: NewAction): Actor {
  return by.kind === 'github' ? { id: by.id, login: by.login } : { id: 0, login: personWords(by) }
}

function commandOf({ act, name, forMs, reason }: NewAction, run: RunRow): Command {
  switch (act) {
    case 'cancel':
      return { kind: 'cancel', target: { run: run.id } }
    case 'retry':
      return { kind: 'run', recipes: [run.recipe], arguments: run.arguments, keepMs: run.keepMs }
    case 'hold':
      return { kind: 'hold', name: name ?? run.domain, forMs, reason }
    case 'release':
      return { kind: 'release', name: name ?? run.domain, reason }
  }
}

function decideByHand(
  delivery: DeliveryHead,
  action: NewAction,
  run: RunRow | null,
  world: IntakeWorld,
): Decided {
  if (action.run !== null && run === null)
    return refused(delivery, 'no_such_run', REFUSALS.no_such_run, world)
  if (action.act === 'cancel') return cancelled(delivery, action, run, world)
  const name = action.name ?? run?.domain ?? ''
  const fault = handFault(name, world)
  return fault === null
    ? ordered(delivery, action, name, world)
    : refused(delivery, 'unknown_domain', `${inCode(fault)}.`, world)
}

function cancelled(
  delivery: DeliveryHead,
  action: NewAction,
  run: RunRow | null,
  world: IntakeWorld,
): Decided {
  const isEnded = run !== null && isOver(run.state)
  const facts = {
    unfinished: run === null || isEnded ? [] : [run],
    over: run === null || !isEnded ? [] : [run],
    askedIn: null,
  }
  const decision = cancelDecision({ kind: 'cancel', target: { run: action.run ?? '' } }, facts)
  if (decision.kind === 'refusal') return refused(delivery, decision.reason, decision.detail, world)
  if (decision.kind !== 'stop')
    return done(delivery, 'nothing_to_do', 'detail' in decision ? decision.detail : '', world)
  const stop = { reason: 'cancelled', by: personWords(action.by), atMs: world.time.now() } as const
  const stops = decision.runs.map(({ id }) => ({ runId: id, stop }))
  return { ...done(delivery, 'stop_requested', '', world), stops }
}

function handFault(name: Name, { config }: IntakeWorld): string | null {
  return isResource(name) ? nameFault(name) : runDomainFault(name, config)
}

function ordered(delivery: DeliveryHead, action: NewAction, name: Name, world: IntakeWorld): Decided {
  const { act, forMs, reason, by } = action
  const isHold = act === 'hold'
  const order = {
    id: `${action.id}:0`,
    action: isHold ? 'hold' : 'release',
    name,
    forMs: isHold ? forMs : 0,
    reason,
    by: personWords(by),
    commentId: null,
    orderedAtMs: world.time.now(),
  } as const
  const outcome = isHold ? 'hold_ordered' : 'release_ordered'
  return { ...done(delivery, outcome, '', world), orders: [order] }
}

function done(delivery: DeliveryHead, outcome: Outcome, said: string, world: IntakeWorld): Decided {
  return { ...emptyDecided(delivery, outcome, world), said }
}

function refused(delivery: DeliveryHead, reason: RefusalReason, said: string, world: IntakeWorld): Decided {
  return { ...emptyDecided(delivery, reason, world), said }
}
