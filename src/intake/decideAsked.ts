import type { NewOrder } from '../model/order.ts'
import type { Outcome } from '../model/outcomes.ts'
import type { Approval, Decided } from '../model/ports.ts'
import { HOUR_MS } from '../model/rateLimits.ts'
import { type RefusalReason, refuse } from '../model/refusal.ts'
import { type RunTold, replyBody } from '../model/reply.ts'
import type { ReplyPart } from '../model/report.ts'
import { type Answer, type Answered, answerAll } from './answer.ts'
import type { Asked } from './asked.ts'
import { emptyDecided } from './decided.ts'
import { newestRuns, unfinishedRuns, usesWithin } from './gather.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'
import { isOrder, orderId, replyParts, runsOf, wantsReply } from './reply.ts'
import { type Reaction, reactionReport, replyReport } from './reports.ts'
import { actorKey, refusedKey } from './useKeys.ts'
import { usesOf } from './uses.ts'
import type { RunWait } from './why.ts'

/** All that a comment or a button leads to: runs, stops, approvals, and what is said about them. @throws GitHubFault */
export async function decideAsked(
  delivery: DeliveryHead,
  asked: Asked,
  world: IntakeWorld,
): Promise<Decided> {
  const { answers } = await answerAll(asked, world)
  const runs = answers.flatMap(({ answered }) => (answered.kind === 'queued' ? answered.runs : []))
  const stops = stopsOf(answers, asked, world)
  const isFlood = await isFlooding(asked, world)
  const said = await sayingOf(asked, answers, isFlood, world)
  return {
    ...emptyDecided(delivery, outcomeOf(answers), world),
    subjects: asked.repeatable && runs.length + stops.length === 0 ? [] : [asked.subject],
    runs,
    reports: [...said.reports, ...runs.map(world.firstCheck)],
    replies: said.replies,
    orders: ordersOf(asked, answers, world),
    stops,
    uses: usesOf(answers, asked, world),
    approvals: answers.flatMap(({ answered }) => approvalsOf(answered, asked)),
    ...toldElsewhere(answers, asked),
  }
}

/** The words of the one answer, for whoever is told by other ways than a comment. */
function toldElsewhere(answers: readonly Answer[], { unsaid }: Asked): Pick<Decided, 'said'> {
  if (unsaid === undefined) return {}
  return { said: answers.map(({ answered }) => ('detail' in answered ? answered.detail : '')).join('\n') }
}

/** Somebody who goes on although limits refuse it, as often as a limit lets anybody in. */
async function isFlooding(asked: Asked, world: IntakeWorld): Promise<boolean> {
  const refused = await usesWithin(HOUR_MS, refusedKey(asked), world)
  return refused.length >= world.config.limits.perActorPerHour
}

/** Nothing that was asked for is done, for a reason that has nothing to do with what was asked. */
export async function decideUnable(
  delivery: DeliveryHead,
  asked: Asked,
  reason: RefusalReason,
  world: IntakeWorld,
): Promise<Decided> {
  const answered = refuse(reason, 'Nothing was started. Comment again to ask once more.')
  const answers = asked.commands.map((command) => ({ command, answered }))
  return {
    ...emptyDecided(delivery, reason, world),
    subjects: asked.repeatable ? [] : [asked.subject],
    reports: (await sayingOf(asked, answers, false, world)).reports,
    uses: answers.map(() => actorKey(asked)),
    ...toldElsewhere(answers, asked),
  }
}

/** Somebody far over the limit gets reactions only: replies would use up what GitHub lets everybody write. */
async function sayingOf(
  asked: Asked,
  answers: readonly Answer[],
  isFlood: boolean,
  world: IntakeWorld,
): Promise<Pick<Decided, 'reports' | 'replies'>> {
  if (asked.unsaid) return { reports: [], replies: [] }
  const { commentId } = asked
  const reaction = commentId === null ? [] : [reactionReport(reactionTo(answers), commentId, asked)]
  if (isFlood || !answers.some((answer) => wantsReply(answer, asked)))
    return { reports: reaction, replies: [] }
  const kinds = new Set(answers.map(({ answered }) => answered.kind))
  const runs = kinds.has('status') ? await newestRuns(asked, world) : []
  const waits = kinds.has('why') ? await waitsOfRuns(asked, world) : []
  const parts = replyParts(asked, answers, { ...world, runs, waits })
  const body = replyBody(
    parts,
    { runs: toldOf(answers), orders: ordersOf(asked, answers, world) },
    world.runPage,
  )
  return { reports: [...reaction, replyReport(asked, body)], replies: keptUpToDate(asked, parts) }
}

