import { parseCommands } from '../model/command.ts'
import type { Decided, RunRow } from '../model/ports.ts'
import type { RefusalReason } from '../model/refusal.ts'
import { type Asked, askedByButton, askedByComment, askedBySuite } from './asked.ts'
import { decideAction, decideActionNot } from './decideAction.ts'
import { decideAsked, decideUnable } from './decideAsked.ts'
import { emptyDecided, together } from './decided.ts'
import { decidePlace } from './decidePlace.ts'
import { decidePullRequest } from './decidePullRequest.ts'
import type { ButtonEvent, IntakeEvent } from './event.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'
import { isFoundByLook } from './reconcile/missed.ts'

/**
 * What a delivery leads to, as the one record that the store writes. Nothing is written here.
 * @throws GitHubFault where GitHub does not tell what the decision needs
 */
export async function decideDelivery(
  delivery: DeliveryHead,
  event: IntakeEvent,
  world: IntakeWorld,
): Promise<Decided> {
  if (event.kind === 'ignored') return emptyDecided(delivery, event.why, world)
  if (event.kind === 'moved' || event.kind === 'gone') return decidePlace(delivery, event, world)
  if (event.kind === 'action') return decideAction(delivery, event.action, world)
  if (!isAsking(event)) return decidePullRequest(delivery, event, world)
  if (isFoundTooLate(delivery, event)) return decideNot(delivery, event, 'too_late', world)
  return decideEach(delivery, await askedBy(delivery, event, world), world, (asked) =>
    decideAsked(delivery, asked, world),
  )
}

/** What was asked for so long ago may not be wanted any more, and whoever asked has seen that nothing came of it. */
const MOST_LATE_MS = 60 * 60_000

/** Deliveries that GitHub makes are decided whatever their age: somebody has it deliver again by hand. */
function isFoundTooLate(delivery: DeliveryHead, event: AskingEvent): boolean {
  if (event.kind !== 'comment' || !isFoundByLook(delivery)) return false
  return delivery.receivedAtMs - event.createdAtMs > MOST_LATE_MS
}

/** The end of a delivery that could not be decided: nothing is done, and whoever asked is told. */
export async function decideNot(
  delivery: DeliveryHead,
  event: IntakeEvent,
  reason: RefusalReason,
  world: IntakeWorld,
): Promise<Decided> {
  if (event.kind === 'action') return decideActionNot(delivery, reason, world)
  const asked = isAsking(event) ? await askedBy(delivery, event, world) : reason
  return decideEach(delivery, typeof asked === 'string' ? reason : asked, world, (one) =>
    decideUnable(delivery, one, reason, world),
  )
}

/** A word for why nothing is asked for, or what each pull request is asked for: one record of all. */
async function decideEach(
  delivery: DeliveryHead,
  all: readonly Asked[] | string,
  world: IntakeWorld,
  decideOne: (asked: Asked) => Promise<Decided>,
): Promise<Decided> {
  if (typeof all === 'string') return emptyDecided(delivery, all, world)
  const decided: Decided[] = []
  for (const asked of all) decided.push(await decideOne(asked))
  return together(emptyDecided(delivery, 'nothing_to_do', world), decided)
}

/** What somebody asks for, by whatever way. */
type AskingEvent = IntakeEvent & { readonly kind: 'comment' | 'button' | 'suite' }

function isAsking(event: IntakeEvent): event is AskingEvent {
  return event.kind === 'comment' || event.kind === 'button' || event.kind === 'suite'
}

/** What is asked for, or a word for why it is nothing. */
async function askedBy(
  delivery: DeliveryHead,
  event: AskingEvent,
  { store }: IntakeWorld,
): Promise<readonly Asked[] | string> {
  switch (event.kind) {
    case 'comment': {
      const commands = parseCommands(event.body)
      return commands.length === 0 ? 'no_command' : [askedByComment(event, commands)]
    }
    case 'button': {
      const run = await store.run(event.runId)
      if (run === null || !isItsCheck(run, event)) return 'no_such_run'
      return [askedByButton(event, run, delivery)]
    }
    case 'suite': {
      const runs = newestOfRecipes(await store.runsAt(event.repository.id, event.sha))
      const pulls = Map.groupBy(runs, ({ pr }) => pr)
      return runs.length === 0
        ? 'no_such_run'
        : [...pulls.values()].map((ofPull) => askedBySuite(event, ofPull, delivery))
    }
  }
}

/** Any App may write a run's id on a check of its own, wherever it is installed. Until GitHub has told ours, the repository has to do. */
function isItsCheck(run: RunRow, { repository, checkRunId }: ButtonEvent): boolean {
  return run.repositoryId === repository.id && (run.checkRunId === null || run.checkRunId === checkRunId)
}

/** As GitHub shows a commit's checks: of each name the newest. */
function newestOfRecipes(newestFirst: readonly RunRow[]): readonly RunRow[] {
  return newestFirst.filter((run) => newestFirst.find(({ recipe }) => recipe === run.recipe) === run)
}
