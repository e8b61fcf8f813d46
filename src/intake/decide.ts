import { parseCommands } from '../model/command.ts'
import type { Decided } from '../model/ports.ts'
import type { RefusalReason } from '../model/refusal.ts'
import { type Asked, askedByButton, askedByComment } from './asked.ts'
import { decideAsked, decideUnable } from './decideAsked.ts'
import { emptyDecided } from './decided.ts'
import { decidePullRequest } from './decidePullRequest.ts'
import type { IntakeEvent } from './event.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'

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
  if (event.kind !== 'comment' && event.kind !== 'button') return decidePullRequest(delivery, event, world)
  const asked = await askedBy(delivery, event, world)
  return typeof asked === 'string'
    ? emptyDecided(delivery, asked, world)
    : decideAsked(delivery, asked, world)
}

/** The end of a delivery that could not be decided: nothing is done, and whoever asked is told. */
export async function decideNot(
  delivery: DeliveryHead,
  event: IntakeEvent,
  reason: RefusalReason,
  world: IntakeWorld,
): Promise<Decided> {
  const asked =
    event.kind === 'comment' || event.kind === 'button' ? await askedBy(delivery, event, world) : reason
  return typeof asked === 'string'
    ? emptyDecided(delivery, reason, world)
    : decideUnable(delivery, asked, reason, world)
}

/** What is asked for, or a word for why it is nothing. */
async function askedBy(
  delivery: DeliveryHead,
  event: IntakeEvent & { readonly kind: 'comment' | 'button' },
  { store }: IntakeWorld,
): Promise<Asked | string> {
  if (event.kind === 'comment') {
    const commands = parseCommands(event.body)
    return commands.length === 0 ? 'no_command' : askedByComment(event, commands)
  }
  const run = await store.run(event.runId)
  if (run === null || run.repositoryId !== event.repository.id) return 'no_such_run'
  return askedByButton(event, run, delivery)
}
