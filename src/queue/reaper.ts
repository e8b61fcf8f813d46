import { messageOf } from '../errors.ts'
import { aboutRun } from '../model/events.ts'
import { EMPTY_JOURNAL } from '../model/journal.ts'
import type { RunRow } from '../model/ports.ts'
import type { Reaped } from '../model/reaped.ts'
import type { Telling } from '../model/transitions.ts'
import { concludedUnstarted } from '../model/verdict.ts'
import { changeRun, concludeRun } from './changes.ts'
import type { QueueWorld } from './ports.ts'

export const REAP_EVERY_MS = 2_000

/**
 * A run whose start kills the service would kill every service after it, too, and with each of them what others wait for. Twice may be
 * chance: the service is killed and started again whenever somebody installs another version.
 */
const MOST_STARTS = 3

export interface Reaper {
  /** Looks once at every live run that no living wrapper of ours stands for. Resolves when the locks of the dead ones are taken, and does not wait for their recoveries. */
  readonly pass: () => Promise<void>
  /** Notes a wrapper that this service started; calls back when it has ended. */
  readonly guard: (runId: string, ended: Promise<void>) => void
}

/**
 * Ends the records of runs that the kernel says are dead: locks free, no result. It recovers them as every next holder would, by launching
 * their wrapper; the conclusion is what that writes.
 */
export function createReaper(world: QueueWorld, telling: Telling, changed: () => void): Reaper {
  const guarded = new Set<string>()
  const underWay = new Set<string>()

  async function reap(row: RunRow): Promise<void> {
    underWay.add(row.id)
    const news = await settle(world, telling, row).catch((error: unknown) => {
      world.log.error({ run: row.id, error: messageOf(error) }, 'reap.failed')
      return false
    })
    underWay.delete(row.id)
    if (news) changed()
  }

  return {
    async pass() {
      const live = await world.store.live()
      const unguarded = live.filter((row) => !guarded.has(row.id) && !underWay.has(row.id))
      for (const row of unguarded) void reap(row)
    },
    guard(runId, ended) {
      guarded.add(runId)
      void ended.finally(() => {
        guarded.delete(runId)
        changed()
      })
    },
  }
}

/** Resolves to whether anything has come of it: a pass that woke its own loop for nothing would never rest. */
async function settle(world: QueueWorld, telling: Telling, row: RunRow): Promise<boolean> {
  const before = world.machine.look(row.id)
  if (before.result !== null) return false
  const recovered = await world.machine.recover(row)
  if (recovered.kind === 'busy') return false
  const { exists, journal, result } = world.machine.look(row.id)
  const fresh = await world.store.run(row.id)
  if (result !== null || fresh === null || fresh.state !== row.state) {
    // One that has ended by itself meanwhile needed nobody.
    if (journal.processes > before.journal.processes) tell(world, row, 'recovered')
    return true
  }
  if (!exists && row.state === 'starting') {
    await startAgain(world, fresh)
    return true
  }
  if (recovered.kind === 'dirty' && recovered.due.kind !== 'blocked') return false
  const why =
    recovered.kind === 'dirty' ? recovered.why : `its folder ${exists ? 'has no result' : 'is gone'}`
  telling.tell(fresh, journal)
  if (
    await concludeRun(
      world,
      fresh,
      concludedUnstarted('not_cleaned', `harness: not_cleaned: ${why}`),
      journal,
    )
  )
    tell(world, row, 'not_cleaned')
  return true
}

/** Nothing of the run had begun, and its names are clean. */
async function startAgain(world: QueueWorld, row: RunRow): Promise<void> {
  if (row.attempts >= MOST_STARTS) {
    const why = `the service ended ${row.attempts} times while it was starting this run`
    const verdict = concludedUnstarted('not_started', `harness: not started: ${why}`)
    if (await concludeRun(world, row, verdict, EMPTY_JOURNAL)) tell(world, row, 'not_started')
    return
  }
  if (await changeRun(world, row, { state: 'queued' }, EMPTY_JOURNAL)) tell(world, row, 'requeued')
}

function tell({ log }: QueueWorld, row: RunRow, outcome: Reaped): void {
  log.warn({ ...aboutRun(row), outcome }, 'run.reaped')
}
