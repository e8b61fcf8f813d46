import { messageOf } from '../errors.ts'
import { aboutRun, type EventLog } from '../model/events.ts'
import type { Decided } from '../model/ports.ts'
import { MOST_ATTEMPTS, pauseAfter } from './backoff.ts'
import { decideDelivery, decideNot } from './decide.ts'
import { emptyDecided } from './decided.ts'
import type { IntakeEvent } from './event.ts'
import { GitHubFault } from './gitHubFault.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'

/** `event` null = the payload cannot be read. */
export interface Read {
  readonly delivery: DeliveryHead
  readonly event: IntakeEvent | null
}

/** When a delivery is due again, and how often it has been tried. */
export interface PutOff {
  readonly atMs: number
  readonly attempts: number
}

export interface SettleOptions {
  /** One configuration, and its recipes, for all of the decision. */
  readonly world: IntakeWorld
  readonly log: EventLog
  /** A decision is on disk. */
  readonly decided: (decided: Decided) => void
}

/**
 * Decides one delivery and writes that down, or puts it off. Resolves to when it is due again, or to null when it is decided. What
 * fails for good, or too often, is decided as that, for whoever asked to see.
 * @throws what the store throws
 */
export async function settle(
  { delivery, event }: Read,
  attemptsBefore: number,
  options: SettleOptions,
): Promise<PutOff | null> {
  const { world, log } = options
  if (event === null) return write(delivery, emptyDecided(delivery, 'unreadable', world), options)
  try {
    return await write(delivery, await decideDelivery(delivery, event, world), options)
  } catch (error) {
    const text = messageOf(error)
    log.warn({ delivery: delivery.id, error: text }, 'delivery.undecided')
    if (error instanceof GitHubFault && !error.retryable)
      return await giveUp({ delivery, event }, 'github_refused', options)
    const wantedMs = error instanceof GitHubFault ? error.notBeforeMs : 0
    const atMs = Math.max(world.time.now() + pauseAfter(attemptsBefore + 1), wantedMs)
    const attempts = await world.store.putOff(delivery.id, text, atMs)
    return attempts < MOST_ATTEMPTS
      ? { atMs, attempts }
      : await giveUp({ delivery, event }, 'undecidable', options)
  }
}

/** If even saying so cannot be decided, the delivery ends without a word: it must not stop those behind it. */
async function giveUp(
  { delivery, event }: Read & { readonly event: IntakeEvent },
  reason: 'github_refused' | 'undecidable',
  options: SettleOptions,
): Promise<null> {
  const { world, log } = options
  try {
    return await write(delivery, await decideNot(delivery, event, reason, world), options)
  } catch (error) {
    log.error({ delivery: delivery.id, reason, error: messageOf(error) }, 'delivery.given_up')
    return write(delivery, emptyDecided(delivery, reason, world), options)
  }
}

async function write(
  { id, receivedAtMs }: DeliveryHead,
  decided: Decided,
  { world, log, decided: tell }: SettleOptions,
): Promise<null> {
  const { outcome } = decided
  const isNew = await world.store.decide(decided)
  const runs = decided.runs.map((run) => run.id)
  const comments = [...new Set(decided.reports.flatMap(({ commentId }) => commentId ?? []))]
  log.info({ delivery: id, outcome, isNew, runs, comments, receivedAtMs }, 'delivery.decided')
  if (!isNew) return null
  for (const run of decided.runs) log.info({ ...aboutRun(run), sha: run.sha }, 'run.queued')
  tell(decided)
  return null
}
