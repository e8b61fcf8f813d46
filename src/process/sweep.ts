import { setTimeout as pause } from 'node:timers/promises'
import { type Killed, UNSHOWN } from './killed.ts'
import { environmentOf, liveProcesses, ownerOf, type ProcessStat, signalPid } from './procfs.ts'

/** Whose processes: those of a stage, or of the whole run (`stage` is empty). */
export interface Marked {
  readonly run: string
  readonly stage: string
  /** Who gets the run's orphans: the run process, when it is the reaper of its descendants, or the first process of the run's PID namespace. */
  readonly reaper: number | null
  /** What keeps the run's processes together, and is none of them. */
  readonly keepers: readonly number[]
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
  const found = withDescendants(all, (stat) => !marked.keepers.includes(stat.pid) && isRoot(stat, marked))
  return found.filter((pid) => !marked.keepers.includes(pid))
}

/** The roots among `all` and their descendants, without this process and its ancestors. */
export function withDescendants(
  all: readonly ProcessStat[],
  isRoot: (stat: ProcessStat) => boolean,
): readonly number[] {
  const parents = new Map(all.map((stat) => [stat.pid, stat.parent]))
  const spared = new Set(lineOf(process.pid, parents))
  const roots = new Set(all.filter(isRoot).map((stat) => stat.pid))
  return all
    .map((stat) => stat.pid)
    .filter((pid) => !spared.has(pid) && lineOf(pid, parents).some((ancestor) => roots.has(ancestor)))
}

/** A process and its descendants. */
export function familyOf(pid: number): readonly number[] {
  const all = liveProcesses()
  const parents = new Map(all.map((stat) => [stat.pid, stat.parent]))
  return all.map((stat) => stat.pid).filter((member) => lineOf(member, parents).includes(pid))
}

/** Stops all members (nothing forks while it is stopped), kills all, until two passes in a row find nothing. */
export async function sweep(members: () => readonly number[]): Promise<Killed> {
  const end = performance.now() + MOST_MS
  const killed = new Set<number>()
  let empty = 0
  for (
    let pauseMs = 1;
    empty < EMPTY_PASSES && performance.now() < end;
    pauseMs = Math.min(pauseMs * 2, 50)
  ) {
    const found = members()
    empty = found.length === 0 ? empty + 1 : 0
    for (const pid of found) killed.add(pid)
    for (const signal of ['SIGSTOP', 'SIGKILL'] as const) for (const pid of found) signalPid(pid, signal)
    if (found.length > 0) await pause(pauseMs)
  }
  return { killed, ...(empty < EMPTY_PASSES ? UNSHOWN : SWEPT) }
}

function isRoot(stat: ProcessStat, { run, stage, reaper, uid }: Marked): boolean {
  if (uid !== null && stage === '' && ownerOf(stat.pid) === uid) return true
  const environment = environmentOf(stat)
  const stages = environment.filter((line) => line.startsWith('BERTH_STAGE='))
  const isOfStage = stage === '' || stages.includes(`BERTH_STAGE=${stage}`)
  // An orphan that says nothing of itself may be of any stage.
  if (reaper !== null && stat.parent === reaper && (isOfStage || stages.length === 0)) return true
  return environment.includes(`BERTH_RUN_ID=${run}`) && isOfStage
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
