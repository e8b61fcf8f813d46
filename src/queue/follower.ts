import { messageOf } from '../errors.ts'
import { deferringStage, type Journal } from '../model/journal.ts'
import type { RunChange, RunRow } from '../model/ports.ts'
import { KEPT, type RunState, type Verdict } from '../model/run.ts'
import type { Telling } from '../model/transitions.ts'
import { changeRun, concludeRun } from './changes.ts'
import type { FolderLook, QueueWorld } from './ports.ts'

export interface Follower {
  /** Brings the store up to what the live runs' folders say, and carries out stops that were asked for. */
  readonly pass: () => Promise<void>
  readonly close: () => void
}

/** What is known of a run that is followed. */
interface Followed {
  readonly watch: Disposable
  /** A stop that was asked for is passed on. */
  isStopped: boolean
  /** The stage that a stop waits for, as it was told. */
  deferred: string | null
  /** What was seen when there was nothing to do for it. */
  atRest: Seen | null
}

interface Seen {
  readonly row: RunRow
  readonly look: FolderLook
}

/** The same for a run that this service started and for one that it found: nothing but the folder is asked. */
export function createFollower(world: QueueWorld, telling: Telling, changed: () => void): Follower {
  const followed = new Map<string, Followed>()

  async function follow(row: RunRow): Promise<void> {
    const look = world.machine.look(row.id)
    if (!look.exists) return
    const run = followed.get(row.id) ?? begun(world.machine.watch(row.id, changed))
    followed.set(row.id, run)
    if (isAtRest(run, { row, look })) return
    telling.tell(row, look.journal)
    if (look.result !== null) return conclude(world, row, look.journal, look.result)
    const asked = row.stop !== null && !run.isStopped
    if (row.stop !== null && asked) {
      world.machine.stop(row.id, row.stop)
      run.isStopped = true
    }
    const waited = deferralOf(row, look.journal)
    const isNew = waited !== null && waited !== run.deferred
    if (asked || isNew || isBehind(row, look.journal)) await takeOver(world, row, look.journal)
    else run.atRest = { row, look }
    if (waited !== null) run.deferred = waited
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
      for (const [id, { watch }] of followed) {
        if (ids.has(id)) continue
        watch[Symbol.dispose]()
        followed.delete(id)
        telling.forget(id)
      }
    },
    close() {
      for (const { watch } of followed.values()) watch[Symbol.dispose]()
    },
  }
}

function begun(watch: Disposable): Followed {
  return { watch, isStopped: false, deferred: null, atRest: null }
}

/** Nothing that is followed is another one: neither what the folder says, nor how far the record has come, nor whether it is to stop. */
function isAtRest({ atRest }: Followed, { row, look }: Seen): boolean {
  if (atRest === null || atRest.look !== look) return false
  const { state, stage, stop } = atRest.row
  return row.state === state && row.stage === stage && (row.stop === null) === (stop === null)
}

async function conclude(world: QueueWorld, row: RunRow, journal: Journal, result: Verdict): Promise<void> {
  await world.machine.gone(journal)
  await concludeRun(world, row, result, journal)
}

/** The stage that a stop of the run waits for: it may take long to change for it. */
function deferralOf({ stop }: RunRow, journal: Journal): string | null {
  return stop === null && journal.stop === null ? null : deferringStage(journal)
}

/** The record does not say what the journal says. */
function isBehind(row: RunRow, journal: Journal): boolean {
  return journal.entries > 0 && (stateOf(journal) !== row.state || stageOf(journal) !== row.stage)
}

async function takeOver(world: QueueWorld, row: RunRow, journal: Journal): Promise<void> {
  if (journal.entries === 0) return
  const change: RunChange = { state: stateOf(journal), stage: stageOf(journal), waitsFor: null }
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
