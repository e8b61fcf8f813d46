import { messageOf } from '../errors.ts'
import { deferringStage, type Journal } from '../model/journal.ts'
import type { RunChange, RunRow } from '../model/ports.ts'
import { KEPT, type RunState, type Verdict } from '../model/run.ts'
import type { Telling } from '../model/transitions.ts'
import { changeRun, concludeRun } from './changes.ts'
import type { QueueWorld } from './ports.ts'

export interface Follower {
  /** Brings the store up to what the live runs' folders say, and carries out stops that were asked for. */
  readonly pass: () => Promise<void>
  readonly close: () => void
}

/** The same for a run that this service started and for one that it found: nothing but the folder is asked. */
export function createFollower(world: QueueWorld, telling: Telling, changed: () => void): Follower {
  const watched = new Map<string, Disposable>()
  const stopped = new Set<string>()
  /** The stage that a stop waits for, as it was told. */
  const deferred = new Map<string, string>()

  async function follow(row: RunRow): Promise<void> {
    const look = world.machine.look(row.id)
    if (!look.exists) return
    if (!watched.has(row.id)) watched.set(row.id, world.machine.watch(row.id, changed))
    telling.tell(row, look.journal)
    if (look.result !== null) return conclude(world, row, look.journal, look.result)
    const asked = row.stop !== null && !stopped.has(row.id)
    if (row.stop !== null && asked) {
      world.machine.stop(row.id, row.stop)
      stopped.add(row.id)
    }
    const waited = deferralOf(row, look.journal)
    const isNew = waited !== null && waited !== deferred.get(row.id)
    await takeOver(world, row, look.journal, asked || isNew)
    if (waited !== null) deferred.set(row.id, waited)
  }

  return {
    async pass() {
      const live = await world.store.live()
      for (const row of live) {
        await follow(row).catch((error: unknown) =>
          world.log.error({ run: row.id, error: messageOf(error) }, 'follow.failed'),
        )
      }
      const ids = new Set(live.map((row) => row.id))
      for (const [id, watch] of watched) {
        if (ids.has(id)) continue
        watch[Symbol.dispose]()
        watched.delete(id)
        stopped.delete(id)
        deferred.delete(id)
        telling.forget(id)
      }
    },
    close() {
      for (const watch of watched.values()) watch[Symbol.dispose]()
    },
  }
}

async function conclude(world: QueueWorld, row: RunRow, journal: Journal, result: Verdict): Promise<void> {
  await world.machine.gone(journal)
  await concludeRun(world, row, result, journal)
}

/** The stage that a stop of the run waits for: it may take long to change for it. */
function deferralOf({ stop }: RunRow, journal: Journal): string | null {
  return stop === null && journal.stop === null ? null : deferringStage(journal)
}

/** @param isNews there is something to tell although neither state nor stage has changed */
async function takeOver(world: QueueWorld, row: RunRow, journal: Journal, isNews: boolean): Promise<void> {
  if (journal.entries === 0) return
  const change: RunChange = { state: stateOf(journal), stage: stageOf(journal), waitsFor: null }
  if (isNews || change.state !== row.state || change.stage !== row.stage)
    await changeRun(world, row, change, journal)
}

function stateOf(journal: Journal): RunState {
  if (journal.teardownStarted) return 'tearing_down'
  return journal.processes === 0 ? 'starting' : 'running'
}

function stageOf(journal: Journal): string | null {
  if (journal.teardownStarted) return 'teardown'
  if (journal.kept) return KEPT
  if (journal.planned === null) return journal.processes === 0 ? null : 'checkout'
  return journal.stages.at(-1)?.name ?? null
}
