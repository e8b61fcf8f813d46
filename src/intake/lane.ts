import { HarnessError } from '../errors.ts'
import type { Delivery, RunRow, Store } from '../model/ports.ts'
import type { ActionEvent } from './actionEvent.ts'
import type { IntakeEvent } from './event.ts'

/** Deliveries of one lane are decided one after the other: a lane for each pull request, and one for each delivery that has none. */
export async function laneOf(
  delivery: Pick<Delivery, 'id'>,
  event: IntakeEvent,
  store: Pick<Store, 'run' | 'runsAt'>,
): Promise<string> {
  switch (event.kind) {
    case 'ignored':
      return delivery.id
    case 'button': {
      const run = await store.run(event.runId).catch(unlessUnreadable)
      return run === null ? delivery.id : `${run.repositoryId}#${run.pr}`
    }
    case 'action': {
      const run = await runOf(event, store)
      return run === null ? delivery.id : `${run.repositoryId}#${run.pr}`
    }
    case 'suite': {
      const [run] = await store.runsAt(event.repository.id, event.sha)
      return run === undefined ? delivery.id : `${run.repositoryId}#${run.pr}`
    }
    case 'moved':
      return `repository:${event.repositoryId}`
    case 'gone':
      return `installation:${event.installationId}`
    default:
      return `${event.repository.id}#${event.pr}`
  }
}

function runOf({ action: { run } }: ActionEvent, store: Pick<Store, 'run'>): Promise<RunRow | null> | null {
  return run === null ? null : store.run(run).catch(unlessUnreadable)
}

/** Deciding such a delivery fails, and nothing else does. */
function unlessUnreadable(error: unknown): null {
  if (error instanceof HarnessError && error.code === 'RUN_UNREADABLE') return null
  throw error
}
