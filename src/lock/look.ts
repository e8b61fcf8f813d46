import { cleaningDue } from '../model/cleaning.ts'
import { EMPTY_JOURNAL, type Journal } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import type { LockStand } from '../model/proofLines.ts'
import { readJournal, readRequest, runPaths } from '../store/runFolder.ts'
import { lockPath, namesWithLockFile, type StatePaths } from '../store/stateFolder.ts'
import { type LockedFiles, lockedFiles, lockFileAt } from './holders.ts'
import { type Hold, holdOf, namesWithHolds } from './holds.ts'
import { peekMark } from './lockFile.ts'
import { openRuns } from './openRuns.ts'
import { namesWithTickets, peekTickets } from './tickets.ts'

export const NAME_STATES = ['free', 'busy', 'dirty', 'blocked'] as const
export type NameState = (typeof NAME_STATES)[number]

/** What can be said of a name without taking its lock. */
export interface NameLook {
  readonly name: Name
  readonly state: NameState
  /** The run that is, or was last, there. */
  readonly run: string | null
  readonly sinceMs: number | null
  readonly pids: readonly number[]
  readonly waiters: readonly string[]
  readonly hold: Hold | null
}

/**
 * All names that somebody has, waits for, or has left something at; kernel truth from /proc, takes no lock.
 * @param lookAtLocks one look at all processes: what it says must be of now, as marks are
 */
export function lookAtNames(
  paths: StatePaths,
  lookAtLocks: () => LockedFiles = lockedFiles,
): readonly NameLook[] {
  const open = openRuns(paths)
  const openAt = new Map(open.toReversed().flatMap((mark) => mark.locks.map((name) => [name, mark] as const)))
  // Most names have neither: asking each of a thousand for what it has not takes longer than all the rest.
  const [ticketed, noted] = [new Set(namesWithTickets(paths)), new Set(namesWithHolds(paths))]
  const sorted = [...new Set([...namesWithLockFile(paths), ...ticketed, ...openAt.keys()])].sort()
  // An empty file has no mark: most names are free, and to open a thousand takes longer than to ask for their sizes.
  const files = sorted.map((name) => lockFileAt(paths, name))
  const locked = lookAtLocks()
  return sorted.map((name, index) => {
    const file = files[index] ?? null
    const peeked = file?.isEmpty === true ? 'clean' : peekMark(lockPath(paths, name))
    const mark = typeof peeked === 'string' ? (openAt.get(name) ?? null) : peeked
    const pids = locked.get(file?.inode ?? '') ?? []
    const dirty = peeked === 'unreadable' || mark !== null
    return {
      name,
      state: stateOf(paths, pids, dirty, mark?.run ?? null),
      run: mark?.run ?? null,
      sinceMs: mark?.since ?? null,
      pids,
      waiters: ticketed.has(name) ? peekTickets(paths, name).map(({ what }) => what) : [],
      hold: noted.has(name) ? holdOf(paths, name) : null,
    }
  })
}

function stateOf(paths: StatePaths, pids: readonly number[], dirty: boolean, run: string | null): NameState {
  if (pids.length > 0) return 'busy'
  if (!dirty) return 'free'
  const journal = run === null ? EMPTY_JOURNAL : journalOf(paths, run)
  return journal === null || cleaningDue(journal, 0).kind === 'blocked' ? 'blocked' : 'dirty'
}

/** Null where the run's folder is gone, or cannot be read: nothing can clean it but a person. */
function journalOf(paths: StatePaths, id: string): Journal | null {
  const run = runPaths(paths, id)
  try {
    readRequest(run)
    return readJournal(run)
  } catch {
    return null
  }
}

/** How the locks of a run that is over stand; a name may be another's by now. A clean lock is the run's as long as a process of its has it. */
export function lockStandOf(
  looks: readonly NameLook[],
  run: string,
  names: readonly Name[],
  { lastProcess }: Pick<Journal, 'lastProcess'>,
): LockStand {
  const own = lastProcess === null ? [] : [lastProcess.pid, lastProcess.wrapper]
  const its = looks.filter(({ name }) => names.includes(name))
  const isHeld = its.some((look) => look.pids.some((pid) => look.run === run || own.includes(pid)))
  if (isHeld) return 'held'
  return its.some((look) => look.run === run) ? 'marked' : 'released'
}
