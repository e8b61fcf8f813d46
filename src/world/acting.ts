import { setTimeout as pause } from 'node:timers/promises'
import type { Action, NewAction } from '../model/action.ts'
import type { Store } from '../model/ports.ts'

export interface Acting {
  /** Stores an action, has it decided, and waits for that for a while. */
  readonly act: (action: NewAction) => Promise<Action>
  /** A delivery is decided; it may be an action's. */
  readonly decided: (deliveryId: string) => void
}

export interface ActingParts {
  readonly store: Pick<Store, 'addAction' | 'action'>
  /** Something is to be decided. */
  readonly stored: () => void
  /** Nothing is decided for now. */
  readonly isOff: () => boolean
  readonly waitMs?: number
}

/** GitHub mostly answers within a second; who waits in a browser gives up sooner than the decision does. */
const WAIT_MS = 10_000

export function actingOf({ store, stored, isOff, waitMs = WAIT_MS }: ActingParts): Acting {
  const waiting = new Map<string, () => void>()

  async function decidedOrLate(id: string): Promise<void> {
    const late = new AbortController()
    const decided = new Promise<void>((resolve) => waiting.set(id, resolve))
    stored()
    const tooLate = pause(waitMs, undefined, { signal: late.signal }).catch(() => undefined)
    await Promise.race([decided, tooLate]).finally(() => waiting.delete(id))
    late.abort()
  }

  return {
    async act(action) {
      await store.addAction(action)
      if (!isOff()) await decidedOrLate(action.id)
      const kept = await store.action(action.id)
      if (kept === null) throw new TypeError(`action ${action.id} is not in the records`)
      return kept
    },
    decided: (id) => waiting.get(id)?.(),
  }
}
