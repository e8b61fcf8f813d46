import type { Decided } from '../model/ports.ts'
import { emptyDecided } from './decided.ts'
import type { GoneEvent, MovedEvent } from './placeEvent.ts'
import type { DeliveryHead, IntakeWorld } from './ports.ts'

/** What follows from a repository, or a whole account, having moved or gone. */
export async function decidePlace(
  delivery: DeliveryHead,
  event: MovedEvent | GoneEvent,
  world: IntakeWorld,
): Promise<Decided> {
  if (event.kind === 'gone') return decideGone(delivery, event, world)
  const { kind: _, ...move } = event
  const { repositoryId, to, atMs } = move
  return {
    ...emptyDecided(delivery, 'repository_moved', world),
    subjects: [`repository:moved:${repositoryId}:${to}:${atMs}`],
    moves: [move],
  }
}

/**
 * Unfinished runs are stopped and taken down. Their reports stay as they are: GitHub refuses them for good, which is shown, or takes
 * them after all. Replays are told by what GitHub has signed: the delivery's header is not.
 */
async function decideGone(
  delivery: DeliveryHead,
  { what, how, by, repositoryIds, installationId }: GoneEvent,
  world: IntakeWorld,
): Promise<Decided> {
  const { store, time } = world
  const unfinished = [...(await store.live()), ...(await store.queued())].filter((run) =>
    repositoryIds === null ? run.installationId === installationId : repositoryIds.includes(run.repositoryId),
  )
  const reason = what === 'installation' ? 'installation_gone' : 'repository_gone'
  const stop = { reason, by: `${by} (${what} ${how})`, atMs: time.now() } as const
  return {
    ...emptyDecided(delivery, reason, world),
    subjects: [`gone:${what}:${how}:${installationId}:${delivery.digest}`],
    stops: unfinished.filter((run) => run.stop === null).map((run) => ({ runId: run.id, stop })),
  }
}
