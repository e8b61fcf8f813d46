import { messageOf } from '../../errors.ts'
import { GitHubFault } from '../gitHubFault.ts'
import { asking } from './ask.ts'
import { type CheckMemory, lookAtChecks } from './checks.ts'
import { lookAtComments } from './comments.ts'
import { findPlaces } from './places.ts'
import type { Asking, Missed, Place, ReconcileWorld } from './ports.ts'
import { lookAtPulls, type PullMemory } from './pulls.ts'

const HOUR_MS = 60 * 60_000

export interface Reconcile {
  /** Does what is due, one question at a time; never rejects for what GitHub does or does not say. */
  readonly pass: () => Promise<void>
  /** Cuts the question under way, and asks nothing more. */
  readonly close: () => void
}

/**
 * Asks GitHub for what its webhooks did not tell, and puts it where they would have put it: the intake decides it as if it had come.
 * Each repository has its own turn, so that one that fails, or is limited, holds up no other.
 */
export function createReconcile(world: ReconcileWorld): Reconcile {
  const closing = new AbortController()
  const ask = asking(world, closing.signal)
  const turns = turnsOf(world)
  const memory: PullMemory = { etags: new Map(), turn: 0 }
  const checks: CheckMemory = { retried: false, told: new Set() }
  let places: readonly Place[] = []
  let enrolled = world.config().repositories

  return {
    async pass() {
      const look = (key: string, data: object, work: () => Promise<void>) =>
        closing.signal.aborted ? Promise.resolve() : turns.take(key, data, work)
      const { repositories } = world.config()
      if (repositories !== enrolled) turns.forget('places')
      enrolled = repositories
      await look('places', {}, async () => {
        places = await findPlaces(world, ask)
      })
      for (const place of places)
        await look(`comments ${place.id}`, { repository: place.fullName }, () => comments(place, world, ask))
      await look('pulls', {}, () => pulls(memory, world, ask))
      await look('checks', {}, () => lookAtChecks(checks, world, ask))
    },
    close: () => closing.abort(new Error('The service is being closed')),
  }
}

async function comments(place: Place, world: ReconcileWorld, ask: Asking): Promise<void> {
  const count = await lookAtComments(place, world, ask)
  if (count > 0) tell(world, place.fullName, 'comment', count)
}

async function pulls(memory: PullMemory, world: ReconcileWorld, ask: Asking): Promise<void> {
  for (const { what, delivery } of await lookAtPulls(memory, world, ask)) {
    if (await world.store.addDelivery(delivery)) tell(world, delivery.id, what, 1)
  }
}

function tell({ log, stored }: ReconcileWorld, where: string, what: Missed['what'], count: number): void {
  log.warn({ where, what, count }, 'reconcile.found')
  stored()
}

/** What changes seldom, or costs more: at start, and once an hour. */
const SELDOM: ReadonlySet<string> = new Set(['places', 'checks'])

interface Turn {
  /** When it was looked at last. */
  readonly atMs: number
  /** Of the period: what was looked at together is not for ever. */
  readonly share: number
  readonly failures: number
  /** GitHub's own word: not before so long after. */
  readonly limitMs: number
}

/** When each thing is looked at again: after the period as it is now, give or take a tenth; after faults ever later, and not before GitHub says. */
function turnsOf({ config, monotonic, time, log }: ReconcileWorld) {
  const turns = new Map<string, Turn>()

  function again(key: string, failures: number, limitMs: number): void {
    turns.set(key, { atMs: monotonic(), share: 0.95 + Math.random() / 10, failures, limitMs })
  }

  async function take(
    key: string,
    about: { readonly repository?: string },
    work: () => Promise<void>,
  ): Promise<void> {
    const turn = turns.get(key)
    if (turn !== undefined && monotonic() < dueAt(key, turn, config().reconcileMs)) return
    try {
      await work()
      again(key, 0, 0)
    } catch (error) {
      const failures = (turn?.failures ?? 0) + 1
      again(key, failures, error instanceof GitHubFault ? error.notBeforeMs - time.now() : 0)
      log.warn({ look: key, ...about, failures, error: messageOf(error) }, 'reconcile.put_off')
    }
  }

  return { take, forget: (key: string) => void turns.delete(key) }
}

function dueAt(key: string, { atMs, share, failures, limitMs }: Turn, periodMs: number): number {
  const longestMs = Math.max(periodMs, HOUR_MS)
  const restMs = failures === 0 ? (SELDOM.has(key) ? longestMs : periodMs) : periodMs * 2 ** (failures - 1)
  return atMs + Math.max(Math.min(restMs, longestMs), limitMs * 1.1) * share
}
