import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import type { EventLog } from '../model/events.ts'

/** Background work that comes in passes: one at a time, when woken and at the latest after a pause. */
export interface Loop {
  readonly wake: () => void
  /** Why its last pass failed; null = it did not. */
  readonly fault: () => string | null
  /** Ends after the pass under way. */
  readonly close: () => Promise<void>
}

/**
 * A pass that throws is logged and comes again: nothing may stop the loop.
 * @param everyMs the pause; a function is asked before each
 */
export function startLoop(
  name: string,
  everyMs: number | (() => number),
  log: Pick<EventLog, 'error'>,
  pass: () => Promise<void>,
): Loop {
  const closed = new AbortController()
  let woken = false
  let fault: string | null = null
  let early = new AbortController()
  async function go(): Promise<void> {
    while (!closed.signal.aborted) {
      woken = false
      early = new AbortController()
      fault = await pass().then(() => null, messageOf)
      if (fault !== null) log.error({ loop: name, error: fault }, 'loop.failed')
      if (!woken && !closed.signal.aborted)
        await pause(typeof everyMs === 'number' ? everyMs : everyMs(), undefined, {
          signal: early.signal,
        }).catch(() => undefined)
    }
  }
  const ended = go()
  return {
    fault: () => (fault === null ? null : `the ${name} fails: ${fault}`),
    wake() {
      woken = true
      early.abort()
    },
    async close() {
      closed.abort()
      early.abort()
      await ended
    },
  }
}
