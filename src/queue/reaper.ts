import { messageOf } from '../errors.ts'
import { EMPTY_JOURNAL } from '../model/journal.ts'
import type { RunRow } from '../model/ports.ts'
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
export function createReaper(world: QueueWorld, changed: () => void): Reaper {
  const guarded = new Set<string>()
  const underWay = new Set<string>()

  async function reap(row: RunRow): Promise<void> {
    underWay.add(row.id)
    const news = await settle(world, row).catch((error: unknown) => {
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
      if (world.isOff('reap')) return tellDead(world, unguarded)
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

/** Nobody recovers them for now: without a word on their checks people would wait for stages that nobody conducts. */
async function tellDead(world: QueueWorld, rows: readonly RunRow[]): Promise<void> {
  const untold = rows.filter(({ waitsFor }) => waitsFor === null)
  const dead = untold.length === 0 ? null : world.machine.dead(untold)
  for (const { id, state } of untold) {
    const row = dead?.has(id) === true ? await world.store.run(id) : null
    if (row?.state === state && row.waitsFor === null)
      await changeRun(world, row, { waitsFor: UNREAPED }, world.machine.look(id).journal)
  }
}

const UNREAPED = 'somebody to recover it: its processes are gone, and the operator has switched that off'

/** Resolves to whether anything has come of it: a pass that woke its own loop for nothing would never rest. */
async function settle(world: QueueWorld, row: RunRow): Promise<boolean> {
  if (world.machine.look(row.id).result !== null) return false
  const recovered = await world.machine.recover(row)
  if (recovered.kind === 'busy') return false
  const { exists, journal, result } = world.machine.look(row.id)
  const fresh = await world.store.run(row.id)
  if (result !== null || fresh === null || fresh.state !== row.state) return true
  if (!exists && row.state === 'starting') {
    await startAgain(world, fresh)
    return true
  }
  if (recovered.kind === 'dirty' && recovered.due.kind !== 'blocked') return false
  const why =
    recovered.kind === 'dirty' ? recovered.why : `its folder ${exists ? 'has no result' : 'is gone'}`
  await concludeRun(world, fresh, concludedUnstarted('not_cleaned', `harness: not_cleaned: ${why}`), journal)
  return true
}

/** Nothing of the run had begun, and its names are clean. */
async function startAgain(world: QueueWorld, row: RunRow): Promise<void> {
  if (row.attempts >= MOST_STARTS) {
    const why = `the service ended ${row.attempts} times while it was starting this run`
    const verdict = concludedUnstarted('not_started', `harness: not started: ${why}`)
    await concludeRun(world, row, verdict, EMPTY_JOURNAL)
    return
  }
  await changeRun(world, row, { state: 'queued', waitsFor: null }, EMPTY_JOURNAL)
  world.log.warn({ run: row.id, recipe: row.recipe, domain: row.domain, pr: row.pr }, 'run.requeued')
}
