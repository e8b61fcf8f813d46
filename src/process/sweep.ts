import { setTimeout as pause } from 'node:timers/promises'
import { type Killed, UNSHOWN } from './killed.ts'
import { environmentOf, liveProcesses, ownerOf, type ProcessStat, signalPid } from './procfs.ts'

/** Whose processes: those of a stage, or of the whole run (`stage` is empty). */
export interface Marked {
  readonly run: string
  readonly stage: string
  /** The run process, when it is the reaper of its descendants: all its children are then the run's. */
  readonly reaper: number | null
  /** The user that only this run's stages have, while it holds that user's lock; null = they share one. */
  readonly uid: number | null
}

/** A process must show in neither of two passes in a row: between two looks a child may have been born. */
const EMPTY_PASSES = 2
/** What looks in a row that found nothing show. */
export const SWEPT = { isShown: true, proofs: [{ kind: 'sweep', count: 1 }] } as const
/** A process that KILL has not ended by then hangs in the kernel; it is named as left. */
const MOST_MS = 10_000

/**
 * Live processes started with the run's marks in their environment, their descendants, and orphans that came to the reaper. The
 * promise of this level: a daemon with a scrubbed environment is found only while its reaper lives.
 */
export function markedProcesses(marked: Marked): readonly number[] {
  const all = liveProcesses()
  const parents = new Map(all.map((stat) => [stat.pid, stat.parent]))
  const spared = new Set(lineOf(process.pid, parents))
  const roots = new Set(all.filter((stat) => isRoot(stat, marked)).map((stat) => stat.pid))
  return all
    .map((stat) => stat.pid)
    .filter((pid) => !spared.has(pid) && lineOf(pid, parents).some((ancestor) => roots.has(ancestor)))
}

/** Stops all (nothing forks while it is stopped), kills all, until two passes in a row find nothing. */
export async function sweep(marked: Marked): Promise<Killed> {
  const end = performance.now() + MOST_MS
  const killed = new Set<number>()
  let empty = 0
  for (
    let pauseMs = 1;
    empty < EMPTY_PASSES && performance.now() < end;
    pauseMs = Math.min(pauseMs * 2, 50)
  ) {
    const found = markedProcesses(marked)
    empty = found.length === 0 ? empty + 1 : 0
    for (const pid of found) killed.add(pid)
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of found) signalPid(pid, signal)
    if (found.length > 0) await pause(pauseMs)
  }
  return { killed, ...(empty < EMPTY_PASSES ? UNSHOWN : SWEPT) }
}

function isRoot(stat: ProcessStat, { run, stage, reaper, uid }: Marked): boolean {
  if (reaper !== null && stat.parent === reaper) return true
  if (uid !== null && stage === '' && ownerOf(stat.pid) === uid) return true
  const environment = environmentOf(stat)
  return (
    environment.includes(`BERTH_RUN_ID=${run}`) &&
    (stage === '' || environment.includes(`BERTH_STAGE=${stage}`))
  )
}

/** A process and its ancestors. */
function lineOf(pid: number, parents: ReadonlyMap<number, number>): readonly number[] {
  const line: number[] = []
  for (
    let at: number | undefined = pid;
    at !== undefined && at > 0 && !line.includes(at);
    at = parents.get(at)
  )
    line.push(at)
  return line
}
