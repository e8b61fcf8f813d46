import { messageOf } from '../errors.ts'
import { EMPTY_JOURNAL, type StopRequest } from '../model/journal.ts'
import type { RunRow } from '../model/ports.ts'
import { concludedUnstarted, stopWords } from '../model/verdict.ts'
import { changeRun, concludeRun, waitOf } from './changes.ts'
import type { QueueWorld, Started, Turn } from './ports.ts'

/** The run cannot start now: what it waits for, or that it never can. One that was ended meanwhile wants nothing any more. */
export async function explain(
  world: QueueWorld,
  id: string,
  turn: Exclude<Turn, { readonly kind: 'held' }>,
): Promise<void> {
  const row = await fresh(world, id)
  if (row === null) return world.machine.leaveTurn(id)
  if (turn.kind === 'impossible')
    return endUnstarted(world, id, 'not_started', `harness: not started: ${turn.why}`)
  if (turn.kind !== 'dirty' || turn.due.kind !== 'blocked') return waitFor(world, row, wordsOf(turn))
  return endUnstarted(
    world,
    id,
    'domain_dirty',
    `domain_dirty: run ${turn.run} cannot be cleaned: ${turn.why}`,
  )
}

/** Claim before act: only the winner of the swap starts anything. */
export async function start(
  world: QueueWorld,
  id: string,
  turn: Turn & { readonly kind: 'held' },
  started: (runId: string, run: Started) => void,
): Promise<void> {
  if (!(await isClaimed(world, id, turn))) return
  try {
    started(id, await turn.start())
  } catch (error) {
    await endFailed(world, id, messageOf(error))
  }
}

/** What its folder says counts more: a record that is older than its run (a copy that was restored) does not know that it had begun. */
async function endFailed(world: QueueWorld, id: string, why: string): Promise<void> {
  const { exists, journal, result } = world.machine.look(id)
  const now = await world.store.run(id)
  if (now === null) return
  const verdict = result ?? concludedUnstarted('not_started', `harness: ${why}`)
  // One without a result is the reaper's: somebody has it, or it is to be torn down.
  if (!exists || result !== null) await concludeRun(world, now, verdict, journal)
}

/** Whatever keeps the swap from being won, a store that fails included, the names are given back: nobody else could. */
async function isClaimed(
  world: QueueWorld,
  id: string,
  turn: Turn & { readonly kind: 'held' },
): Promise<boolean> {
  const change = { state: 'starting', startedAtMs: world.now(), waitsFor: null } as const
  let isWon = false
  try {
    const row = await fresh(world, id)
    isWon = row !== null && row.stop === null && (await changeRun(world, row, change, EMPTY_JOURNAL))
    return isWon
  } finally {
    if (!isWon) turn.giveBack()
  }
}

export async function endStopped(world: QueueWorld, id: string, stop: StopRequest): Promise<void> {
  await endUnstarted(world, id, 'cancelled', `${stopWords(stop.reason)} by ${stop.by} while it was queued`)
}

/** The place is given up after the end is written: an attempt under way either sees that end, or has its place taken here. */
async function endUnstarted(
  world: QueueWorld,
  id: string,
  reason: Parameters<typeof concludedUnstarted>[0],
  title: string,
): Promise<void> {
  const row = await fresh(world, id)
  if (row !== null) await concludeRun(world, row, concludedUnstarted(reason, title), EMPTY_JOURNAL)
  world.machine.leaveTurn(id)
}

/** Tells people what a queued run waits for, when that has changed. @param seen as it was read last */
export async function waitFor(
  world: QueueWorld,
  seen: Pick<RunRow, 'id' | 'waitsFor'>,
  waitsFor: string,
): Promise<void> {
  if (seen.waitsFor === waitsFor) return
  const wait = await waitOf(world, seen.id)
  const row = await fresh(world, seen.id)
  if (row === null || row.waitsFor === waitsFor) return
  await changeRun(world, row, { waitsFor }, EMPTY_JOURNAL, wait)
}

function wordsOf(turn: Exclude<Turn, { readonly kind: 'held' | 'impossible' }>): string {
  if (turn.kind === 'unready') return turn.why
  if (turn.kind === 'dirty') return `run ${turn.run} to be cleaned (${turn.why})`
  return turn.run === null
    ? `${turn.name}, which somebody else has`
    : `run ${turn.run}, which has ${turn.name}`
}

/** The row as it is now, if it is queued still. */
export async function fresh(world: QueueWorld, id: string): Promise<RunRow | null> {
  const row = await world.store.run(id)
  return row?.state === 'queued' ? row : null
}
