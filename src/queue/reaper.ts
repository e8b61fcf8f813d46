import { messageOf } from '../errors.ts'
import { EMPTY_JOURNAL, isVerified } from '../model/journal.ts'
import type { RunRow } from '../model/ports.ts'
import { isOver } from '../model/run.ts'
import type { NoteTakeOver } from '../model/takeOver.ts'
import type { Telling } from '../model/transitions.ts'
import { conclude, concludedUnstarted } from '../model/verdict.ts'
import { changeRun, concludeRun } from './changes.ts'
import type { QueueWorld } from './ports.ts'

export const REAP_EVERY_MS = 2_000

/**
 * A run whose start kills the service would kill every service after it, too, and with each of them what others wait for. Twice may be
 * chance: the service is killed and started again whenever somebody installs another version.
 */
const MOST_STARTS = 3

/** The follower looks at each live run twice a second: a result that it has not taken over by then is taken over here. */
const FINALISE_GRACE_MS = 10_000

export interface Reaper {
  /**
   * Looks once at every live run: at one that has a result, whether its grace is over; else, unless a living wrapper of ours stands for it, whether
   * anybody has it. Resolves when the locks of the dead ones are taken and their wrappers begun, and does not wait for their recoveries.
   */
  readonly pass: () => Promise<void>
  /** Notes a wrapper that this service started; calls back when it has ended. */
  readonly guard: (runId: string, ended: Promise<void>) => void
}

/** Who hears of what the reaper does. */
interface Told {
  readonly telling: Telling
  readonly note: NoteTakeOver
}

/**
 * Ends the records of runs that the kernel says are dead: locks free, no result. It recovers them as every next holder would, by launching
 * their wrapper; the conclusion is what that writes. And of runs whose result nobody has taken over in its time.
 */
export function createReaper(
  world: QueueWorld,
  telling: Telling,
  changed: () => void,
  note: NoteTakeOver,
): Reaper {
  const told = { telling, note }
  const guarded = new Set<string>()
  /** One that hangs over a recovery does not keep the result that came of it from being taken over. */
  const [recovering, concluding] = [new Set<string>(), new Set<string>()]
  const lateOf = latenessIn(world)

  async function reap(row: RunRow, act: typeof settle, underWay: Set<string>): Promise<void> {
    if (underWay.has(row.id)) return
    underWay.add(row.id)
    const news = await act(world, row, told).catch((error: unknown) => {
      world.log.error({ run: row.id, error: messageOf(error) }, 'reap.failed')
      return false
    })
    underWay.delete(row.id)
    if (news) changed()
  }

  return {
    async pass() {
      const live = await world.store.live()
      const late = lateOf(live)
      for (const row of live) if (late.has(row.id)) void reap(row, finalise, concluding)
      const unguarded = live.filter(({ id }) => !late.has(id) && !guarded.has(id))
      if (world.isOff('reap')) return tellDead(world, unguarded)
      for (const row of unguarded) void reap(row, settle, recovering)
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

/**
 * Those of the live runs that have had their result for longer than its grace, each once in a grace: what has failed then is tried again. A clock that is
 * set back begins it anew.
 */
function latenessIn({ machine, now }: QueueWorld): (live: readonly RunRow[]) => ReadonlySet<string> {
  let seen: ReadonlyMap<string, number> = new Map()
  return (live) => {
    const nowMs = now()
    const ended = live.filter(({ id }) => machine.look(id).result !== null)
    const since = new Map(ended.map(({ id }) => [id, Math.min(seen.get(id) ?? nowMs, nowMs)]))
    const late = new Set(
      [...since].filter(([, sinceMs]) => nowMs - sinceMs >= FINALISE_GRACE_MS).map(([id]) => id),
    )
    seen = new Map([...since].filter(([id]) => !late.has(id)))
    return late
  }
}

/** As the follower does it; the swap is won by one of the two. */
async function finalise(world: QueueWorld, { id }: RunRow, { telling, note }: Told): Promise<boolean> {
  const { journal, result } = world.machine.look(id)
  const row = await world.store.run(id)
  if (result === null || row === null || isOver(row.state)) return false
  telling.tell(row, journal)
  if (!(await concludeRun(world, row, result, journal))) return false
  note({ run: id, how: 'late', by: 'service', from: journal.lastProcess })
  return true
}

/** Nobody recovers them for now: without a word on their checks people would wait for stages that nobody conducts. */
async function tellDead(world: QueueWorld, rows: readonly RunRow[]): Promise<void> {
  const dead = rows.length === 0 ? null : world.machine.dead(rows)
  for (const { id, state } of rows) {
    const row = dead?.has(id) === true ? await world.store.run(id) : null
    if (row?.state !== state) continue
    const { journal } = world.machine.look(id)
    const told = world.checkReport({ ...row, waitsFor: UNREAPED }, journal, null)
    // What a run that has begun waits for is not kept in its record.
    if ((await world.store.lastCheck(id))?.body === told.body) continue
    await changeRun(world, row, { waitsFor: UNREAPED }, journal)
  }
}

const UNREAPED = 'somebody to recover it: its processes are gone, and the operator has switched that off'

/** Resolves to whether anything has come of it: a pass that woke its own loop for nothing would never rest. */
async function settle(world: QueueWorld, row: RunRow, { telling, note }: Told): Promise<boolean> {
  if (world.machine.look(row.id).result !== null) return false
  const recovered = await world.machine.recover(row)
  if (recovered.kind === 'busy') return false
  const { exists, journal, result } = world.machine.look(row.id)
  const fresh = await world.store.run(row.id)
  if (result !== null || fresh === null || fresh.state !== row.state) return true
  // Its own mark says that it had begun, whatever has become of its folder: to start it again would find it dirty.
  const hasBegun = exists || (recovered.kind === 'dirty' && recovered.run === row.id)
  if (!hasBegun && row.state === 'starting') {
    await startAgain(world, fresh)
    return true
  }
  if (recovered.kind === 'dirty' && recovered.due.kind !== 'blocked') return false
  // A result that cannot be read says no more than the journal that it was made from.
  const known =
    recovered.kind === 'clean' && isVerified(journal) ? (journal.verdict ?? conclude(journal)) : null
  const why =
    recovered.kind === 'dirty' ? recovered.why : `its folder ${exists ? 'has no result' : 'is gone'}`
  const verdict = known ?? concludedUnstarted('not_cleaned', `harness: not_cleaned: ${why}`)
  const how = known === null ? 'given_up' : 'concluded'
  telling.tell(fresh, journal)
  if (await concludeRun(world, fresh, verdict, journal))
    note({ run: row.id, how, by: 'service', from: journal.lastProcess })
  return true
}

/** Nothing of the run had begun: no folder, no mark of its own. */
async function startAgain(world: QueueWorld, row: RunRow): Promise<void> {
  if (row.attempts >= MOST_STARTS) {
    const why = `the service ended ${row.attempts} times while it was starting this run`
    const verdict = concludedUnstarted('not_started', `harness: not started: ${why}`)
    await concludeRun(world, row, verdict, EMPTY_JOURNAL)
    return
  }
  await changeRun(world, row, { state: 'queued', waitsFor: null }, EMPTY_JOURNAL)
}
