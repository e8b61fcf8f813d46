import type { Name } from '../model/names.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { type Claim, claimAny, claimHeld, type Recoverer, runOfMark } from './claim.ts'
import { closeAll } from './nameLocks.ts'
import { lockOpened, type OpenedNames } from './openedNames.ts'

/** Processes of one run that were started ahead of its locks, and share the descriptors of its names. */
export interface WarmProcesses {
  readonly opened: OpenedNames
  /** Ends them: only that gives up what was locked through the descriptors that they share. */
  readonly end: () => Promise<void>
}

/**
 * Claims the names for a run that may have warm processes: through their descriptors if that can be, else as ever.
 * @param names those that the run cannot do without: while one of them is busy its processes stay warm
 * @returns a claim whose descriptors are those of `warm.opened` is to be used by its processes
 */
export async function claimTurn(
  paths: StatePaths,
  names: readonly Name[],
  variants: readonly (readonly Name[])[],
  recoverer: Recoverer,
  warm: WarmProcesses | null,
): Promise<Claim> {
  const claimed = warm === null ? null : await claimWarm(paths, names, recoverer, warm)
  return claimed ?? claimAny(paths, names, variants, recoverer)
}

/** Null = its processes are gone, and nothing is held. */
async function claimWarm(
  paths: StatePaths,
  names: readonly Name[],
  recoverer: Recoverer,
  warm: WarmProcesses,
): Promise<Claim | null> {
  let claimed: Claim | null = null
  try {
    claimed = await claimOpened(paths, names, recoverer, warm.opened)
    return claimed
  } finally {
    if (claimed === null) await warm.end()
  }
}

/** Null = not to be had through these descriptors, which are closed. */
async function claimOpened(
  paths: StatePaths,
  names: readonly Name[],
  recoverer: Recoverer,
  opened: OpenedNames,
): Promise<Claim | null> {
  const locked = lockOpened(paths, opened)
  if (locked === null) return null
  if (locked.kind === 'held') {
    const claimed = await claimHeld(paths, locked, recoverer)
    return claimed.kind === 'held' ? claimed : null
  }
  if (names.includes(locked.name)) return { ...locked, run: runOfMark(paths, locked.name) }
  closeAll(opened.fds)
  return null
}