async function waitsOfRuns(asked: Asked, world: IntakeWorld): Promise<readonly RunWait[]> {
  const unfinished = await unfinishedRuns(asked, world)
  const nowMs = world.time.now()
  return Promise.all(unfinished.map(async (row) => ({ row, wait: await world.waitOf(row.id), nowMs })))
}

/** What is asked of names by hand. */
function ordersOf(asked: Asked, answers: readonly Answer[], { time }: IntakeWorld): readonly NewOrder[] {
  return answers.flatMap(({ answered }, index) => {
    if (!isOrder(answered)) return []
    const { kind: action, name, reason } = answered
    const forMs = answered.kind === 'hold' ? answered.forMs : 0
    const { actor, commentId } = asked
    const who = { by: actor.login, commentId, orderedAtMs: time.now() }
    return [{ id: orderId(asked, index), action, name, forMs, reason, ...who }]
  })
}

/** Runs as they are once the decision is written. */
function toldOf(answers: readonly Answer[]): ReadonlyMap<string, RunTold> {
  const told = answers.flatMap(({ answered }) =>
    runsOf(answered).map((run): RunTold => {
      const { id, recipe, arguments: given } = run
      return {
        id,
        recipe,
        arguments: given,
        state: 'queued',
        verdict: null,
        stopping: answered.kind !== 'queued',
      }
    }),
  )
  return new Map(told.map((run) => [run.id, run]))
}

/** A reply that tells of no run and no order is said once, and so is one to a button: there is no comment that it belongs to. */
function keptUpToDate({ commentId, repository, pr }: Asked, parts: readonly ReplyPart[]): Decided['replies'] {
  if (commentId === null || parts.every(({ runs, orders }) => runs.length + orders.length === 0)) return []
  const { fullName, installationId } = repository
  return [{ commentId, repository: fullName, installationId, pr, parts }]
}

function reactionTo(answers: readonly Answer[]): Reaction {
  const kinds = new Set(answers.map(({ answered }) => answered.kind))
  if (kinds.has('refusal')) return 'confused'
  return kinds.has('queued') ? 'eyes' : '+1'
}

/** What was started counts most, then what was refused. */
function outcomeOf(answers: readonly Answer[]): string {
  const all = answers.map(({ answered }) => answered)
  if (all.some((answered) => answered.kind === 'queued')) return 'run_queued'
  const refusal = all.find((answered) => answered.kind === 'refusal')
  return refusal?.reason ?? OUTCOMES[all[0]?.kind ?? 'note']
}

const OUTCOMES: Readonly<Record<Answered['kind'], Outcome>> = {
  queued: 'run_queued',
  stop: 'stop_requested',
  approve: 'approved',
  revoke: 'approval_revoked',
  status: 'status_told',
  help: 'help_told',
  hold: 'hold_ordered',
  release: 'release_ordered',
  why: 'why_told',
  note: 'nothing_to_do',
  refusal: 'refused',
}

function stopsOf(answers: readonly Answer[], { actor }: Asked, { time }: IntakeWorld): Decided['stops'] {
  const ids = answers.flatMap(({ answered }) => {
    if (answered.kind === 'stop') return answered.runs.map((run) => run.id)
    return answered.kind === 'revoke' ? answered.stops.map((run) => run.id) : []
  })
  const stop = { reason: 'cancelled', by: actor.login, atMs: time.now() } as const
  return [...new Set(ids)].map((runId) => ({ runId, stop }))
}

function approvalsOf(
  answered: Answered,
  { repository, pr, actor, askedAtMs: atMs }: Asked,
): readonly Approval[] {
  if (answered.kind !== 'approve' && answered.kind !== 'revoke') return []
  const revoked = answered.kind === 'revoke'
  return [{ repositoryId: repository.id, pr, sha: answered.sha, actor: actor.login, revoked, atMs }]
}
